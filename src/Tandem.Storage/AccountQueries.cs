using System.Data;
using System.Data.Common;

namespace Tandem.Storage;

/// <summary>Reads of accounts, each filling memory and closing before it returns.</summary>
internal static class AccountQueries
{
    public static Account? Find(DbConnection connection, AccountSid sid)
    {
        using var find = new Statement(connection, AccountRow.Find, ("@sid", DbType.Binary));
        using var row = find.With(sid.ToBytes()).Read();
        return row.Read() ? AccountRow.Read(row) : null;
    }

    public static AccountPage List(DbConnection connection, AccountQuery query)
    {
        var before = query.Position is { Before: true };
        var accounts = new List<Account>();
        using (var select = Select(connection, query, before))
        {
            using var row = select.Read();
            while (row.Read())
            {
                accounts.Add(AccountRow.Read(row));
            }
        }

        var more = accounts.Count > query.Limit;
        if (more)
        {
            accounts.RemoveAt(query.Limit);
        }

        if (before)
        {
            accounts.Reverse();
            return new(accounts, HasNewer: more, HasOlder: true);
        }

        return new(accounts, HasNewer: query.Position is { Anchor: not null } or { Skip: > 0 }, HasOlder: more);
    }

    private static Statement Select(DbConnection connection, AccountQuery query, bool before) =>
        new Where($"SELECT {AccountRow.Columns} FROM account")
            .And("owner = @owner", "@owner", DbType.Binary, query.Owner?.ToBytes())
            .And("sid = @only", "@only", DbType.Binary, query.Only?.ToBytes())
            .And("friendly_name = @name", "@name", DbType.Binary, query.FriendlyName is { } name ? AccountRow.Name(name) : null)
            .And("status = @status", "@status", DbType.Int64, query.Status is { } status ? (long)status : null)
            .And(
                before ? "id > (SELECT id FROM account WHERE sid = @anchor)" : "id < (SELECT id FROM account WHERE sid = @anchor)",
                "@anchor",
                DbType.Binary,
                query.Position?.Anchor?.ToBytes())
            .On(connection, before ? "id" : "id DESC", query.Limit + 1L, query.Position?.Skip ?? 0);
}
