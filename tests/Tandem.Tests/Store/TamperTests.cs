using System.Buffers.Binary;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Tandem.Storage;
using Tandem.Testing;
using Xunit;

namespace Tandem.Tests.Store;

/// <summary>
/// Somebody who can write to the database and has no key flips its bytes and moves columns and rows about. The next start refuses the database with a
/// sentence, or it accepts no token that was not accepted before: not for that account, not for another one.
/// </summary>
public sealed class TamperTests : StoreSpec<SqliteTestStore>
{
    private const int PageSize = 4096;

    /// <summary>In the short form one byte in so many, from a random one on.</summary>
    private static readonly int s_stride = LongRun.Of(12, 1);

    private static readonly int s_flips = LongRun.Of(1, 4);

    private readonly List<(AccountSid Sid, string Token)> _known = [];
    private readonly HashSet<(AccountSid Sid, string Token)> _valid = [];
    private byte[] _database = [];
    private int _accepted;
    private int _refused;

    private string Database => Path.Combine(Store.Directory, "tandem.db");

    [Fact]
    public async Task No_flipped_byte_of_a_row_makes_a_token_valid()
    {
        await FillAsync();
        var dice = new Dice(Dice.TakeSeed(TestContext.Current.TestOutputHelper!.WriteLine));
        foreach (var table in (string[])["account", "data_key", "epoch"])
        {
            var (from, to) = await RowsOfAsync(table);
            for (var at = from + dice.Below(s_stride); at < to; at += s_stride)
            {
                for (var i = 0; i < s_flips; i++)
                {
                    var flipped = (byte[])_database.Clone();
                    flipped[at] ^= (byte)(1 + dice.Below(255));
                    await TryAsync(flipped, $"byte {at - from} of the rows of {table} became {flipped[at]:x2}");
                }
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{_refused} databases were refused, {_accepted} started");
        Assert.NotEqual(0, _refused);
        Assert.NotEqual(0, _accepted);
    }

    [Fact]
    public async Task No_column_moved_to_another_account_or_slot_makes_a_token_valid()
    {
        await FillAsync();
        string[] columns = await ColumnsAsync();
        foreach (var part in columns.Where(c => c is not "id").Select(c => new[] { c }).Concat([Slot("primary", columns), Slot("secondary", columns), [.. Slot("primary", columns), .. Slot("secondary", columns)]]))
        {
            for (var (one, accounts) = (1, _known.Select(k => k.Sid).Distinct().Count()); one <= accounts; one++)
            {
                for (var other = one + 1; other <= accounts; other++)
                {
                    await ChangeAsync(Swap(part, one, other), $"{string.Join(", ", part)} of accounts {one} and {other} were swapped");
                }
            }
        }

        foreach (var column in Slot("primary", columns))
        {
            await ChangeAsync([$"UPDATE account SET {column} = secondary{column["primary".Length..]}, secondary{column["primary".Length..]} = {column}"], $"{column} was swapped with the secondary's");
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{_refused} databases were refused, {_accepted} started");
        Assert.NotEqual(0, _accepted);
    }

    [Theory]
    [InlineData("UPDATE account SET status = status + 256 WHERE id = 1")]
    [InlineData("UPDATE account SET status = 0x12 WHERE id = 1")]
    [InlineData("UPDATE account SET status = 9223372036854775807 WHERE id = 1")]
    [InlineData("UPDATE account SET status = -2 WHERE id = 1")]
    [InlineData("UPDATE account SET sid = x'00' WHERE id = 1")]
    [InlineData("UPDATE account SET owner = zeroblob(17) WHERE id = 1")]
    [InlineData("UPDATE account SET primary_verifier = x'' WHERE id = 1")]
    [InlineData("UPDATE account SET secondary_verifier = zeroblob(31) WHERE id = 2")]
    [InlineData("UPDATE account SET secondary_created = 9223372036854775807 WHERE id = 2")]
    [InlineData("UPDATE account SET generation = -1 WHERE id = 2")]
    [InlineData("UPDATE data_key SET wrapped = zeroblob(59) WHERE id = 1")]
    [InlineData("UPDATE data_key SET wrapped = zeroblob(60) WHERE id = 1")]
    [InlineData("UPDATE data_key SET purpose = purpose + 256 WHERE id = 1")]
    [InlineData("UPDATE data_key SET purpose = 3 WHERE purpose = 2")]
    [InlineData("UPDATE data_key SET root_key_id = zeroblob(8) WHERE id = 2")]
    [InlineData("UPDATE data_key SET date_created = 9223372036854775807 WHERE id = 2")]
    [InlineData("UPDATE data_key SET id = 99 WHERE purpose = 2")]
    [InlineData("DELETE FROM data_key WHERE purpose = 4")]
    [InlineData("UPDATE epoch SET audit_mac = zeroblob(31)")]
    [InlineData("UPDATE epoch SET epoch = -9223372036854775807")]
    [InlineData("DELETE FROM epoch")]
    public async Task A_row_that_no_server_wrote_stops_the_start_with_a_sentence(string sql)
    {
        await FillAsync();
        await WriteAsync([sql]);
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await Open().DisposeAsync());
        Assert.Contains("Nothing was changed", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>A parent with a retired token, a pending one made by the account itself, one by an operator, and a closed account.</summary>
    private async Task FillAsync()
    {
        var (parent, retired) = await NewAccountAsync();
        var promoted = await NewSecondaryAsync(parent, retired);
        using (await PromoteAsync(parent))
        {
            Know(parent, (retired, false), (promoted, true));
        }

        var (pending, primary) = await NewAccountAsync(parent);
        Know(pending, (primary, true), (await NewSecondaryAsync(pending, primary), true));
        var (other, another) = await NewAccountAsync();
        Know(other, (another, true), (await NewSecondaryAsync(other), true));
        var (closed, dead) = await NewAccountAsync(parent);
        Know(closed, (dead, false), (await NewSecondaryAsync(closed), false));
        await Lifecycle.UpdateAsync(Operator, closed, null, AccountStatus.Closed, Some.Context);
        await Store.Opened.DisposeAsync();
        _database = await File.ReadAllBytesAsync(Database, TestContext.Current.CancellationToken);
        await TryAsync(_database, "nothing was changed");
        Assert.Equal((0, 1), (_refused, _accepted));
    }

    private async Task<IDisposable> PromoteAsync(AccountSid sid) => (await Rotation.PromoteAsync(Operator, sid, Some.Context)).Value!;

    private void Know(AccountSid sid, params (string Token, bool IsValid)[] tokens)
    {
        _known.AddRange(tokens.Select(t => (sid, t.Token)));
        _valid.UnionWith(tokens.Where(t => t.IsValid).Select(t => (sid, t.Token)));
    }

    private SqliteAccountStore Open() => SqliteAccountStore.Open(Store.Options(), NullLogger.Instance);

    private async Task ChangeAsync(string[] statements, string what)
    {
        await RestoreAsync(_database);
        await WriteAsync(statements);
        await TryAsync(await File.ReadAllBytesAsync(Database, TestContext.Current.CancellationToken), what);
    }

    private async Task RestoreAsync(byte[] database)
    {
        File.Delete($"{Database}-wal");
        File.Delete($"{Database}-shm");
        await File.WriteAllBytesAsync(Database, database, TestContext.Current.CancellationToken);
    }

    /// <summary>Starts on this database, and presents every token for every account that is or was in it.</summary>
    private async Task TryAsync(byte[] database, string what)
    {
        await RestoreAsync(database);
        SqliteAccountStore store;
        try
        {
            store = Open();
        }
        catch (StoreException)
        {
            _refused++;
            return;
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"The start came to an end without a sentence after {what}.", e);
        }

        await using (store)
        {
            _accepted++;
            var verifier = new Verifier(store.Index, store.Keys);
            foreach (var sid in SidsIn(database).Concat(_known.Select(k => k.Sid)).Distinct())
            {
                foreach (var token in _known.Select(k => k.Token).Where(t => verifier.Verify(sid, System.Text.Encoding.ASCII.GetBytes(t)).IsValid))
                {
                    Assert.True(_valid.Contains((sid, token)), $"a token of another account, or a retired one, is accepted after {what}");
                }
            }
        }
    }

    /// <summary>The SIDs of the untouched rows are where they were; what stands there now is a SID somebody may present.</summary>
    private IEnumerable<AccountSid> SidsIn(byte[] database)
    {
        foreach (var sid in _known.Select(k => k.Sid).Distinct())
        {
            var at = _database.AsSpan().IndexOf(sid.ToBytes());
            yield return AccountSid.FromBytes(database.AsSpan(at, AccountSid.ByteLength));
        }
    }

    /// <summary>Where a table's rows lie in the file: the few of this store are in its root page, from the page's note of it on to its end.</summary>
    private async Task<(int From, int To)> RowsOfAsync(string table)
    {
        var page = (int)(long)(await ScalarAsync($"SELECT rootpage FROM sqlite_schema WHERE name = '{table}'"))!;
        var start = (page - 1) * PageSize;
        Assert.Equal(0x0d, _database[start]); // a leaf
        return (start + BinaryPrimitives.ReadUInt16BigEndian(_database.AsSpan(start + 5)), start + PageSize);
    }

    private async Task<string[]> ColumnsAsync() => ((string)(await ScalarAsync("SELECT group_concat(name) FROM pragma_table_info('account')"))!).Split(',');

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var connection = Store.Connect();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    private static string[] Slot(string slot, string[] columns) => [.. columns.Where(c => c.StartsWith($"{slot}_", StringComparison.Ordinal) && c is not "primary_paused_until")];

    /// <summary>Through a row of another number, because no two rows may have the same SID.</summary>
    private static string[] Swap(string[] columns, int one, int other)
    {
        var list = string.Join(", ", columns);
        return
        [
            $"CREATE TEMP TABLE kept AS SELECT {list} FROM account WHERE id = {one}",
            $"CREATE TEMP TABLE other AS SELECT {list} FROM account WHERE id = {other}",
            .. columns.Contains("sid") ? [$"UPDATE account SET sid = zeroblob(16) WHERE id = {one}"] : Array.Empty<string>(),
            $"UPDATE account SET ({list}) = (SELECT {list} FROM kept) WHERE id = {other}",
            $"UPDATE account SET ({list}) = (SELECT {list} FROM other) WHERE id = {one}",
        ];
    }

    /// <summary>Past the store, and past what the tables demand of their rows.</summary>
    private async Task WriteAsync(string[] statements)
    {
        await using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        connection.Open();
        foreach (var sql in (string[])["PRAGMA ignore_check_constraints = ON", .. statements])
        {
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
    }
}
