using Xunit;

namespace Tandem.Cli.Tests;

/// <summary>Wrong settings and wrong command lines: all told at once, exit code 2, nothing made.</summary>
public sealed class SettingsTests : IDisposable
{
    private readonly Workspace _at = new();

    public void Dispose() => _at.Dispose();

    [Fact]
    public async Task All_problems_are_told_together()
    {
        _at.Variables["TANDEM_LISTN"] = "127.0.0.1:1";
        _at.Variables["TANDEM_DATABASE"] = "postgres://user:hunter2@db/tandem";
        _at.Variables["TANDEM_PLAIN_HTTP"] = "perhaps";
        _at.Variables["TANDEM_BOOTSTRAP_AUTH_TOKEN"] = "hunter3";
        _at.Variables["TANDEM_BOOTSTRAP_AUTH_TOKEN_FILE"] = "nowhere";
        _at.Variables["TANDEM_LOG_LEVEL"] = "loud";
        _at.Variables["TANDEM_THROTTLE_SOURCE"] = "many";

        var said = await _at.TandemAsync("serve", "--listen", "7420,0.0.0.0:7420", "--listen", "[::1]:0", "--tls-cert", "a.pem", "--trusted-proxies", "10.0.0.0/64", "--cors-origin", "https://a.example/", "--throttle-account", "300", "--secondary-age-warning", "soon");

        Assert.Equal(2, said.ExitCode);
        Assert.Equal("", said.Out);
        foreach (var expected in new[]
        {
            "TANDEM_LISTN is no setting. Did you mean TANDEM_LISTEN?",
            "TANDEM_DATABASE names PostgreSQL; this version of tandem has the embedded SQLite only.",
            "TANDEM_PLAIN_HTTP=perhaps is neither true nor false.",
            "Both TANDEM_BOOTSTRAP_AUTH_TOKEN and TANDEM_BOOTSTRAP_AUTH_TOKEN_FILE are set.",
            "TANDEM_BOOTSTRAP_ACCOUNT_SID and TANDEM_BOOTSTRAP_AUTH_TOKEN_FILE (or TANDEM_BOOTSTRAP_AUTH_TOKEN) go together",
            "TANDEM_LOG_LEVEL=loud is no level.",
            "TANDEM_THROTTLE_SOURCE many is no budget.",
            "--throttle-account 300 is no budget.",
            "--secondary-age-warning soon is no length of time.",
            "--listen 7420 is no address to listen on.",
            "a.pem was given without its private key.",
            "--trusted-proxies 10.0.0.0/64 is no network.",
            "--cors-origin https://a.example/ is no origin.",
        })
        {
            Assert.Contains(expected, said.Error, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("hunter", said.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_at.Data));
    }

    [Fact]
    public async Task Listening_off_loopback_in_clear_needs_a_word()
    {
        var said = await _at.TandemAsync("serve", "--listen", "0.0.0.0:0");

        Assert.Equal(2, said.ExitCode);
        Assert.Contains("--plain-http", said.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_at.Data));
    }

    [Fact]
    public async Task A_root_key_elsewhere_is_never_made()
    {
        _at.Variables["TANDEM_ROOT_KEY_FILE"] = "keys/root.key";

        var said = await _at.TandemAsync("serve", "--listen", "127.0.0.1:0");

        Assert.Equal(5, said.ExitCode);
        Assert.Contains($"TANDEM_ROOT_KEY_FILE names {_at.Root}/keys/root.key, which does not exist.", said.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_at.Root, "keys")));
    }

    [Theory]
    [InlineData("accont", "tandem --help")]
    [InlineData("account", "tandem account --help")]
    [InlineData("token promote", "tandem token promote --help")]
    [InlineData("token show ACnone", "tandem token show --help")]
    [InlineData("serve --tls-crt x", "tandem serve --help")]
    [InlineData("env perl", "tandem env --help")]
    public async Task A_wrong_command_line_exits_2_and_names_the_help_to_read(string line, string help)
    {
        var said = await _at.TandemAsync(line.Split(' '));

        Assert.Equal(2, said.ExitCode);
        Assert.Contains($"Nothing was done. See: {help}\n", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_command_is_help_and_a_version_is_a_version()
    {
        var said = await _at.TandemAsync();
        Assert.Equal(0, said.ExitCode);
        Assert.Contains("serve", said.Out, StringComparison.Ordinal);
        Assert.Equal("0.1.0\n", (await _at.TandemAsync("--version")).Out);
    }

    [Fact]
    public async Task Without_a_server_every_verb_says_how_to_start_one()
    {
        var said = await _at.TandemAsync("account", "list");

        Assert.Equal(1, said.ExitCode);
        Assert.StartsWith($"No server runs on the data directory {_at.Data}", said.Error, StringComparison.Ordinal);
        Assert.Contains($"tandem serve --data {_at.Data}", said.Error, StringComparison.Ordinal);
    }
}
