using Microsoft.Extensions.Logging.Abstractions;
using Tandem.Storage;
using Xunit;

namespace Tandem.Tests.Store;

/// <summary>Starts that are refused: because of the anchor that must be there, or for what was done to the files. None leaves a file open.</summary>
public sealed class FailedStartTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("tandem-start-").FullName;
    private readonly RootKey _rootKey = RootKey.Generate();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Data => Path.Combine(_home, "data");

    private string Anchor => Path.Combine(_home, "data.anchor");

    public void Dispose()
    {
        _rootKey.Dispose();
        Directory.Delete(_home, recursive: true);
    }

    [Theory]
    [InlineData("UPDATE console_user SET role = 4")]
    [InlineData("UPDATE account SET status = 9")]
    [InlineData("UPDATE data_key SET wrapped = zeroblob(60) WHERE id = 3")]
    [InlineData("DELETE FROM data_key WHERE purpose = 6")]
    [InlineData("UPDATE epoch SET epoch = -1")]
    [InlineData("DELETE FROM audit WHERE epoch > (1 << 40) + 2")]
    [InlineData("INSERT INTO schema_version VALUES (99, 0)")]
    public async Task A_start_that_fails_because_of_the_database_leaves_no_file_open(string sql)
    {
        await FillAsync();
        RawDatabase.Run(Data, sql);

        await RefusedAsync();
        Assert.Empty(OpenFiles());
    }

    [Theory]
    [InlineData("of database ", "of database 0")]
    [InlineData(" AC", " XX")]
    public async Task A_start_that_fails_because_of_the_anchor_leaves_no_file_open(string was, string became)
    {
        await FillAsync();
        await FillAsync();
        var text = await File.ReadAllTextAsync(Anchor, Cancel);
        var at = text.IndexOf(was, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Anchor, text[..at] + became + text[(at + was.Length)..], Cancel);
        RawDatabase.Run(Data, "DELETE FROM audit WHERE epoch > (1 << 40) + 2");

        await RefusedAsync();
        Assert.Empty(OpenFiles());
    }

    [Fact]
    public async Task A_required_anchor_is_begun_with_a_new_database_and_with_no_other()
    {
        await OpenAsync(required: true);
        await FillAsync(required: true);
        await OpenAsync(required: true);

        File.Delete(Anchor);
        Assert.Contains("tandem serve --accept-rollback", await RefusedAsync(required: true), StringComparison.Ordinal);
        Assert.False(File.Exists(Anchor)); // or the next start would find one
        await RefusedAsync(required: true);

        await OpenAsync(required: true, accept: true);
        await OpenAsync(required: true);
    }

    [Fact]
    public async Task A_first_start_that_was_cut_short_before_the_anchor_goes_on_though_an_anchor_is_required()
    {
        await OpenAsync();
        File.Delete(Anchor);

        await OpenAsync(required: true);
        Assert.True(File.Exists(Anchor));
    }

    [Fact]
    public async Task A_required_anchor_without_a_line_is_as_good_as_none()
    {
        await FillAsync();
        var title = (await File.ReadAllTextAsync(Anchor, Cancel)).Split('\n')[0] + '\n';
        await File.WriteAllTextAsync(Anchor, title, Cancel);

        await RefusedAsync(required: true);
        await RefusedAsync(required: true);
        await OpenAsync();
    }

    [Fact]
    public async Task A_required_anchor_of_another_database_is_refused_by_an_old_one_and_by_a_new_one_and_stays_where_it_is()
    {
        await FillAsync();
        var theirs = await File.ReadAllBytesAsync(Anchor, Cancel);
        Directory.Delete(Data, recursive: true);

        Assert.Contains("the right data directory may be missing", await RefusedAsync(required: true), StringComparison.Ordinal);
        Assert.Equal(theirs, await File.ReadAllBytesAsync(Anchor, Cancel));

        File.Delete(Anchor);
        await FillAsync();
        await File.WriteAllBytesAsync(Anchor, theirs, Cancel);
        Assert.Contains("belongs to another database", await RefusedAsync(required: true), StringComparison.Ordinal);
        Assert.Equal(theirs, await File.ReadAllBytesAsync(Anchor, Cancel));
    }

    [Fact]
    public async Task A_database_that_was_taken_back_to_a_schema_without_MACs_is_not_trusted_again()
    {
        await FillAsync();
        var kept = await File.ReadAllBytesAsync(Path.Combine(Data, "tandem.db"), Cancel);
        RawDatabase.Run(Data, [.. SqliteMigrationTests.ToSchema5, "UPDATE console_user SET role = 4"]);
        Assert.Contains("has schema 5, but the anchor", await RefusedAsync(), StringComparison.Ordinal);
        Assert.Empty(OpenFiles());
        await RefusedAsync();

        await OpenAsync(accept: true); // who gives this word has looked
        await File.WriteAllBytesAsync(Path.Combine(Data, "tandem.db"), kept, Cancel);
        await OpenAsync();
    }

    [Fact]
    public async Task An_anchor_from_before_rows_had_MACs_takes_note_of_them()
    {
        await FillAsync();
        var text = await File.ReadAllTextAsync(Anchor, Cancel);
        await File.WriteAllTextAsync(Anchor, text.Replace("tandem-anchor 2", "tandem-anchor 1", StringComparison.Ordinal), Cancel);

        await OpenAsync(required: true);

        Assert.Equal(text, await File.ReadAllTextAsync(Anchor, Cancel));
    }

    private async Task OpenAsync(bool required = false, bool accept = false) => await Open(required, accept).DisposeAsync();

    private async Task<string> RefusedAsync(bool required = false)
    {
        var refused = await Assert.ThrowsAsync<StoreException>(() => OpenAsync(required));
        Assert.Matches("Nothing was changed|changed nothing|did not start", refused.Message);
        return refused.Message;
    }

    private SqliteAccountStore Open(bool required, bool accept)
    {
        Directory.CreateDirectory(Data);
        return SqliteAccountStore.Open(
            new()
            {
                Directory = Data,
                RootKey = _rootKey,
                AnchorFile = Anchor,
                RequireAnchor = required,
                AcceptRollback = accept,
                Stop = static reason => Environment.FailFast(reason),
            },
            NullLogger.Instance);
    }

    /// <summary>An account with a retired token, and a user.</summary>
    private async Task FillAsync(bool required = false)
    {
        await using var store = Open(required, accept: false);
        var (verifier, seals) = (new Verifier(store.Index, store.Keys), new TokenSeal(store.Keys));
        var (caller, rotation) = (Caller.Operator("root"), new Rotation(store, verifier, seals, TimeProvider.System));
        using var created = (await new AccountLifecycle(store, verifier, seals, TimeProvider.System).CreateAsync(caller, null, null, Some.Context)).Value!;
        await new Users(store, TimeProvider.System).AddAsync(caller, new() { Name = "ada", Role = UserRole.Viewer, PasswordHash = "a hash" }, Some.Context);
        using var secondary = (await rotation.CreateSecondaryAsync(caller, created.Account.Sid, Some.Context)).Value!;
        using var promoted = (await rotation.PromoteAsync(caller, created.Account.Sid, Some.Context)).Value!;
    }

    /// <summary>What this process has open of the test's files.</summary>
    private string[] OpenFiles() =>
        [.. Directory.GetFiles("/proc/self/fd").Select(fd => new FileInfo(fd).LinkTarget ?? "").Where(f => f.StartsWith(_home, StringComparison.Ordinal))];
}
