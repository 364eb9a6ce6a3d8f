using System.Diagnostics;
using Xunit;

namespace Tandem.Cli.Tests;

/// <summary><c>--profile</c>: an account by its name, its token from a file or from a program, and never from the configuration itself.</summary>
public sealed class ProfileTests : IAsyncLifetime
{
    private readonly Workspace _at = new();
    private RunningServer _server = null!;
    private string _sid = "";
    private string _token = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Configuration => Path.Combine(_at.Root, "config", "tandem", "config.toml");

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync(_at);
        var lines = await File.ReadAllLinesAsync(_at.FirstAccount, Cancel);
        (_sid, _token) = (lines[0].Split('=')[1], lines[1].Split('=')[1]);
        _at.Variables["XDG_CONFIG_HOME"] = Path.Combine(_at.Root, "config");
        _at.Variables["TANDEM_STATE"] = Path.Combine(_at.Root, "state");
        Directory.CreateDirectory(Path.GetDirectoryName(Configuration)!);
        File.Copy(_at.FirstAccount, Path.Combine(_at.Root, "billing.env"));
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _at.Dispose();
    }

    [Fact]
    public async Task A_profile_gives_account_server_and_token_and_each_says_so()
    {
        await ConfigureAsync("""token_command = ["sed", "-n", "s/^TWILIO_AUTH_TOKEN=//p", "../../billing.env"]""");
        _at.Variables["TWILIO_AUTH_TOKEN"] = new string('a', 32); // a profile that is named wins over the environment
        _at.Variables["TWILIO_ACCOUNT_SID"] = "AC00000000000000000000000000000009";

        var shown = await _at.TandemAsync("config", "show", "--profile", "prod", "-o", "tsv");
        Assert.Contains($"\nprofile\tprod\t--profile, {Configuration}\n", shown.Out, StringComparison.Ordinal);
        Assert.Contains($"\naccount\t{_sid}\tprofile prod\n", shown.Out, StringComparison.Ordinal);
        Assert.Contains($"\nserver\t{_server.Url}\tprofile prod\n", shown.Out, StringComparison.Ordinal);
        Assert.Matches("\ntoken\tfingerprint [0-9a-f]{4}\tprofile prod, token_command sed\n", shown.Out);

        var rotated = await _at.TandemAsync("rotate", "-p", "prod", "--dotenv", "billing.env", "--yes", "--force");
        Assert.True(rotated.ExitCode == 0, rotated.Error);

        // The env file has the new token now, so the profile's command prints that one.
        Assert.Equal(0, (await _at.TandemAsync("rotate", "plan", "-p", "prod", "--dotenv", "billing.env")).ExitCode);
        AssertSilent(shown, rotated);
    }

    [Fact]
    public async Task A_profile_that_the_environment_names_loses_to_the_rest_of_it()
    {
        await ConfigureAsync($"token_file = \"{_at.Root}/absent\"");
        _at.Variables["TANDEM_PROFILE"] = "prod";
        _at.Variables["TWILIO_AUTH_TOKEN"] = _token;

        var shown = await _at.TandemAsync("config", "show", "-o", "tsv");

        Assert.Matches("\ntoken\tfingerprint [0-9a-f]{4}\tTWILIO_AUTH_TOKEN\n", shown.Out);
        Assert.Contains($"\naccount\t{_sid}\tprofile prod\n", shown.Out, StringComparison.Ordinal);
        _at.Variables.Remove("TWILIO_AUTH_TOKEN");
        Assert.Contains("token_file cannot be read", (await _at.TandemAsync("config", "show")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_command_prints_is_shown_nowhere_whatever_becomes_of_it()
    {
        var told = new[]
        {
            ("""["sh", "-c", "cat ../../billing.env; exit 3"]""", "token_command, sh, ended with exit code 3"),
            ("""["cat", "../../billing.env"]""", "token_command, cat, did not print one line"),
            ("""["true"]""", "did not print one line"),
            ("""["./absent"]""", "cannot be started"),
        };
        foreach (var (command, why) in told)
        {
            await ConfigureAsync($"token_command = {command}");
            var said = await _at.TandemAsync("rotate", "plan", "-p", "prod", "--dotenv", "billing.env");
            Assert.Equal((4, ""), (said.ExitCode, said.Out));
            Assert.Contains(why, said.Error, StringComparison.Ordinal);
            Assert.Contains("Nothing was done. Run it by hand", said.Error, StringComparison.Ordinal);
            AssertSilent(said);
        }
    }

    [Fact]
    public async Task A_command_that_does_not_end_is_ended_with_its_children()
    {
        await ConfigureAsync("""
            token_command = ["sh", "-c", "sleep 97 & wait"]
            timeout = "1s"
            """);
        var began = Stopwatch.GetTimestamp();

        var said = await _at.TandemAsync("rotate", "plan", "-p", "prod", "--dotenv", "billing.env");

        Assert.Equal(4, said.ExitCode);
        Assert.Contains("did not end within 1.0 s, and was killed", said.Error, StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_configuration_that_holds_a_token_or_mistakes_is_refused_with_all_of_them()
    {
        await ConfigureAsync($"""
            token = "{_token}"
            servr = "x"
            token_command = "pass show twilio"
            timeout = "soon"
            """);
        var wrong = await _at.TandemAsync("config", "show", "-p", "prod");
        Assert.Equal(2, wrong.ExitCode);
        foreach (var expected in (string[])["'token': a token has no place in this file", "there is no 'servr'", "token_command is an array of strings", "timeout is a time"])
        {
            Assert.Contains(expected, wrong.Error, StringComparison.Ordinal);
        }

        var unknown = await _at.TandemAsync("config", "show", "-p", "prd");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("There is no profile 'prd' in ", unknown.Error, StringComparison.Ordinal);
        Assert.Contains("; there is prod.", unknown.Error, StringComparison.Ordinal);

        File.SetUnixFileMode(Configuration, (UnixFileMode)0b110_110_000);
        Assert.Contains("Others may write to", (await _at.TandemAsync("config", "show", "-p", "prod")).Error, StringComparison.Ordinal);
        File.Delete(Configuration);
        Assert.Contains("cannot be read", (await _at.TandemAsync("config", "show", "-p", "prod")).Error, StringComparison.Ordinal);
        AssertSilent(wrong, unknown);
    }

    [Fact]
    public async Task An_API_key_is_refused_with_the_reason_wherever_an_account_or_a_token_is_asked_for()
    {
        const string key = "SK00000000000000000000000000000001";
        await ConfigureAsync($"""token_command = ["echo", "{key}"]""");
        var token = await _at.TandemAsync("rotate", "plan", "-p", "prod", "--dotenv", "billing.env");
        var argument = await _at.TandemAsync("rotate", "plan", key);
        _at.Variables["TWILIO_ACCOUNT_SID"] = key;
        var variable = await _at.TandemAsync("config", "show");

        Assert.Equal((2, 2, 2), (token.ExitCode, argument.ExitCode, variable.ExitCode));
        Assert.Contains("profile prod, token_command echo holds the SID of an API key", token.Error, StringComparison.Ordinal);
        Assert.All((Said[])[argument, variable], said => Assert.Contains("is the SID of an API key, and tokens are changed with the account's own SID and Auth Token alone", said.Error, StringComparison.Ordinal));
    }

    private async Task ConfigureAsync(string how)
    {
        await File.WriteAllTextAsync(Configuration, $"[profile.prod]\nsid = \"{_sid}\"\nserver = \"{_server.Url}\"\n{how}\n", Cancel);
        File.SetUnixFileMode(Configuration, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private void AssertSilent(params Said[] said) => Assert.All(said, s => Assert.DoesNotContain(_token, s.Out + s.Error, StringComparison.Ordinal));
}
