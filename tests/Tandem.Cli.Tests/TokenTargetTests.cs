using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Tandem.Cli.Tests;

/// <summary>Where a token is sent, and where it is not: to no server that a stranger's plan names, to a profile's own server alone, and over no network in clear.</summary>
public sealed class TokenTargetTests : IAsyncLifetime
{
    private const string Sid = "AC00000000000000000000000000000001";

    private readonly Workspace _at = new();
    private readonly TcpListener _stranger = new(IPAddress.Loopback, 0);
    private int _connections;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Stranger => $"http://127.0.0.1:{((IPEndPoint)_stranger.LocalEndpoint).Port}";

    public async ValueTask InitializeAsync()
    {
        _stranger.Start();
        _ = CountAsync();
        _at.Variables["XDG_CONFIG_HOME"] = Path.Combine(_at.Root, "config");
        _at.Variables["TANDEM_STATE"] = Path.Combine(_at.Root, "state");
        Directory.CreateDirectory(Path.Combine(_at.Root, "config", "tandem"));
        await File.WriteAllTextAsync(Path.Combine(_at.Root, "token"), new string('a', 32), Cancel);
        await File.WriteAllTextAsync(Path.Combine(_at.Root, ".env"), "APP=x\n", Cancel);
    }

    public ValueTask DisposeAsync()
    {
        _stranger.Dispose();
        _at.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_strangers_plan_in_the_working_directory_is_sent_no_token_and_runs_nothing()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root may give a file away.");
        await ProfileAsync("server = \"https://tandem.example\"");
        await WriteAsync("tandem.toml", $"[account]\nserver = \"{Stranger}\"\n[[destination]]\ntype = \"command\"\nrun = [\"touch\", \"{_at.Root}/ran\"]\n");
        foreach (var done in (string[])["chmod 666 tandem.toml", "chown 65534:65534 tandem.toml", "chmod 666 tandem.toml; chown 65534:65534 tandem.toml"])
        {
            await _at.BashAsync(done);
            foreach (var arguments in (string[][])[["rotate", "plan", "-p", "prod"], ["rotate", "-p", "prod", "--yes"], ["rotate", "abort", "-p", "prod", "--yes"], ["destination", "test", "-p", "prod"], ["config", "show", "-p", "prod"]])
            {
                var said = await _at.TandemAsync(arguments);
                Assert.True(said.ExitCode == 2, said.Error);
                Assert.Contains("tandem.toml", said.Error, StringComparison.Ordinal);
            }

            Assert.Contains("tandem.toml", (await _at.TandemAsync("doctor", "-p", "prod", "--twilio")).Out, StringComparison.Ordinal);
        }

        Assert.Equal((0, false), (Volatile.Read(ref _connections), File.Exists(Path.Combine(_at.Root, "ran"))));
    }

    [Fact]
    public async Task A_profiles_token_goes_to_that_profiles_server_alone()
    {
        foreach (var (profile, plan, variables, arguments, told) in new (string, string, string[], string[], string?)[]
        {
            ("server = \"https://tandem.example\"", "", [], ["--server", Stranger], "is for https://tandem.example alone, and --server names"),
            ("server = \"twilio\"", "", [], ["--server", Stranger], "is for twilio alone, and --server names"),
            ("server = \"https://tandem.example\"", "", [], ["--twilio"], "--twilio names twilio"),
            ("", $"[account]\nserver = \"{Stranger}\"\n", [], [], "a plan alone does not decide where its token is sent"),
            ("server = \"https://tandem.example\"", $"[account]\nserver = \"{Stranger}\"\n", ["TANDEM_PROFILE=prod"], [], "and plan names"),
            ("server = \"https://tandem.example\"", "", ["TANDEM_PROFILE=prod", $"TANDEM_SERVER={Stranger}"], [], "and TANDEM_SERVER names"),
            ("", "", [], ["--server", Stranger], null),
            ($"server = \"{Stranger}/\"", "", [], ["--server", Stranger], null),
            ("server = \"https://tandem.example\"", "", [], ["--server", Stranger, "--token-file", "token"], null),
        })
        {
            await ProfileAsync(profile);
            await WriteAsync("tandem.toml", plan);
            var before = Volatile.Read(ref _connections);
            var said = await RunAsync(variables, ["rotate", "plan", Sid, "--dotenv", ".env", .. variables.Any(v => v.StartsWith("TANDEM_PROFILE", StringComparison.Ordinal)) ? Array.Empty<string>() : ["-p", "prod"], .. arguments]);

            Assert.Equal(told is null, Volatile.Read(ref _connections) > before); // the control: the token is sent where it may be
            Assert.True(told is null || said.ExitCode == 2, said.Error);
            Assert.Contains(told ?? "", said.Error, StringComparison.Ordinal);
            Assert.True(told is null || said.Error.Contains("Nothing was sent", StringComparison.Ordinal), said.Error);
        }
    }

