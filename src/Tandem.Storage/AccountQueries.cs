using System.Data;
using System.Data.Common;

namespace Tandem.Storage;

/// <summary>Reads of accounts, each filling memory and closing before it returns.</summary>
internal static class AccountQueries
{
    /// <summary>As the index has it.</summary>
    private const string Name = "format('%s', CAST(friendly_name AS TEXT))";

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

    /// <summary>
    /// Each filter goes along an index that begins with the owner, in the order of the list, and stops at the limit. The prefix asks for the
    /// plan instead.
    /// </summary>
    internal static Statement Select(DbConnection connection, AccountQuery query, bool before, string prefix = "")
    {
        var index = query switch
        {
            { Owner: null } or { Only: not null } => "",
            { FriendlyName: not null } => " INDEXED BY account_by_owner_name",
            { Status: not null } => " INDEXED BY account_by_owner_status",
            _ => " INDEXED BY account_by_owner",
        };
        return new Where($"{prefix}SELECT {AccountRow.Columns} FROM account{index}")
            .And("owner = @owner", "@owner", DbType.Binary, query.Owner?.ToBytes())
            .And("sid = @only", "@only", DbType.Binary, query.Only?.ToBytes())
            .And($"{Name} = @text", "@text", DbType.String, query.FriendlyName)
            .And("friendly_name = @name", "@name", DbType.Binary, query.FriendlyName is { } name ? AccountRow.Name(name) : null)
            .And("status = @status", "@status", DbType.Int64, query.Status is { } status ? (long)status : null)
            .And(
                before ? "id > (SELECT id FROM account WHERE sid = @anchor)" : "id < (SELECT id FROM account WHERE sid = @anchor)",
                "@anchor",
                DbType.Binary,
                query.Position?.Anchor?.ToBytes())
            .On(connection, before ? "id" : "id DESC", query.Limit + 1L, query.Position?.Skip ?? 0);
    }
}
