using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Xunit;

namespace Tandem.Cli.Tests;

/// <summary><c>tandem serve</c>: how it starts, what it says, how it ends.</summary>
public sealed class ServeTests : IDisposable
{
    private readonly Workspace _at = new();

    public void Dispose() => _at.Dispose();

    [Fact]
    public async Task The_first_start_says_what_there_is_and_shows_no_token()
    {
        await using var server = await RunningServer.StartAsync(_at);

        Assert.Matches($@"^tandem 0\.1\.0   data {_at.Data} \(new\)   database tandem\.db \(schema \d+\)\n", server.Welcome);
        Assert.Contains($"made the root key {_at.Data}/root.key (0600)", server.Welcome, StringComparison.Ordinal);
        Assert.Contains("lies beside the database", server.Welcome, StringComparison.Ordinal);
        Assert.Contains($"{_at.FirstAccount} (0600). It is the one plaintext", server.Welcome, StringComparison.Ordinal);
        var (_, token) = FirstAccount();
        Assert.DoesNotContain(token, server.Welcome, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_at.Data));
        foreach (var file in new[] { "root.key", "first-account.env", "tandem.db", "admin.sock" })
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_at.Data, file)));
        }
    }

    [Fact]
    public async Task The_line_that_it_prints_performs_a_whole_rotation()
    {
        await using var server = await RunningServer.StartAsync(_at);
        var (sid, old) = FirstAccount();
        var line = server.Welcome.Split('\n').Single(l => l.Contains("for step in", StringComparison.Ordinal));

        var said = await _at.BashAsync(line);

        var answers = said.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(a => JsonDocument.Parse(a).RootElement).ToArray();
        Assert.Equal(2, answers.Length);
        var secondary = answers[0].GetProperty("secondary_auth_token").GetString();
        Assert.Equal(secondary, answers[1].GetProperty("auth_token").GetString());
        Assert.False(File.Exists(_at.FirstAccount), "the file outlived its token");
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(server, sid, old));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, sid, secondary!));
    }

    [Fact]
    public async Task A_program_that_was_copied_without_its_library_says_so()
    {
        var from = Path.GetDirectoryName(Workspace.Program[^1])!;
        foreach (var file in Directory.EnumerateFiles(from).Where(f => !f.Contains("e_sqlite3", StringComparison.Ordinal) && !f.EndsWith(".dbg", StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Combine(_at.Root, Path.GetFileName(file)));
        }

        string[] copied = [.. Workspace.Program[..^1], Path.Combine(_at.Root, Path.GetFileName(Workspace.Program[^1]))];
        var said = await _at.BashAsync($"{string.Join(' ', copied)} serve --listen 127.0.0.1:0");

        Assert.Equal(1, said.ExitCode);
        Assert.StartsWith("A library that tandem needs does not lie beside the program", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_start_finds_the_account_again()
    {
        (string Sid, string Token) first;
        await using (var server = await RunningServer.StartAsync(_at))
        {
            first = FirstAccount();
            Assert.Equal(0, (await server.StopAsync("TERM")).ExitCode);
        }

        await using var again = await RunningServer.StartAsync(_at);

        Assert.StartsWith($"tandem 0.1.0   data {_at.Data}   database", again.Welcome, StringComparison.Ordinal);
        Assert.DoesNotContain("made the root key", again.Welcome, StringComparison.Ordinal);
        Assert.Equal(first, FirstAccount());
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(again, first.Sid, first.Token));
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task Ctrl_C_and_SIGTERM_end_it_within_two_seconds_though_a_connection_is_open(string signal)
    {
        await using var server = await RunningServer.StartAsync(_at);
        var address = new Uri(server.Url);
        using var idle = new TcpClient();
        await idle.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
        await idle.GetStream().WriteAsync("GET /health HT"u8.ToArray(), TestContext.Current.CancellationToken);

        var (exitCode, took, errors) = await server.StopAsync(signal);

        Assert.Equal(0, exitCode);
        Assert.True(took < TimeSpan.FromSeconds(2), $"took {took}");
        Assert.Equal("", errors);
    }

    [Fact]
    public async Task A_data_directory_in_use_is_refused_at_once()
    {
        await using var server = await RunningServer.StartAsync(_at);
        var (said, quickest) = (new Said(0, "", ""), TimeSpan.MaxValue);
        for (var attempt = 0; attempt < 3 && quickest > TimeSpan.FromSeconds(1); attempt++) // a loaded machine gets another chance
        {
            var began = Stopwatch.GetTimestamp();
            said = await _at.TandemAsync("serve", "--listen", "127.0.0.1:0");
            quickest = TimeSpan.FromTicks(Math.Min(quickest.Ticks, Stopwatch.GetElapsedTime(began).Ticks));
        }

        Assert.True(quickest < TimeSpan.FromSeconds(1), $"took {quickest}, the program's own start included");
        Assert.Equal(5, said.ExitCode);
        Assert.StartsWith($"Another tandem process uses the data directory {_at.Data}.", said.Error, StringComparison.Ordinal);
        AssertOneSentence(said);
    }

    [Fact]
    public async Task A_port_in_use_is_told_in_a_sentence()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();

        var said = await _at.TandemAsync("serve", "--listen", $"{other.LocalEndpoint}");

        Assert.Equal(5, said.ExitCode);
        Assert.StartsWith($"Cannot listen at http://{other.LocalEndpoint}: another program listens there already.", said.Error, StringComparison.Ordinal);
        AssertOneSentence(said);
    }

    [Theory]
    [InlineData("rm root.key", "The root key", "is missing, but the database")]
    [InlineData("chmod 640 root.key", "Other users may read the root key", "chmod 600")]
    [InlineData("echo no key > root.key", "root.key holds no root key", "64 hexadecimal digits")]
    [InlineData("echo 00000000000000000000000000000000000000000000000000000000000000ff > root.key", "The root key is not the one", "TANDEM_ROOT_KEY_FILE")]
    [InlineData("chmod 770 .", "Other users may write to the data directory", "chmod 700")]
    public async Task What_is_wrong_with_key_or_directory_is_told_and_left_alone(string damage, string what, string next)
    {
        await using (var server = await RunningServer.StartAsync(_at))
        {
            await server.StopAsync("TERM");
        }

        var files = Directory.GetFiles(_at.Data).Order().ToArray();
        await _at.BashAsync($"cd {_at.Data} && {damage}");

        var said = await _at.TandemAsync("serve", "--listen", "127.0.0.1:0");

        Assert.Equal(5, said.ExitCode);
        Assert.Contains(what, said.Error, StringComparison.Ordinal);
        Assert.Contains(next, said.Error, StringComparison.Ordinal);
        AssertOneSentence(said);
        Assert.Empty(Directory.GetFiles(_at.Data).Except(files));
    }

    [Fact]
    public async Task An_existing_pair_is_taken_over_and_written_nowhere()
    {
        var (sid, token) = ("AC" + new string('a', 32), "0123456789abcdef0123456789abcdef");
        await File.WriteAllTextAsync(Path.Combine(_at.Root, "token"), token + "\n", TestContext.Current.CancellationToken);
        _at.Variables["TANDEM_BOOTSTRAP_ACCOUNT_SID"] = sid;
        _at.Variables["TANDEM_BOOTSTRAP_AUTH_TOKEN_FILE"] = "token";
        for (var start = 0; start < 2; start++)
        {
            await using var server = await RunningServer.StartAsync(_at);
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, sid, token));
            Assert.False(File.Exists(_at.FirstAccount));
            Assert.DoesNotContain("was ignored", server.Welcome, StringComparison.Ordinal);
            await server.StopAsync("TERM");
            var found = await _at.BashAsync($"grep -rlF {token} {_at.Data}");
            Assert.Equal("", found.Out);
        }

        await File.WriteAllTextAsync(Path.Combine(_at.Root, "token"), new string('b', 32), TestContext.Current.CancellationToken);
        await using var other = await RunningServer.StartAsync(_at);
        Assert.Contains($"The account {sid} exists, and the token in", other.Welcome, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(other, sid, token));
    }

    [Fact]
    public async Task A_crash_between_file_and_account_loses_nothing()
    {
        // As a start that was cut off leaves it: the key and the file are there, the account is not.
        var (sid, token) = ("AC" + new string('c', 32), "0123456789abcdef0123456789abcdef");
        Directory.CreateDirectory(_at.Data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await File.WriteAllTextAsync(_at.FirstAccount, $"TWILIO_ACCOUNT_SID={sid}\nTWILIO_AUTH_TOKEN={token}\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_at.FirstAccount + ".1234.new", "half a fi", TestContext.Current.CancellationToken);

        await using var server = await RunningServer.StartAsync(_at);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, sid, token));
        Assert.Equal((sid, token), FirstAccount());
        Assert.Empty(Directory.GetFiles(_at.Data, "*.new"));
    }

    [Fact]
    public async Task A_crash_between_retirement_and_erasure_is_made_good_before_listening()
    {
        string left;
        await using (var server = await RunningServer.StartAsync(_at))
        {
            left = await File.ReadAllTextAsync(_at.FirstAccount, TestContext.Current.CancellationToken);
            var (sid, _) = FirstAccount();
            await _at.TandemAsync("token", "create", sid, "--token-file", "new");
            Assert.Equal(0, (await _at.TandemAsync("token", "promote", sid, "--yes")).ExitCode);
            await server.StopAsync("TERM");
        }

        Assert.False(File.Exists(_at.FirstAccount));
        await File.WriteAllTextAsync(_at.FirstAccount, left, TestContext.Current.CancellationToken);
        await using var again = await RunningServer.StartAsync(_at);

        Assert.False(File.Exists(_at.FirstAccount));
        Assert.DoesNotContain("first-account.env", again.Welcome, StringComparison.Ordinal);
    }

    private static void AssertOneSentence(Said said)
    {
        Assert.Equal("", said.Out);
        Assert.DoesNotContain("   at ", said.Error, StringComparison.Ordinal);
        Assert.Single(said.Error.TrimEnd().Split('\n'));
    }

    private static async Task<HttpStatusCode> StatusAsync(RunningServer server, string sid, string token)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{server.Url}/2010-04-01/Accounts/{sid}.json");
        request.Headers.Authorization = new("Basic", Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"{sid}:{token}")));
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    private (string Sid, string Token) FirstAccount()
    {
        var lines = File.ReadAllLines(_at.FirstAccount);
        return (lines[0]["TWILIO_ACCOUNT_SID=".Length..], lines[1]["TWILIO_AUTH_TOKEN=".Length..]);
    }
}
