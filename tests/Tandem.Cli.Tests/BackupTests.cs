using System.Text.RegularExpressions;
using Tandem.Client;
using Xunit;

namespace Tandem.Cli.Tests;

/// <summary><c>tandem backup</c> and <c>tandem restore</c>, on real files, with the real age beside them.</summary>
public sealed partial class BackupTests : IDisposable
{
    private readonly Workspace _at = new();

    public void Dispose() => _at.Dispose();

    [Fact]
    public async Task A_backup_restores_to_what_was_there_and_needs_the_root_key()
    {
        (string Sid, string Token) first;
        await using (var server = await RunningServer.StartAsync(_at))
        {
            first = FirstAccount();
            var said = await _at.TandemAsync("backup", "b.db");
            Assert.Equal((0, ""), (said.ExitCode, said.Error));
            Assert.Contains("not encrypted", said.Out, StringComparison.Ordinal);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_at.Root, "b.db")));
            Assert.Equal(5, (await _at.TandemAsync("backup", "b.db")).ExitCode);
            Assert.Empty(Directory.GetFiles(_at.Data, "backup*"));
            Assert.Contains("backup_made", (await _at.TandemAsync("audit", "-n", "1")).Out, StringComparison.Ordinal);
            await server.StopAsync("TERM");
        }

        Assert.Equal(0, (await _at.TandemAsync("key", "check", "tandem-data/root.key", "--backup", "b.db")).ExitCode);
        await _at.BashAsync("mkdir -m 700 other");
        var without = await _at.TandemAsync("restore", "b.db", "--data", "other");
        Assert.Equal(5, without.ExitCode);
        Assert.Contains("root key", without.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(_at.Root, "other")));
        Assert.Contains("is not empty", (await _at.TandemAsync("restore", "b.db")).Error, StringComparison.Ordinal);

        await _at.BashAsync("cp -p tandem-data/root.key other/");
        var restored = await _at.TandemAsync("restore", "b.db", "--data", "other");
        Assert.Equal((0, ""), (restored.ExitCode, restored.Error));
        Assert.Contains("Restored into", restored.Out, StringComparison.Ordinal);
        Assert.Equal(0, (await _at.TandemAsync("audit", "verify", "--data", "other")).ExitCode);
        await using var again = await RunningServer.StartAsync(_at, "--data", "other");
        using var client = TandemClient.OverHttp(new(again.Url), new(first.Sid, first.Token));
        Assert.NotNull((await client.GetTokensAsync(first.Sid, TestContext.Current.CancellationToken)).Primary);
    }

    [Fact]
    public async Task A_restore_beside_a_running_server_that_holds_the_anchor_is_refused_and_leaves_nothing()
    {
        _at.Variables["TANDEM_ANCHOR_FILE"] = Path.Combine(_at.Root, "anchor");
        await using var server = await RunningServer.StartAsync(_at);
        await _at.TandemAsync("backup", "b.db");
        await _at.BashAsync("mkdir -m 700 other; cp -p tandem-data/root.key other/");

        var refused = await _at.TandemAsync("restore", "b.db", "--data", "other");

        Assert.Equal(5, refused.ExitCode);
        Assert.Contains("is held by a server that runs", refused.Error, StringComparison.Ordinal);
        Assert.Equal(["root.key"], Directory.GetFiles(Path.Combine(_at.Root, "other")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task An_encrypted_backup_is_opened_by_age_and_by_restore_and_by_nobody_else()
    {
        await _at.BashAsync("age-keygen -o key 2> said; age-keygen -o other 2>> said; mkdir -m 700 target; mkdir -m 700 decoy");
        var recipient = PublicKey().Match(await File.ReadAllTextAsync(Path.Combine(_at.Root, "said"), TestContext.Current.CancellationToken)).Value;
        _at.Variables["TANDEM_BACKUP_RECIPIENT"] = recipient;
        await using (var server = await RunningServer.StartAsync(_at))
        {
            using var client = TandemClient.OverSocket(Path.Combine(_at.Data, "admin.sock"));
            for (var i = 0; i < 200; i++)
            {
                await client.CreateAccountAsync(new(), TestContext.Current.CancellationToken); // more than one chunk
            }

            Assert.Contains("encrypted to 1 key", (await _at.TandemAsync("backup", "b.age")).Out, StringComparison.Ordinal);
            Assert.Contains(recipient, (await _at.TandemAsync("audit", "-n", "1")).Out, StringComparison.Ordinal);
            Assert.Equal(0, (await _at.TandemAsync("backup", "plain.db", "--plain")).ExitCode);
            Assert.Equal(2, (await _at.TandemAsync("backup", "x", "--recipient", recipient[..^1] + (recipient[^1] == 'q' ? "p" : "q"))).ExitCode);
            Assert.False(File.Exists(Path.Combine(_at.Root, "x")));
            Assert.Equal("age-encryption.org/v1\n", (await _at.BashAsync($"{string.Join(' ', Workspace.Program)} backup - | head -1")).Out);
            await server.StopAsync("TERM");
        }

        Assert.Equal("SQLite format 3", (await _at.BashAsync("age -d -i key b.age | head -c 15")).Out);
        await _at.BashAsync("cp -p tandem-data/root.key target/; cp -p tandem-data/root.key decoy/");
        Assert.Contains("encrypted to another key", (await _at.TandemAsync("restore", "b.age", "-i", "other", "--data", "decoy")).Error, StringComparison.Ordinal);
        Assert.Contains("--identity", (await _at.TandemAsync("restore", "b.age", "--data", "decoy")).Error, StringComparison.Ordinal);
        await _at.BashAsync("head -c -1 b.age > short.age; { head -c 90000 b.age; printf x; tail -c +90002 b.age; } > altered.age; age -r " + recipient + " -o theirs.age plain.db");
        Assert.Equal(5, (await _at.TandemAsync("restore", "short.age", "-i", "key", "--data", "decoy")).ExitCode);
        Assert.Contains("was altered", (await _at.TandemAsync("restore", "altered.age", "-i", "key", "--data", "decoy")).Error, StringComparison.Ordinal);
        Assert.Equal(["root.key"], Directory.GetFiles(Path.Combine(_at.Root, "decoy")).Select(Path.GetFileName).Where(f => f != "lock"));

        var restored = await _at.TandemAsync("restore", "b.age", "-i", "key", "--data", "target");
        Assert.Equal((0, ""), (restored.ExitCode, restored.Error));
        Assert.Contains("201 entries", (await _at.TandemAsync("audit", "verify", "--data", "target")).Out, StringComparison.Ordinal);
        Assert.Equal(0, (await _at.TandemAsync("restore", "theirs.age", "-i", "key", "--data", "decoy")).ExitCode);
    }

    [Fact]
    public async Task A_backup_from_before_a_promote_starts_only_when_that_is_accepted_and_names_the_account()
    {
        await using (var server = await RunningServer.StartAsync(_at))
        {
            using var client = TandemClient.OverSocket(Path.Combine(_at.Data, "admin.sock"));
            var account = await client.CreateAccountAsync(new(), TestContext.Current.CancellationToken);
            await client.CreateSecondaryAsync(account.Sid, TestContext.Current.CancellationToken);
            await _at.TandemAsync("backup", "b.db");
            await client.PromoteAsync(account.Sid, new(), TestContext.Current.CancellationToken);
            await server.StopAsync("TERM");
            await _at.BashAsync("mkdir -m 700 fresh && mv tandem-data/root.key fresh/ && rm -rf tandem-data && mv fresh tandem-data");

            Assert.Contains("older than its anchor", (await _at.TandemAsync("restore", "b.db")).Out, StringComparison.Ordinal);
            var refused = await _at.TandemAsync("serve", "--listen", "127.0.0.1:0");
            Assert.Equal(5, refused.ExitCode);
            Assert.Contains($"\n  {account.Sid}  secondary_promoted  ", refused.Error, StringComparison.Ordinal);
            var verified = await _at.TandemAsync("audit", "verify");
            Assert.Equal(7, verified.ExitCode);
            Assert.Contains("the anchor knows", verified.Error, StringComparison.Ordinal);
        }

        await using (var accepted = await RunningServer.StartAsync(_at, "--accept-rollback"))
        {
            Assert.Contains("warning: An older copy of the database was accepted.", accepted.Welcome, StringComparison.Ordinal);
            Assert.Contains("rollback_accepted", (await _at.TandemAsync("audit", "-n", "1")).Out, StringComparison.Ordinal);
            await accepted.StopAsync("TERM");
        }

        await using var again = await RunningServer.StartAsync(_at);
        Assert.Equal(0, (await _at.TandemAsync("audit", "verify")).ExitCode);
    }

    [Theory]
    [InlineData("printf 'hello' > b", "it is no backup")]
    [InlineData("head -c 20000 good > b", "damaged")]
    [InlineData("cp good b && sqlite3 b 'UPDATE schema_version SET version = version + 900 WHERE version = (SELECT max(version) FROM schema_version)'", "Start the newer tandem")]
    public async Task What_is_no_backup_is_refused_and_leaves_nothing(string make, string why)
    {
        await using (var server = await RunningServer.StartAsync(_at))
        {
            await _at.TandemAsync("backup", "good");
            await server.StopAsync("TERM");
        }

        await _at.BashAsync($"{make}; mkdir -m 700 target && cp -p tandem-data/root.key target/");

        var said = await _at.TandemAsync("restore", "b", "--data", "target");

        Assert.Equal(5, said.ExitCode);
        Assert.Contains(why, said.Error, StringComparison.Ordinal);
        Assert.Equal(["root.key"], Directory.GetFiles(Path.Combine(_at.Root, "target")).Select(Path.GetFileName).Where(f => f != "lock"));
    }

    private (string Sid, string Token) FirstAccount()
    {
        var lines = File.ReadAllLines(_at.FirstAccount);
        return (lines[0].Split('=')[1], lines[1].Split('=')[1]);
    }

    [GeneratedRegex("age1[a-z0-9]+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PublicKey();
}
