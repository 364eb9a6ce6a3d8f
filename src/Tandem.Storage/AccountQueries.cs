using System.Data;
using System.Data.Common;

namespace Tandem.Storage;

/// <summary>Reads of accounts, each filling memory and closing before it returns.</summary>
internal static class AccountQueries
{
    private const int LoadPage = 1000;

    /// <summary>Puts every account into the index, as of the given epoch, and notes which have a secondary.</summary>
    public static VerifierIndex LoadIndex(DbConnection connection, long epoch, PendingSecondaries pending)
    {
        using var count = new Statement(connection, "SELECT count(*) FROM account");
        using var total = count.Read();
        total.Read();
        var index = new VerifierIndex(checked((int)total.GetInt64(0)));
        using var page = new Statement(
            connection,
            $"SELECT {AccountRow.Columns} FROM account WHERE id > @after ORDER BY id LIMIT {LoadPage}",
            ("@after", DbType.Int64));
        for (var (after, more) = (0L, true); more;)
        {
            using var row = page.With(after).Read();
            more = false;
            while (row.Read())
            {
                var account = AccountRow.Read(row);
                index.Apply(account, epoch);
                pending.Apply(account.Sid, account.Secondary?.DateCreated);
                after = row.GetInt64(0);
                more = true;
            }
        }

        return index;
    }

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
