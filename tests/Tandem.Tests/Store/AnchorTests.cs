using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Tandem.Storage;
using Xunit;

namespace Tandem.Tests.Store;

/// <summary>The anchor: an older copy of a database does not start, and a cut end of the trail shows.</summary>
public sealed class AnchorTests : IAsyncDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("tandem-anchor-").FullName;
    private readonly RootKey _rootKey = RootKey.Generate();
    private SqliteAccountStore? _store;
    private Rotation _rotation = null!;
    private AccountLifecycle _lifecycle = null!;

    private string Data => Path.Combine(_home, "data");

    private string File => Path.Combine(_home, "data.anchor");

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _rootKey.Dispose();
        Directory.Delete(_home, recursive: true);
    }

    [Fact]
    public async Task Every_call_that_retires_a_token_has_a_line_with_the_link_of_its_entry_and_no_other_call_has()
    {
        Open();
        var sid = await NewRotatedAsync();
        await CreateAsync(sid);
        await _rotation.DeleteSecondaryAsync(Caller.Operator("root"), sid, Some.Context);
        await _lifecycle.UpdateAsync(Caller.Operator("root"), sid, null, AccountStatus.Suspended, Some.Context);
        await _lifecycle.UpdateAsync(Caller.Operator("root"), sid, null, AccountStatus.Closed, Some.Context);
        var entries = (await _store!.ReadAuditAsync(new(100), TestContext.Current.CancellationToken)).ToDictionary(e => e.Epoch);
        await CloseAsync();

        var lines = Lines().Skip(2).ToArray(); // the title, and where it began
        Assert.Equal(["secondary_promoted", "secondary_deleted", "account_closed"], lines.Select(l => l[3]));
        Assert.All(lines, line =>
        {
            var entry = entries[long.Parse(line[0], CultureInfo.InvariantCulture)];
            Assert.Equal((Convert.ToHexStringLower(entry.Mac.Span), sid.ToString(), AuditNames(entry)), (line[1], line[2], line[3]));
        });
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
    }

    [Fact]
    public async Task An_older_copy_does_not_start_until_it_is_accepted_and_the_accounts_are_named()
    {
        Open();
        var (sid, other) = (await NewAsync(), await NewAsync());
        await CreateAsync(sid);
        await CreateAsync(other);
        await CloseAsync();
        Copy(Data, $"{Data}-older");
        Open();
        await PromoteAsync(sid);
        await CloseAsync();
        Copy($"{Data}-older", Data);

        var refused = Assert.Throws<StoreException>(() => Open());
        Assert.Contains("is an older copy", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"\n  {sid}  secondary_promoted  ", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(other.ToString(), refused.Message, StringComparison.Ordinal);
        Assert.Contains("--accept-rollback", refused.Message, StringComparison.Ordinal);
        Assert.Throws<StoreException>(() => Open());

        Open(accept: true);
        Assert.Contains(sid.ToString(), Assert.Single(_store!.Warnings), StringComparison.Ordinal);
        var entry = (await _store.ReadAuditAsync(new(1), TestContext.Current.CancellationToken))[0].Entry;
        Assert.Equal(AuditAction.RollbackAccepted, entry.Action);
        Assert.Contains(sid.ToString(), entry.Detail, StringComparison.Ordinal);
        await CloseAsync();

        Open(); // once accepted, it is the database
        Assert.Empty(_store!.Warnings);
        await PromoteAsync(sid);
        Assert.Null((await _store.VerifyAsync(TestContext.Current.CancellationToken)).Break);
        await CloseAsync();
        Open(accept: true);
        Assert.Contains("nothing to accept", Assert.Single(_store!.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_copy_that_went_its_own_way_is_no_newer_for_having_more_entries()
    {
        Open();
        var sid = await NewAsync();
        await CreateAsync(sid);
        await CloseAsync();
        Copy(Data, $"{Data}-older");
        Open();
        await PromoteAsync(sid);
        await CloseAsync();
        Copy($"{Data}-older", Data);
        Open(anchored: false);
        for (var i = 0; i < 5; i++)
        {
            await NewAsync();
        }

        await CloseAsync();

        var refused = Assert.Throws<StoreException>(() => Open());
        Assert.Contains(sid.ToString(), refused.Message, StringComparison.Ordinal);
        Open(accept: true);
    }

    [Fact]
    public async Task A_copy_from_which_nothing_was_retired_since_starts()
    {
        Open();
        await NewRotatedAsync();
        await CloseAsync();
        Copy(Data, $"{Data}-older");
        Open();
        await NewAsync();
        await CloseAsync();
        Copy($"{Data}-older", Data);

        Open();

        Assert.Empty(_store!.Warnings);
    }

    [Fact]
    public async Task An_end_that_was_cut_off_without_a_trace_in_the_database_shows_by_the_anchor()
    {
        Open();
        var sid = await NewAsync(); // 1
        await CreateAsync(sid); // 2
        await PromoteAsync(sid); // 3
        await NewAsync(); // 4
        await CloseAsync();
        await WriteAsync("DELETE FROM audit WHERE epoch > (1 << 40) + 2");
        await WriteAsync("UPDATE epoch SET epoch = (1 << 40) + 2, audit_mac = (SELECT mac FROM audit WHERE epoch = (1 << 40) + 2)");

        Assert.Equal((null, false), OfflineAudit.Verify(Data, _rootKey, anchorFile: null) is var alone ? (alone.Break, alone.ComparedWithAnchor) : default);
        var found = OfflineAudit.Verify(Data, _rootKey, File).Break!;
        Assert.Equal((3, AuditBreakKind.CutOff), (found.Number, found.Kind));
        Assert.Contains($"secondary_promoted of {sid}", found.Detail, StringComparison.Ordinal);
        Assert.Throws<StoreException>(() => Open());
    }

    [Fact]
    public async Task A_retirement_that_a_crash_kept_out_of_the_anchor_is_added_by_the_next_start()
    {
        Open();
        await NewRotatedAsync();
        await CloseAsync();
        var whole = await System.IO.File.ReadAllBytesAsync(File, TestContext.Current.CancellationToken);
        await System.IO.File.WriteAllBytesAsync(File, whole[..^100], TestContext.Current.CancellationToken); // half of the last line

        Open();
        await CloseAsync();

        Assert.Equal(["anchor_begun", "secondary_promoted"], Lines().Skip(1).Select(l => l[3]));
    }

    [Fact]
    public async Task What_retention_has_cut_off_needs_no_entry_any_more()
    {
        Open();
        await NewRotatedAsync();
        await new AuditRetention(_store!).CutAsync(DateTimeOffset.MaxValue, Some.Context);
        await CloseAsync();

        Open();

        Assert.Empty(_store!.Warnings);
        Assert.Null((await _store.VerifyAsync(TestContext.Current.CancellationToken)).Break);
    }

    [Fact]
    public async Task Another_databases_anchor_is_refused_and_by_a_new_database_set_aside()
    {
        Open();
        await NewAsync();
        await CloseAsync();
        Copy(Data, $"{Data}-first");
        Directory.Delete(Data, recursive: true);

        Open();
        Assert.Contains("another database's", Assert.Single(_store!.Warnings), StringComparison.Ordinal);
        await NewAsync();
        await CloseAsync();
        Assert.Single(Directory.GetFiles(_home), f => f.StartsWith($"{File}.", StringComparison.Ordinal));

        Copy($"{Data}-first", Data);
        Assert.Contains("belongs to another database", Assert.Throws<StoreException>(() => Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_anchor_that_others_may_write_or_that_is_none_is_refused()
    {
        Open();
        await NewAsync();
        await CloseAsync();
        System.IO.File.SetUnixFileMode(File, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupWrite);
        Assert.Contains("chmod 600", Assert.Throws<StoreException>(() => Open()).Message, StringComparison.Ordinal);

        System.IO.File.SetUnixFileMode(File, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await System.IO.File.WriteAllTextAsync(File, "notes of mine\n", TestContext.Current.CancellationToken);
        Assert.Throws<StoreException>(() => Open());
        Assert.Equal("notes of mine\n", await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_first_line_that_is_not_exactly_one_is_no_other_database_s_and_nothing_is_moved_by_what_it_says()
    {
        const string Mine = "00000000000000aa";
        Anchor.Open(File, "00000000000000bb", databaseIsNew: true, isRequired: false, out _).Dispose();
        var title = await System.IO.File.ReadAllBytesAsync(File, TestContext.Current.CancellationToken);
        var (moved, left) = (0, 0);
        for (var at = 0; at < title.Length; at++)
        {
            foreach (var with in "/.\0 Bb\n"u8.ToArray())
            {
                var altered = (byte[])title.Clone();
                altered[at] = with;
                await System.IO.File.WriteAllBytesAsync(File, altered, TestContext.Current.CancellationToken);
                try
                {
                    Anchor.Open(File, Mine, databaseIsNew: true, isRequired: false, out var aside).Dispose();
                    moved++;
                    Assert.Matches("\\A[0-9a-f]{16}\\z", aside![(File.Length + 1)..]);
                    System.IO.File.Delete(aside);
                }
                catch (StoreException)
                {
                    left++;
                    Assert.Equal(altered, await System.IO.File.ReadAllBytesAsync(File, TestContext.Current.CancellationToken));
                }
            }
        }

        Assert.InRange(moved, 1, left);
        Assert.Single(Directory.GetFiles(_home));
    }

    private static string AuditNames(AuditEntry entry) => entry.Entry.Action switch
    {
        AuditAction.SecondaryPromoted => "secondary_promoted",
        AuditAction.SecondaryDeleted => "secondary_deleted",
        _ => "account_closed",
    };

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        Array.ForEach(Directory.GetFiles(to), System.IO.File.Delete);
        foreach (var file in Directory.GetFiles(from))
        {
            System.IO.File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }

    private string[][] Lines() => [.. System.IO.File.ReadAllText(File, Encoding.ASCII).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))];

    private void Open(bool accept = false, bool anchored = true)
    {
        Directory.CreateDirectory(Data);
        _store = SqliteAccountStore.Open(
            new()
            {
                Directory = Data,
                RootKey = _rootKey,
                AnchorFile = anchored ? File : null,
                AcceptRollback = accept,
                Stop = static reason => Environment.FailFast(reason),
            },
            NullLogger.Instance);
        var (verifier, seals) = (new Verifier(_store.Index, _store.Keys), new TokenSeal(_store.Keys));
        (_rotation, _lifecycle) = (new(_store, verifier, seals, TimeProvider.System), new(_store, verifier, seals, TimeProvider.System));
    }

    private async Task CloseAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
            _store = null;
        }
    }

    private async Task<AccountSid> NewAsync()
    {
        using var created = (await _lifecycle.CreateAsync(Caller.Operator("root"), null, null, Some.Context)).Value!;
        return created.Account.Sid;
    }

    /// <summary>An account whose first token has been retired.</summary>
    private async Task<AccountSid> NewRotatedAsync()
    {
        var sid = await NewAsync();
        await CreateAsync(sid);
        await PromoteAsync(sid);
        return sid;
    }

    private async Task CreateAsync(AccountSid sid)
    {
        using var created = (await _rotation.CreateSecondaryAsync(Caller.Operator("root"), sid, Some.Context)).Value!;
    }

    private async Task PromoteAsync(AccountSid sid)
    {
        using var promoted = (await _rotation.PromoteAsync(Caller.Operator("root"), sid, Some.Context)).Value!;
    }

    private Task WriteAsync(string sql) => RawDatabase.WriteAsync(Data, sql);
}
