using System.Globalization;
using System.Text.Json;
using Xunit;

namespace Tandem.Cli.Tests;

/// <summary><c>tandem doctor</c>: finds what is wrong, names the next command, and changes nothing.</summary>
public sealed class DoctorTests : IDisposable
{
    private readonly Workspace _at = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public DoctorTests() => _at.Variables["TANDEM_STATE"] = Path.Combine(_at.Root, "state");

    public void Dispose() => _at.Dispose();

    [Fact]
    public async Task Where_nothing_is_it_makes_nothing_and_finds_nothing_wrong()
    {
        var said = await _at.TandemAsync("doctor");

        Assert.Equal(0, said.ExitCode);
        Assert.Contains("\nok    data directory   ", "\n" + said.Out, StringComparison.Ordinal);
        Assert.Matches(@"^\d+ ok, \d+ warnings?, 0 failed; nothing was changed\n$", said.Error);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_at.Root));
        Assert.All(said.Out.Split('\n'), line => Assert.True(line.Length <= 120, line));
    }

    [Fact]
    public async Task It_looks_at_a_running_server()
    {
        await using var server = await RunningServer.StartAsync(_at, "--twilio-proxy", "127.0.0.1:0");
        var found = await FindAsync("doctor");

        Assert.Equal(0, found.ExitCode);
        found.Has("ok", "server", $"ready at {server.Url}");
        found.Has("ok", "admin socket", "mode 0600, process ");
        found.Has("ok", "version", "both 0.1.0");
        found.Has("ok", "data directory", "mode 0700");
        found.Has("ok", "open files", "the server (process ");
        found.Has("ok", "clock", "the newest audit entry");
        found.Has("warn", "root key", "lies beside the database");
        found.Has("ok", "anchor", "tandem-data.anchor, mode 0600, apart from the data directory");
        found.Has("warn", "first account", "holds a live token as text");
        found.Has("ok", "console cookies", "plain cookies, because __Host- ones need TLS");
    }

    [Fact]
    public async Task Modes_that_let_others_in_are_found_with_and_without_a_server()
    {
        await using (var server = await RunningServer.StartAsync(_at))
        {
            File.SetUnixFileMode(_at.Data, (UnixFileMode)0b111_101_101);
            (await FindAsync("doctor")).Has("warn", "data directory", "mode 0755");
            await server.StopAsync("TERM");
        }

        File.SetUnixFileMode(Path.Combine(_at.Data, "root.key"), (UnixFileMode)0b110_100_100);
        File.SetUnixFileMode(Path.Combine(_at.Data, "tandem.db"), (UnixFileMode)0b110_100_000);
        File.SetUnixFileMode(_at.Data, (UnixFileMode)0b111_111_111);
        var found = await FindAsync("doctor");

        Assert.Equal(1, found.ExitCode);
        found.Has("fail", "data directory", "mode 0777");
        found.Has("fail", "root key", "mode 0644", next: "chmod 600");
        found.Has("fail", "file modes", "tandem.db has mode 0640");
        found.Has("warn", "server", "none runs on", next: "tandem serve --data");

        File.Delete(Path.Combine(_at.Data, "root.key"));
        (await FindAsync("doctor")).Has("fail", "root key", "is missing");
    }

    [Fact]
    public async Task An_anchor_that_would_not_show_an_older_copy_is_found()
    {
        var anchor = $"{_at.Data}.anchor";
        await using (var server = await RunningServer.StartAsync(_at))
        {
            await server.StopAsync("TERM");
        }

        File.SetUnixFileMode(anchor, (UnixFileMode)0b110_100_000);
        (await FindAsync("doctor")).Has("warn", "anchor", "mode 0640: others may read", next: "chmod 600");
        File.SetUnixFileMode(anchor, (UnixFileMode)0b110_110_000);
        (await FindAsync("doctor")).Has("fail", "anchor", "mode 0660: others may write", next: "chmod 600");

        File.Move(anchor, Path.Combine(_at.Data, "anchor"));
        File.SetUnixFileMode(Path.Combine(_at.Data, "anchor"), (UnixFileMode)0b110_000_000);
        var inside = await FindAsync("doctor");
        inside.Has("warn", "anchor", "lies in the data directory", next: "TANDEM_ANCHOR_FILE=FILE");
        Assert.Single(inside.All, f => f.Check == "anchor");

        File.Delete(Path.Combine(_at.Data, "anchor"));
        (await FindAsync("doctor")).Has("warn", "anchor", "tandem-data.anchor is not there, although there is a database", next: "TANDEM_ANCHOR_FILE=FILE");
    }

    [Fact]
    public async Task An_anchor_that_the_server_may_not_write_to_is_found()
    {
        await using (var server = await RunningServer.StartAsync(_at))
        {
            await server.StopAsync("TERM");
        }

        // Root may write to whatever has a mode, but not as another user, and a directory is no file for anybody.
        var mine = await _at.BashAsync("if [ $(id -u) = 0 ]; then chown 65534 tandem-data; else chmod 400 tandem-data.anchor; fi");
        Assert.Equal(0, mine.ExitCode);
        (await FindAsync("doctor")).Has("fail", "anchor", "may not write to");
        await _at.BashAsync("if [ $(id -u) = 0 ]; then chown 0 tandem-data; fi");
        _at.Variables["TANDEM_ANCHOR_FILE"] = Directory.CreateDirectory(Path.Combine(_at.Root, "folder")).FullName;
        var found = await FindAsync("doctor");
        Assert.Equal(1, found.ExitCode);
        found.Has("fail", "anchor", "may not write to");
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_at.Root, "folder")));
    }

    [Fact]
    public async Task A_clock_that_was_put_back_is_seen_by_the_newest_stamps()
    {
        await using (var server = await RunningServer.StartAsync(_at))
        {
            await server.StopAsync("TERM");
        }

        (await FindAsync("doctor")).Has("ok", "clock", "it is past tandem");
        File.SetLastWriteTimeUtc(Path.Combine(_at.Data, "tandem.db"), DateTime.Parse("2126-01-01T00:00:00Z", CultureInfo.InvariantCulture).ToUniversalTime());
        (await FindAsync("doctor")).Has("warn", "clock", "tandem.db is of 2126-01-01T00:00:00Z: it was put back");
    }

    [Fact]
    public async Task Settings_are_told_with_their_sources_and_wrong_ones_fail()
    {
        _at.Variables["TANDEM_QUIET_TIME"] = "1m";
        var right = await FindAsync("doctor", "--public-url", "https://api.example.com");
        right.Has("ok", "settings", "TANDEM_PUBLIC_URL (flag), TANDEM_QUIET_TIME (environment); all else is the default");
        right.Has("warn", "console cookies", "although the public URL is https", next: "--trusted-proxies");
        right.Has("warn", "trusted proxies", "none is trusted");

        _at.Variables["TANDEM_LISTN"] = "127.0.0.1:1";
        var wrong = await FindAsync("doctor", "--trusted-proxies", "0.0.0.0/0", "--tls-cert", "absent.pem", "--tls-key", "absent.key");
        Assert.Equal(1, wrong.ExitCode);
        wrong.Has("fail", "settings", "TANDEM_LISTN is no setting. Did you mean TANDEM_LISTEN?");
        wrong.Has("fail", "trusted proxies", "everybody is a trusted proxy");
        wrong.Has("fail", "tls", "cannot be used");
    }

    [Fact]
    public async Task A_certificate_that_runs_out_and_a_key_that_others_read_are_found()
    {
        await _at.BashAsync("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3 -subj /CN=localhost -keyout key.pem -out cert.pem && chmod 644 key.pem");
        var found = await FindAsync("doctor", "--tls-cert", "cert.pem", "--tls-key", "key.pem");

        found.Has("warn", "tls", "runs out in 2 days");
        found.Has("fail", "tls", "key.pem has mode 0644");
        found.Has("ok", "console cookies", "__Host- cookies");
    }

    [Fact]
    public async Task Limits_are_those_that_a_server_would_have()
    {
        var program = string.Join(' ', Workspace.Program);
        var said = await _at.BashAsync($"ulimit -n 512; {program} doctor");
        Assert.Contains("may open 512 files", said.Out.ReplaceLineEndings(" "), StringComparison.Ordinal);
        _at.Variables["DOTNET_DbgEnableMiniDump"] = "1";
        (await FindAsync("doctor")).Has("fail", "core dumps", "DOTNET_DbgEnableMiniDump is set");
    }

    [Fact]
    public async Task The_trap_in_NO_PROXY_is_found()
    {
        await using var server = await RunningServer.StartAsync(_at, "--twilio-proxy", "127.0.0.1:0");
        var proxy = ProxyOf(server);
        _at.Variables["HTTPS_PROXY"] = $"http://{proxy}";
        (await FindAsync("doctor")).Has("warn", "proxy variables", "the proxy is Tandem's own");

        _at.Variables["NO_PROXY"] = "localhost,.twilio.com";
        (await FindAsync("doctor")).Has("fail", "proxy variables", "NO_PROXY holds .twilio.com", next: "unset NO_PROXY no_proxy");

        _at.Variables["https_proxy"] = "http://user:hunter2@192.0.2.1:1";
        var both = await FindAsync("doctor");
        both.Has("warn", "proxy variables", "HTTPS_PROXY and https_proxy say different things");
        Assert.DoesNotContain("hunter2", both.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unfinished_rotations_and_files_with_tokens_that_others_read_are_found()
    {
        await using var server = await RunningServer.StartAsync(_at);
        _at.Variables["TANDEM_SERVER"] = server.Url;
        var file = Path.Combine(_at.Root, ".env");
        File.Copy(_at.FirstAccount, file);
        File.SetUnixFileMode(file, (UnixFileMode)0b110_100_100);
        Assert.Equal(8, (await _at.TandemAsync("rotate", "--dotenv", ".env", "--yes", "--timeout", "1s")).ExitCode);
        var before = await File.ReadAllTextAsync(file, Cancel);

        var found = await FindAsync("doctor", "--dotenv", ".env");
        found.Has("warn", "rotations", "stopped in watching", next: "tandem rotate goes on, tandem rotate abort goes back");
        found.Has("warn", "token file", ".env holds a token and has mode 0644", next: "chmod 600");
        found.Has("warn", "token server", "and it is not the primary"); // the env file has the secondary already
        Assert.Equal(before, await File.ReadAllTextAsync(file, Cancel));
        Assert.DoesNotContain(before.Split('=')[^1].Trim(), found.Text, StringComparison.Ordinal);

        File.SetUnixFileMode(Path.Combine(_at.Root, "state"), (UnixFileMode)0b111_101_101);
        (await FindAsync("doctor")).Has("fail", "rotations", "mode 0755");
        (await FindAsync("doctor", "--dotenv", "absent")).Has("fail", "env file", "There is no file");
    }

    [Fact]
    public async Task Twilio_is_asked_whether_it_takes_the_token_and_nothing_else()
    {
        // A Tandem stands in for Twilio: reached by its own name, through its proxy.
        await using var server = await RunningServer.StartAsync(_at, "--twilio-proxy", "127.0.0.1:0");
        var lines = (await File.ReadAllLinesAsync(_at.FirstAccount, Cancel)).Select(l => l.Split('=')).ToDictionary(l => l[0], l => l[1], StringComparer.Ordinal);
        _at.Variables["HTTPS_PROXY"] = $"http://{ProxyOf(server)}";
        _at.Variables["SSL_CERT_FILE"] = Path.Combine(_at.Data, "twilio-proxy-ca.pem");

        (await FindAsync("doctor", "--twilio")).Has("warn", "twilio", "accounts.twilio.com (us1) answers. There is no account");
        _at.Variables["TWILIO_ACCOUNT_SID"] = lines["TWILIO_ACCOUNT_SID"];
        _at.Variables["TWILIO_AUTH_TOKEN"] = lines["TWILIO_AUTH_TOKEN"];
        var right = await FindAsync("doctor", "--twilio");
        right.Has("ok", "twilio", "(TWILIO_AUTH_TOKEN) as the primary of AC");
        Assert.Equal(0, right.ExitCode);
        Assert.DoesNotContain(lines["TWILIO_AUTH_TOKEN"], right.Text, StringComparison.Ordinal);

        _at.Variables["TWILIO_AUTH_TOKEN"] = new string('a', 32);
        var wrong = await FindAsync("doctor", "--twilio");
        Assert.Equal(1, wrong.ExitCode);
        wrong.Has("fail", "twilio", "refuses the token");
        _at.Variables["TWILIO_AUTH_TOKEN"] = "SK00000000000000000000000000000001";
        (await FindAsync("doctor", "--twilio")).Has("fail", "twilio", "API key");
        _at.Variables["HTTPS_PROXY"] = "http://127.0.0.1:1";
        _at.Variables["TWILIO_AUTH_TOKEN"] = new string('a', 32);
        (await FindAsync("doctor", "--twilio")).Has("fail", "twilio", "No answer from");
        Assert.Contains("secondary  none", (await _at.TandemAsync("token", "show", lines["TWILIO_ACCOUNT_SID"])).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_API_that_lets_a_made_up_credential_in_is_found()
    {
        await using var server = await RunningServer.StartAsync(_at);
        (await FindAsync("doctor", "--through", $"{server.Url}/auth/forward")).Has("ok", "guarded url", "refuses a made-up credential (401), and none (401)");
        (await FindAsync("doctor", "--through", $"{server.Url}/health")).Has("fail", "guarded url", "to a credential that nobody has: the API behind it is open");
        (await FindAsync("doctor", "--through", $"{server.Url}/auth/verify")).Has("warn", "guarded url", "answers 405");
        Assert.Equal(2, (await _at.TandemAsync("doctor", "--through", "api")).ExitCode);
    }

    [Fact]
    public async Task On_a_terminal_lines_fit_and_are_coloured_unless_that_is_not_wanted()
    {
        foreach (var columns in (int[])[40, 120])
        {
            var said = await _at.AtWidthAsync(columns, "doctor");
            Assert.Contains("\u001b[32mok\u001b[0m", said.Out, StringComparison.Ordinal);
            var limit = Math.Max(columns, 23 + 24);
            Assert.All(said.Out.Split('\n').Where(l => l.Split(' ').All(word => word.Length < 17)), line => Assert.True(Plain(line).Length <= limit, line));
        }

        _at.Variables["NO_COLOR"] = "1";
        Assert.DoesNotContain("\u001b[3", (await _at.AtWidthAsync(40, "doctor")).Out, StringComparison.Ordinal);
    }

    private static string Plain(string line) => System.Text.RegularExpressions.Regex.Replace(line, "\u001b\\[[0-9]+m", "", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)).TrimEnd('\r');

    private static string ProxyOf(RunningServer server) => server.Welcome.Split('\n').First(l => l.Contains("CONNECT proxy", StringComparison.Ordinal)).Split(" at ")[1].Split(';')[0];

    private async Task<Findings> FindAsync(params string[] arguments)
    {
        var said = await _at.TandemAsync([.. arguments, "-o", "json"]);
        return new(said.ExitCode, said.Out + said.Error, JsonElement.Parse(said.Out).EnumerateArray().Select(f => (
            f.GetProperty("result").GetString()!, f.GetProperty("check").GetString()!, f.GetProperty("text").GetString()!, f.GetProperty("next").GetString())).ToList());
    }

    private sealed record Findings(int ExitCode, string Text, IReadOnlyList<(string Result, string Check, string Text, string? Next)> All)
    {
        public void Has(string result, string check, string text, string? next = null) => Assert.True(
            All.Any(f => f.Result == result && f.Check == check && f.Text.Contains(text, StringComparison.Ordinal) && (next is null || f.Next?.Contains(next, StringComparison.Ordinal) == true)),
            $"no {result} {check} '{text}' ({next}) in:\n{string.Join('\n', All)}");
    }
}
