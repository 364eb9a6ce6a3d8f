using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Tandem.Tests.Store;

/// <summary>Opening the store fills the index from rows of every kind, in pages.</summary>
public sealed class SqliteLoadTests : StoreSpec<SqliteTestStore>
{
    [Theory]
    [InlineData(6)]
    [InlineData(999)]
    [InlineData(1000)]
    [InlineData(1001)]
    [InlineData(2000)]
    public async Task After_a_restart_the_index_knows_what_the_rows_say(int accounts)
    {
        var (parent, _) = await NewAccountAsync();
        var (pending, _) = await NewAccountAsync();
        await NewSecondaryAsync(pending);
        var (suspended, _) = await NewAccountAsync(parent);
        await Lifecycle.UpdateAsync(Operator, suspended, null, AccountStatus.Suspended, Some.Context);
        var (closed, _) = await NewAccountAsync();
        await NewSecondaryAsync(closed);
        await Lifecycle.UpdateAsync(Operator, closed, null, AccountStatus.Closed, Some.Context);
        Add(accounts - 4);
        var (last, token) = (parent, await NewSecondaryAsync(parent));

        await RestartAsync(recoverable: false);

        Assert.Equal(accounts, Store.Index.Count);
        Assert.Equal(Slot.Secondary, Check(last, token));
        Assert.Equal(2, Store.Pending.Look(Some.Moment).Count);
        var seen = 0;
        AccountSid? after = null;
        while (await Store.Accounts.ListAsync(Older(after), TestContext.Current.CancellationToken) is { Accounts: [.., var oldest] } page)
        {
            foreach (var account in page.Accounts)
            {
                seen++;
                Assert.True(Store.Index.TryGet(account.Sid, out var entry));
                Assert.Equal(IndexEntry.Of(account, entry.Epoch), entry);
            }

            after = oldest.Sid;
        }

        Assert.Equal(accounts, seen);
    }

    private static AccountQuery Older(AccountSid? than) => new(1000, Position: than is { } anchor ? new(anchor) : null);

    /// <summary>Copies the first row under other SIDs, in a moment.</summary>
    private void Add(int count)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(Store.Directory, "tandem.db")};Pooling=False");
        connection.Open();
        using var transaction = connection.BeginTransaction();
        using var names = connection.CreateCommand();
        names.Transaction = transaction;
        names.CommandText = "SELECT group_concat(name, ', ') FROM pragma_table_info('account') WHERE name NOT IN ('id', 'sid', 'owner')";
        var rest = (string)names.ExecuteScalar()!;
        using var copy = connection.CreateCommand();
        copy.Transaction = transaction;
        copy.CommandText = $"INSERT INTO account (sid, owner, {rest}) SELECT $sid, $sid, {rest} FROM account WHERE id = 1";
        var sid = copy.Parameters.Add("$sid", SqliteType.Blob);
        for (var i = 0; i < count; i++)
        {
            sid.Value = RandomNumberGenerator.GetBytes(16);
            copy.ExecuteNonQuery();
        }

        transaction.Commit();
    }
}