    [Fact]
    public async Task Without_TLS_a_token_leaves_the_machine_only_when_that_is_said_and_through_no_proxy_either()
    {
        string[] proxies = [$"HTTP_PROXY={Stranger}", $"http_proxy={Stranger}", $"ALL_PROXY={Stranger}", "NO_PROXY=10.0.0.1"];
        await WriteAsync("tandem.toml", "[account]\nserver = \"http://10.0.0.1:7420\"\n");
        string[] token = ["--token-file", "token"];
        foreach (var arguments in (string[][])[
            ["rotate", "plan", Sid, "--dotenv", ".env", .. token], ["rotate", Sid, "--yes", "--dotenv", ".env", .. token], ["rotate", "abort", Sid, "--yes", .. token],
            ["rotate", "plan", Sid, "--server", "http://tandem.internal", "--dotenv", ".env", .. token], ["rotate", "plan", Sid, "--server", "http://0.0.0.0:7420", "--dotenv", ".env", .. token]])
        {
            var said = await RunAsync(proxies, arguments);
            Assert.True(said.ExitCode == 2, said.Error);
            Assert.Contains("--plain-http", said.Error, StringComparison.Ordinal);
        }

        Assert.Contains("--plain-http", (await RunAsync(proxies, ["doctor", Sid, .. token])).Out, StringComparison.Ordinal);
        Assert.Equal(0, Volatile.Read(ref _connections));

        // Loopback is asked directly, whatever proxy there is: nobody listens at this port, and the proxy hears nothing.
        Assert.NotEqual(2, (await RunAsync(proxies, ["rotate", "plan", Sid, "--server", "http://localhost:1", "--dotenv", ".env", .. token])).ExitCode);
        Assert.Equal(0, Volatile.Read(ref _connections));

        Assert.NotEqual(2, (await RunAsync(proxies[..3], ["rotate", "plan", Sid, "--plain-http", "--dotenv", ".env", .. token])).ExitCode);
        Assert.True(Volatile.Read(ref _connections) > 0, "the control: with --plain-http the proxy is asked");
    }

    [Fact]
    public async Task A_token_of_a_Tandem_is_not_sent_to_Twilio_because_a_plan_has_Functions_in_it()
    {
        await WriteAsync("tandem.toml", "[[destination]]\ntype = \"twilio-functions\"\nservice = \"ZS1\"\nenvironment = \"production\"\n");
        foreach (var verb in (string[][])[["rotate", "plan"], ["destination", "test"]])
        {
            var said = await RunAsync([$"HTTPS_PROXY={Stranger}"], [.. verb, Sid, "--server", "http://127.0.0.1:1", "--token-file", "token"]);
            Assert.Equal(2, said.ExitCode);
            Assert.Contains("is at Twilio, which would be sent the token", said.Error, StringComparison.Ordinal);
        }

        Assert.Equal(0, Volatile.Read(ref _connections));
    }

    private async Task<Said> RunAsync(string[] variables, string[] arguments)
    {
        foreach (var pair in variables.Select(v => v.Split('=', 2)))
        {
            _at.Variables[pair[0]] = pair[1];
        }

        var said = await _at.TandemAsync(arguments);
        foreach (var variable in variables)
        {
            _at.Variables.Remove(variable.Split('=', 2)[0]);
        }

        return said;
    }

    private Task ProfileAsync(string lines) => WriteAsync("config/tandem/config.toml", $"[profile.prod]\nsid = \"{Sid}\"\ntoken_file = \"{_at.Root}/token\"\n{lines}\n");

    private async Task WriteAsync(string name, string text)
    {
        var file = Path.Combine(_at.Root, name);
        await File.WriteAllTextAsync(file, text, Cancel);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private async Task CountAsync()
    {
        try
        {
            for (; ; )
            {
                using var socket = await _stranger.AcceptSocketAsync(Cancel);
                Interlocked.Increment(ref _connections);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The test is over.
        }
    }
}
