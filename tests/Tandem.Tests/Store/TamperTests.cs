using System.Buffers.Binary;
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

    /// <summary>The tables of which every alteration is refused. Of the others no alteration makes anything valid.</summary>
    private static readonly HashSet<string> s_authenticated = [.. RowMac.Forms.Select(f => f.Table)];

    private readonly List<(AccountSid Sid, string Token)> _known = [];
    private readonly HashSet<(AccountSid Sid, string Token)> _valid = [];
    private byte[] _database = [];
    private string _people = "";
    private int _accepted;
    private int _refused;

    private string Database => Path.Combine(Store.Directory, "tandem.db");

    [Fact]
    public async Task No_flipped_byte_of_a_row_makes_a_token_valid()
    {
        await FillAsync();
        var dice = new Dice(Dice.TakeSeed(TestContext.Current.TestOutputHelper!.WriteLine));
        foreach (var table in await TablesAsync())
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
    public async Task No_altered_column_of_any_table_changes_what_people_may_do_or_have_decided()
    {
        await FillAsync();
        foreach (var table in await TablesAsync())
        {
            var (count, columns) = ((long)(await ScalarAsync($"SELECT count(*) FROM {table}"))!, await ColumnsAsync(table));
            Assert.True(count > 0, $"{table} has no row here, so that nothing is shown of it");
            foreach (var column in columns)
            {
                var refused = _refused;
                await ChangeAsync([Altered(table, column)], $"{column} of {table} was altered in every row");
                Assert.True(!s_authenticated.Contains(table) || _refused == refused + 1, $"the start goes on although {column} of {table} was altered");
            }
        }
    }

    [Theory]
    [InlineData("console_user", "INSERT INTO console_user SELECT id + 1, 'eve', 4, password, factor, factor_step, recovery, invitation, invitation_until, date_created, last_sign_in, {0} FROM console_user WHERE name = 'ada'")]
    [InlineData("console_user", "INSERT INTO console_user SELECT id + 1, 'eve', 4, password, factor, factor_step, recovery, invitation, invitation_until, date_created, last_sign_in, mac FROM console_user WHERE name = 'ada'")]
    [InlineData("console_user", "UPDATE console_user SET id = id + 1 WHERE name = 'ada'")]
    [InlineData("console_user", "UPDATE console_user SET password = (SELECT password FROM console_user WHERE name = 'bob') WHERE name = 'ada'")]
    [InlineData("console_user", "UPDATE console_user SET factor = x'', factor_step = 0, recovery = x'' WHERE name = 'ada'")]
    [InlineData("console_user", "UPDATE console_user SET (role, password, factor, factor_step, recovery, invitation, invitation_until, date_created, last_sign_in, mac) = (SELECT role, password, factor, factor_step, recovery, invitation, invitation_until, date_created, last_sign_in, mac FROM console_user WHERE name = 'ada') WHERE name = 'bob'")]
    [InlineData("console_session", "UPDATE console_session SET user_id = (SELECT id FROM console_user WHERE name = 'bob')")]
    [InlineData("console_session", "UPDATE console_session SET date_created = date_created + 86400000, last_seen = last_seen + 86400000, proved = proved + 86400000")]
    [InlineData("console_session", "INSERT INTO console_session SELECT zeroblob(32), user_id, date_created, proved, last_seen, source, browser, mac FROM console_session")]
    [InlineData("consumer_decision", "UPDATE consumer_decision SET account = (SELECT sid FROM account WHERE id = 2)")]
    [InlineData("consumer_decision", "UPDATE consumer_decision SET consumer = x'0000000000000001'")]
    [InlineData("consumer_decision", "INSERT INTO consumer_decision SELECT account, x'0000000000000001', '', 0, 1, {0} FROM consumer_decision")]
    public async Task A_row_that_was_added_moved_or_put_together_stops_the_start_and_the_table_and_the_row_are_named(string table, string sql)
    {
        await FillAsync();
        Write(sql.Replace("{0}", "randomblob(32)", StringComparison.Ordinal));

        var refused = await Assert.ThrowsAsync<StoreException>(async () => await Open().DisposeAsync());
        Assert.Contains($"a row of {table} was altered past the server", refused.Message, StringComparison.Ordinal);
        Assert.Contains("tandem restore", refused.Message, StringComparison.Ordinal);

        var removal = System.Text.RegularExpressions.Regex.Match(refused.Message, "\"(DELETE FROM .*)\"").Groups[1].Value;
        Write(removal);
        await Open().DisposeAsync(); // what the message says does help
    }

    [Theory]
    [InlineData("CREATE TRIGGER follow AFTER UPDATE ON console_user BEGIN UPDATE console_user SET role = 4; END")]
    [InlineData("CREATE VIEW others AS SELECT * FROM console_user")]
    public async Task A_schema_that_acts_by_itself_stops_the_start(string sql)
    {
        await FillAsync();
        Write(sql);
        Assert.Contains("which is not tandem's", (await Assert.ThrowsAsync<StoreException>(async () => await Open().DisposeAsync())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_that_is_altered_while_the_server_runs_is_refused_by_whatever_reads_it()
    {
        await FillAsync(keepOpen: true);
        var session = Assert.Single(await Store.Users.ListSessionsAsync((await Store.Users.FindUserAsync("ada", Cancel))!.Id, Cancel));
        Write("UPDATE console_user SET role = 4 WHERE name = 'ada'", "UPDATE consumer_decision SET gone_since = 7");

        await Assert.ThrowsAsync<AlteredRowException>(() => Store.Users.FindUserAsync("ada", Cancel));
        await Assert.ThrowsAsync<AlteredRowException>(() => Store.Users.ListUsersAsync(Cancel));
        await Assert.ThrowsAsync<AlteredRowException>(() => Store.Users.FindSessionAsync(session.Id, Cancel));
        await Assert.ThrowsAsync<AlteredRowException>(() => new Users(Store.Accounts, Time).SetRoleAsync(Operator, "ada", UserRole.Viewer, Some.Context));
        await Assert.ThrowsAsync<AlteredRowException>(() => Store.Accounts.ReadDecisionsAsync(_known[0].Sid, Cancel));
    }

    [Fact]
    public async Task A_database_whose_data_keys_are_gone_gets_no_new_ones()
    {
        await FillAsync();
        Write("DELETE FROM data_key");
        Assert.Contains("data keys are missing", (await Assert.ThrowsAsync<StoreException>(async () => await Open().DisposeAsync())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_column_moved_to_another_account_or_slot_makes_a_token_valid()
    {
        await FillAsync();
        string[] columns = await ColumnsAsync("account");
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
        Write(sql);
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await Open().DisposeAsync());
        Assert.Contains("Nothing was changed", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>A parent with a retired token, a pending one made by the account itself, one by an operator, and a closed account.</summary>
    private async Task FillAsync(bool keepOpen = false)
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
        await AddPeopleAsync();
        await Decisions.DecideAsync(Operator, parent, "0011223344556677", new("billing", 60, Gone: true), Some.Context);
        _people = await PeopleAsync(Store.Opened);
        if (keepOpen)
        {
            return;
        }

        await Store.Opened.DisposeAsync();
        _database = await File.ReadAllBytesAsync(Database, TestContext.Current.CancellationToken);
        await TryAsync(_database, "nothing was changed");
        Assert.Equal((0, 1), (_refused, _accepted));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ConsumerDecisions Decisions => new(Store.Accounts, Time);

    /// <summary>A viewer with a second factor who is signed in, and an administrator with an invitation.</summary>
    private async Task AddPeopleAsync()
    {
        var users = new Users(Store.Accounts, Time);
        await users.AddAsync(Operator, new() { Name = "ada", Role = UserRole.Viewer, PasswordHash = "the hash of a password" }, Some.Context);
        await users.AddAsync(Operator, new() { Name = "bob", Role = UserRole.Administrator, PasswordHash = "another", Invitation = new(new('a', 64), Time.GetUtcNow().AddDays(1)) }, Some.Context);
        var ada = (await Store.Users.FindUserAsync("ada", Cancel))!;
        await new Sessions(Store.Accounts, Time).BeginAsync(new(ada), "a browser", Some.Context);
        await users.SetFactorAsync(Operator, "ada", new(new byte[] { 1, 2, 3 }, 7, [new('b', 64), new('c', 64)]), Some.Context);
    }

    /// <summary>Everything that is stored of people and by them, as text.</summary>
    private async Task<string> PeopleAsync(SqliteAccountStore store)
    {
        var lines = new List<string>();
        foreach (var user in await store.ListUsersAsync(Cancel))
        {
            lines.Add($"{user.Id} {user.Name} {user.Role} {user.PasswordHash} {user.Invitation} {user.DateCreated:O} {user.LastSignIn:O}");
            lines.Add(user.Factor is { } f ? $"{Convert.ToHexString(f.Sealed.Span)} {f.LastStep} {string.Join(',', f.RecoveryCodes)}" : "-");
            lines.AddRange((await store.ListSessionsAsync(user.Id, Cancel)).Select(s => s.ToString()));
        }

        foreach (var sid in _known.Select(k => k.Sid).Distinct())
        {
            lines.AddRange((await store.ReadDecisionsAsync(sid, Cancel)).Select(d => $"{sid} {d.Key} {d.Value}"));
        }

        return string.Join('\n', lines);
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
        Write(statements);
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
            Assert.True(_people == await PeopleAsync(store), $"users, sessions or decisions are others after {what}");
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
        Assert.Contains(_database[start], (byte[])[0x0d, 0x0a]); // a leaf, of a table or of one without row numbers
        return (start + BinaryPrimitives.ReadUInt16BigEndian(_database.AsSpan(start + 5)), start + PageSize);
    }

    private async Task<string[]> TablesAsync() => ((string)(await ScalarAsync("SELECT group_concat(name) FROM sqlite_schema WHERE type = 'table'"))!).Split(',');

    private async Task<string[]> ColumnsAsync(string table) => ((string)(await ScalarAsync($"SELECT group_concat(name) FROM pragma_table_info('{table}')"))!).Split(',');

    /// <summary>Another value of the same kind and length, unlike those of the other rows.</summary>
    private static string Altered(string table, string column) =>
        $"UPDATE {table} SET {column} = CASE typeof({column}) WHEN 'integer' THEN {column} + 1000003 WHEN 'text' THEN 'x' || {column} "
        + $"ELSE CAST(x'7f' || coalesce(substr({column}, 2), '') AS BLOB) END";

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

    private void Write(params string[] statements) => RawDatabase.Run(Store.Directory, statements);
}
