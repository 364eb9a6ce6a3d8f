using Tandem.Client;
using Xunit;

namespace Tandem.Cli.Tests;

/// <summary><c>tandem key</c>: another root key while the server runs, and what a kill at each step leaves.</summary>
public sealed class KeyTests : IDisposable
{
    private readonly Workspace _at = new();

    private string Key => Path.Combine(_at.Data, "root.key");

    public void Dispose() => _at.Dispose();

    [Fact]
    public async Task A_new_key_takes_the_old_ones_place_and_the_copy_of_it_is_proved()
    {
        await using var server = await RunningServer.StartAsync(_at);
        using var client = TandemClient.OverSocket(Path.Combine(_at.Data, "admin.sock"));
        var account = await client.CreateAccountAsync(new(), TestContext.Current.CancellationToken);
        await client.CreateSecondaryAsync(account.Sid, TestContext.Current.CancellationToken);
        File.Copy(Key, Path.Combine(_at.Root, "copy"));
        Assert.Matches("^The key [0-9a-f]{16} opens .*: 5 of 5 data keys.\n$", (await _at.TandemAsync("key", "check", "copy")).Out);

        var said = await _at.TandemAsync("key", "rotate", "--yes");

        Assert.Equal(0, said.ExitCode);
        Assert.Contains("Back the new key up", said.Error, StringComparison.Ordinal);
        Assert.Contains("0 left under another root key; 1 sealed with an older seal key", said.Out, StringComparison.Ordinal);
        Assert.Contains($"  {account.Sid}  secondary  seal key ", said.Out, StringComparison.Ordinal);
        Assert.NotEqual(await File.ReadAllTextAsync(Path.Combine(_at.Root, "copy"), TestContext.Current.CancellationToken), await File.ReadAllTextAsync(Key, TestContext.Current.CancellationToken));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Key));
        Assert.Equal(["root.key"], Directory.GetFiles(_at.Data, "root.key*").Select(Path.GetFileName));
        Assert.Equal(0, (await _at.TandemAsync("key", "check", Key)).ExitCode);
        var stale = await _at.TandemAsync("key", "check", "copy");
        Assert.Equal(5, stale.ExitCode);
        Assert.Contains("is not the one that this database was made with", stale.Error, StringComparison.Ordinal);

        await client.DeleteSecondaryAsync(account.Sid, TestContext.Current.CancellationToken);
        Assert.Contains("0 sealed with an older seal key", (await _at.TandemAsync("key", "status")).Out, StringComparison.Ordinal);
        await server.StopAsync("TERM");
        await using var again = await RunningServer.StartAsync(_at);
    }

    [Fact]
    public async Task A_key_that_something_else_keeps_is_named_and_the_next_start_takes_it()
    {
        await using (var server = await RunningServer.StartAsync(_at))
        {
            await _at.BashAsync("umask 077; openssl rand -hex 32 > new.key");
            var said = await _at.TandemAsync("key", "rotate", "--to", "new.key", "--yes");
            Assert.Equal(0, said.ExitCode);
            Assert.Contains($"TANDEM_ROOT_KEY_FILE={_at.Root}/new.key", said.Error, StringComparison.Ordinal);
            Assert.Equal(2, (await _at.TandemAsync("key", "rotate", "--to", "new.key", "--yes")).ExitCode);
            await server.StopAsync("TERM");
        }

        var refused = await _at.TandemAsync("serve", "--listen", "127.0.0.1:0");
        Assert.Equal(5, refused.ExitCode);
        Assert.Contains("The root key is not the one", refused.Error, StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(_at.Root, "credentials"));
        File.Copy(Path.Combine(_at.Root, "new.key"), Path.Combine(_at.Root, "credentials", "tandem-root-key"));
        _at.Variables["CREDENTIALS_DIRECTORY"] = Path.Combine(_at.Root, "credentials");
        await using var again = await RunningServer.StartAsync(_at);
        Assert.DoesNotContain("lies beside the database", again.Welcome, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("next written", "old", "new", null, false)]
    [InlineData("next half written", "old", "torn", null, false)]
    [InlineData("wrapped", "old", "new", null, true)]
    [InlineData("old set aside", null, "new", "old", true)]
    [InlineData("new in place", "new", null, "old", true)]
    public async Task After_a_kill_at_any_step_the_next_start_ends_it(string step, string? key, string? next, string? previous, bool wrapped)
    {
        Assert.NotEmpty(step);
        (string Sid, string Token) first;
        await using (var server = await RunningServer.StartAsync(_at))
        {
            var lines = await File.ReadAllLinesAsync(_at.FirstAccount, TestContext.Current.CancellationToken);
            first = (lines[0].Split('=')[1], lines[1].Split('=')[1]);
            await server.StopAsync("TERM");
        }

        await _at.BashAsync("cp -a tandem-data before");
        await using (var server = await RunningServer.StartAsync(_at))
        {
            Assert.Equal(0, (await _at.TandemAsync("key", "rotate", "--yes")).ExitCode);
            await server.StopAsync("TERM");
        }

        await _at.BashAsync("cp -a tandem-data after; printf 0123 > torn; chmod 600 torn");
        await _at.BashAsync($"rm -rf tandem-data && cp -a {(wrapped ? "after" : "before")} tandem-data && rm tandem-data/root.key");
        await PlaceAsync(key, "root.key");
        await PlaceAsync(next, next == "torn" ? "root.key.next.0a0b0c0d.new" : "root.key.next");
        await PlaceAsync(previous, "root.key.previous");

        await using var again = await RunningServer.StartAsync(_at);

        Assert.Equal(["root.key"], Directory.GetFiles(_at.Data, "root.key*").Select(Path.GetFileName));
        Assert.Equal(
            await File.ReadAllTextAsync(Path.Combine(_at.Root, wrapped ? "after" : "before", "root.key"), TestContext.Current.CancellationToken),
            await File.ReadAllTextAsync(Key, TestContext.Current.CancellationToken));
        using var client = TandemClient.OverHttp(new(again.Url), new(first.Sid, first.Token));
        Assert.NotNull((await client.GetTokensAsync(first.Sid, TestContext.Current.CancellationToken)).Primary);
    }

    private Task<Said> PlaceAsync(string? which, string name) => which is null ? Task.FromResult(new Said(0, "", ""))
        : _at.BashAsync($"cp -a {(which == "torn" ? "torn" : which == "old" ? "before/root.key" : "after/root.key")} tandem-data/{name}");
}
