using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Tandem.Cli.Tests;

/// <summary><c>tandem rotate</c> and the verbs around it, against a running server.</summary>
public sealed partial class RotateTests : IAsyncLifetime
{
    private readonly Workspace _at = new();
    private readonly HashSet<string> _tokens = new(StringComparer.Ordinal);
    private RunningServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string EnvFile => Path.Combine(_at.Root, ".env");

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync(_at, "--twilio-proxy", "127.0.0.1:0");
        await File.WriteAllTextAsync(EnvFile, "APP=billing\n" + await File.ReadAllTextAsync(_at.FirstAccount, Cancel), Cancel);
        _at.Variables["TANDEM_SERVER"] = _server.Url;
        _at.Variables["TANDEM_STATE"] = Path.Combine(_at.Root, "state");
        Sid = Value("TWILIO_ACCOUNT_SID");
        KeepToken();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _at.Dispose();
    }

    private string Sid { get; set; } = "";

    [Fact]
    public async Task A_rotation_tells_its_steps_on_standard_error_and_its_outcome_on_standard_output()
    {
        var said = await TandemAsync("rotate", "--dotenv", ".env", "--yes", "--force");

        Assert.Equal(0, said.ExitCode);
        Assert.Matches("^ACCOUNT +OUTCOME +OLD +NEW\nAC[0-9a-f]{32} +rotated +[0-9a-f]{4} +[0-9a-f]{4}\n$", said.Out);
        Assert.Matches(
            "^account   AC[0-9a-f]{32}   at http://127.0.0.1:\\d+\nplan      none, 1 destination\n  1  preflight  .* is the primary, no secondary, 1 destination writable   ok   .*\n"
            + "  2  create     secondary [0-9a-f]{4}   ok .*\n  3  deliver    dotenv .*/.env   1 key set   ok .*\n  4  watch      .*\n", said.Error);
        Assert.Matches("  5  promote    [0-9a-f]{4} is dead, [0-9a-f]{4} is the primary   ok .*\n  7  verify     .*\nrotated in .*  report: /", said.Error);
        Assert.DoesNotContain('\u001b', said.Error);
        Assert.Equal((200, 401), (await CheckAsync(Value("TWILIO_AUTH_TOKEN")), await CheckAsync(_tokens.First())));
        AssertSilent(said);
    }

    [Fact]
    public async Task In_json_each_event_is_a_line()
    {
        var said = await TandemAsync("rotate", "--dotenv", ".env", "--yes", "--force", "-o", "json");

        Assert.Equal(0, said.ExitCode);
        var steps = said.Out.TrimEnd('\n').Split('\n').Select(line => JsonElement.Parse(line).GetProperty("step").GetString()).Distinct();
        Assert.Equal(["preflight", "create", "deliver", "watch", "promote", "verify"], steps);
        AssertSilent(said);
    }

    [Fact]
    public async Task A_script_must_say_yes_before_anything_is_made()
    {
        var said = await TandemAsync("rotate", "--dotenv", ".env");
        Assert.Equal(2, said.ExitCode);
        Assert.Contains("--yes", said.Error, StringComparison.Ordinal);
        Assert.Equal("none", await SecondaryAsync());
    }

    [Fact]
    public async Task Time_that_runs_out_is_8_and_the_rotation_goes_on_or_back()
    {
        var pending = await TandemAsync("rotate", "--dotenv", ".env", "--yes", "--timeout", "1s");
        Assert.Equal(8, pending.ExitCode);
        KeepToken();
        var status = await TandemAsync("rotate", "status", "-o", "tsv");
        Assert.Matches($"^ACCOUNT\tAT\tSTEP.*\n{Sid}\t{_server.Url}\twatching\t[0-9a-f]{{4}}\t[0-9a-f]{{4}}\t.*\tno\n$", status.Out);

        var back = await TandemAsync("rotate", "abort", "--dotenv", ".env", "--yes");

        Assert.Equal(0, back.ExitCode);
        Assert.Equal("none", await SecondaryAsync());
        Assert.Equal(200, await CheckAsync(Value("TWILIO_AUTH_TOKEN")));
        Assert.Equal("no rotation is unfinished\n", (await TandemAsync("rotate", "status")).Error);
        Assert.Equal(5, (await TandemAsync("rotate", "abort", "--dotenv", ".env", "--yes")).ExitCode);
        AssertSilent(pending, status, back);
    }

    [Fact]
    public async Task A_promote_guard_is_waited_for_until_it_is_8_and_force_goes_by_it()
    {
        await PlanAsync("[watch]\nrequire = \"none\"\n[[destination]]\ntype = \"dotenv\"\npath = \".env\"\n");
        using (var client = Client.TandemClient.OverSocket(Path.Combine(_at.Data, "admin.sock")))
        {
            await client.SetPromoteGuardAsync(Sid, new() { PromoteGuard = "enforce" }, Cancel);
        }

        var pending = await TandemAsync("rotate", "--yes", "--timeout", "1s");
        Assert.Equal(8, pending.ExitCode);
        Assert.Contains("the account's promote guard is on", pending.Error, StringComparison.Ordinal);
        KeepToken();

        var forced = await TandemAsync("rotate", "--yes", "--force");
        Assert.Equal(0, forced.ExitCode);
        Assert.Equal((200, 401), (await CheckAsync(Value("TWILIO_AUTH_TOKEN")), await CheckAsync(_tokens.First())));
        Assert.Contains("promoted by force", (await TandemAsync("audit", Sid)).Out.Replace('_', ' '), StringComparison.Ordinal);
        AssertSilent(pending, forced);
    }

    [Fact]
    public async Task A_failed_destination_is_6_a_wrong_token_4_and_a_foreign_secondary_5()
    {
        await PlanAsync("[[destination]]\ntype = \"command\"\nrun = [\"grep\", \"rollback\"]\n");
        var failed = await TandemAsync("rotate", "--dotenv", ".env", "--yes");
        Assert.Equal(6, failed.ExitCode);
        Assert.Contains("nothing is broken", failed.Error, StringComparison.Ordinal);
        KeepToken();
        Assert.Equal(0, (await TandemAsync("rotate", "abort", "--dotenv", ".env", "--yes")).ExitCode);

        await File.WriteAllTextAsync(Path.Combine(_at.Root, "wrong"), new string('a', 32) + "\n", Cancel);
        Assert.Equal(4, (await TandemAsync("rotate", "--dotenv", ".env", "--yes", "--token-file", "wrong")).ExitCode);

        await TandemAsync("token", "create", Sid, "--token-file", "theirs");
        var foreign = await TandemAsync("rotate", "--dotenv", ".env", "--yes");
        Assert.Equal(5, foreign.ExitCode);
        Assert.Contains("--replace-secondary", foreign.Error, StringComparison.Ordinal);
        AssertSilent(failed, foreign);
    }

    [Fact]
    public async Task A_dry_run_and_a_plan_show_masked_changes_and_change_nothing()
    {
        await PlanAsync("[[destination]]\ntype = \"dotenv\"\npath = \".env\"\nset = { TWILIO_AUTH_TOKEN = \"new\", TWILIO_AUTH_TOKEN_ALT = \"old\" }\nafter = [\"true\"]\n");
        var before = await File.ReadAllTextAsync(EnvFile, Cancel);

        var dry = await TandemAsync("rotate", "--dry-run");
        var plan = await TandemAsync("rotate", "plan");
        var json = JsonElement.Parse((await TandemAsync("rotate", "plan", "--json")).Out);

        Assert.Equal((0, dry.Out), (plan.ExitCode, plan.Out));
        Assert.Matches("    - TWILIO_AUTH_TOKEN=\\[token [0-9a-f]{4}\\]\n    \\+ TWILIO_AUTH_TOKEN=\\[the new token\\]\n    \\+ TWILIO_AUTH_TOKEN_ALT=\\[token [0-9a-f]{4}\\]\n    runs true\n", plan.Out);
        Assert.Equal("dotenv", json.GetProperty("destinations")[0].GetProperty("type").GetString());
        Assert.Equal(before, await File.ReadAllTextAsync(EnvFile, Cancel));
        Assert.Equal("none", await SecondaryAsync());
        AssertSilent(dry, plan);
    }

    [Fact]
    public async Task Each_setting_is_shown_with_where_it_came_from()
    {
        await PlanAsync("[watch]\nsoak = \"90s\"\n[[destination]]\ntype = \"dotenv\"\npath = \".env\"\n");
        var shown = await TandemAsync("config", "show", "-o", "tsv");
        Assert.Contains($"account\t{Sid}\tdotenv {EnvFile}\n", shown.Out, StringComparison.Ordinal);
        Assert.Contains($"server\t{_server.Url}\tTANDEM_SERVER\n", shown.Out, StringComparison.Ordinal);
        Assert.Contains("watch.soak\t1 min 30 s\tplan\n", shown.Out, StringComparison.Ordinal);
        Assert.Matches("token\tfingerprint [0-9a-f]{4}\tdotenv ", shown.Out);
        Assert.Equal(0, (await TandemAsync("config", "validate")).ExitCode);
        Assert.Equal(0, (await TandemAsync("destination", "test")).ExitCode);
        Assert.Matches("^TYPE +NAME .*\ndotenv +/", (await TandemAsync("destination", "list")).Out);
        await PlanAsync("[[destination]]\ntype = \"dotenv\"\npath = \"absent\"\n");
        Assert.Equal(6, (await TandemAsync("destination", "test")).ExitCode);
        await PlanAsync("[watc]\n");
        var wrong = await TandemAsync("config", "validate");
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("Did you mean watch?", wrong.Error, StringComparison.Ordinal);
        AssertSilent(shown, wrong);
    }

    [Fact]
    public async Task What_is_missing_or_contradicts_itself_is_2_with_the_flag_to_give()
    {
        foreach (var (variables, arguments, told) in new (string[], string[], string)[]
        {
            ([], ["--dotenv", ".env", "--twilio", "--server", "http://127.0.0.1:1"], "Keep one"),
            ([], ["--dotenv", ".env", "--server", "ftp://x"], "is not a server address"),
            ([$"TWILIO_ACCOUNT_SID=AC{new string('1', 32)}"], [Sid, "--dotenv", ".env"], "Two accounts are named"),
            (["TWILIO_AUTH_TOKEN=x", "TWILIO_AUTH_TOKEN_FILE=y"], ["--dotenv", ".env"], "Both TWILIO_AUTH_TOKEN and TWILIO_AUTH_TOKEN_FILE are set"),
            ([$"TWILIO_AUTH_TOKEN={Value("TWILIO_AUTH_TOKEN")}\n"], ["--dotenv", ".env"], "this is 33"),
            (["TWILIO_API_KEY=SK1"], [Sid], "API keys may not"),
            ([], ["--dotenv", ".env", "--timeout", "soon"], "--timeout is a time"),
            ([], [Sid[..10]], "is no Account SID"),
            ([], [], "Which account?"),
        })
        {
            var said = await TandemAsync(variables, ["rotate", "--yes", .. arguments]);
            Assert.Equal(2, said.ExitCode);
            Assert.Contains(told, said.Error, StringComparison.Ordinal);
            AssertSilent(said);
        }
    }

    [Fact]
    public async Task On_a_terminal_it_asks_and_what_breaks_something_is_typed()
    {
        var old = Fingerprint(await TandemAsync("config", "show", "--dotenv", ".env"));
        var declined = await _at.OnTerminalAsync("no\n", "rotate", "--dotenv", ".env", "--force");
        Assert.Equal(3, declined.ExitCode);
        Assert.Contains($"Type {old}, the token that stops working, to go on:", declined.Out, StringComparison.Ordinal);
        KeepToken();

        var accepted = await _at.OnTerminalAsync($"{old}\n", "rotate", "--dotenv", ".env", "--force");

        Assert.Equal(0, accepted.ExitCode);
        Assert.Contains("\u001b[32mok\u001b[0m", accepted.Out, StringComparison.Ordinal);
        Assert.Contains("found a rotation of", accepted.Out, StringComparison.Ordinal);
        AssertSilent(declined, accepted);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(120)]
    public async Task A_line_that_is_replaced_fits_the_terminal(int columns)
    {
        var program = string.Join(' ', Workspace.Program);
        var said = await _at.BashAsync($"script -qefc 'stty cols {columns}; NO_COLOR=1 {program} rotate --dotenv .env --timeout 2s'  /dev/null");
        Assert.Equal(8, said.ExitCode);
        var passing = Regex.Matches(said.Out, "\n(?<text>[^\r\n]*)\r\u001b\\[K", RegexOptions.ExplicitCapture);
        Assert.NotEmpty(passing);
        Assert.All(passing, line => Assert.True(line.Groups["text"].Value.Length < columns, line.Groups["text"].Value));
        Assert.DoesNotMatch("\u001b\\[\\d+m", said.Out);
        AssertSilent(said);
    }

    [Fact]
    public async Task Twilio_is_rotated_through_a_proxy_that_stands_in_for_it()
    {
        var proxy = TwilioProxy().Match(_server.Welcome);
        var (address, ca) = (proxy.Groups["proxy"].Value, proxy.Groups["ca"].Value);
        string[] twilio = [$"HTTPS_PROXY=http://{address}", $"SSL_CERT_FILE={ca}", "SSL_CERT_DIR=/nowhere"];

        var said = await TandemAsync(twilio, ["rotate", "--twilio", "--region", "ie1", "--edge", "dublin", "--dotenv", ".env", "--yes", "--soak", "0"]);

        Assert.Equal(0, said.ExitCode);
        Assert.Contains("at https://accounts.dublin.ie1.twilio.com (ie1)", said.Error, StringComparison.Ordinal);
        Assert.Contains("whether a secondary exists cannot be read on Twilio", said.Error, StringComparison.Ordinal);
        Assert.Contains("Twilio does not report who uses a token", said.Error, StringComparison.Ordinal);
        Assert.Equal((200, 401), (await CheckAsync(Value("TWILIO_AUTH_TOKEN")), await CheckAsync(_tokens.First())));

        await TandemAsync("token", "create", Sid, "--token-file", "theirs");
        var foreign = await TandemAsync(twilio, ["rotate", "--twilio", "--dotenv", ".env", "--yes", "--soak", "0"]);
        Assert.Equal(5, foreign.ExitCode);
        Assert.Contains("Twilio tells nobody whose it is", foreign.Error, StringComparison.Ordinal);
        AssertSilent(said, foreign);
    }

    [Fact]
    public async Task A_file_that_is_mounted_by_itself_is_rewritten_where_it_is()
    {
        await File.WriteAllTextAsync(Path.Combine(_at.Root, "mounted"), "", Cancel);
        var program = string.Join(' ', Workspace.Program);
        var said = await _at.BashAsync($"unshare --mount --map-root-user sh -c 'mount --bind .env mounted && exec {program} rotate --dotenv mounted --yes --force'");

        Assert.True(said.ExitCode == 0, said.Error);
        Assert.Equal((200, 401), (await CheckAsync(Value("TWILIO_AUTH_TOKEN")), await CheckAsync(_tokens.First())));
        Assert.Equal(0, new FileInfo(Path.Combine(_at.Root, "mounted")).Length);
    }

    private Task<Said> TandemAsync(params string[] arguments) => _at.TandemAsync(arguments);

    private async Task<Said> TandemAsync(string[] variables, string[] arguments)
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

        KeepToken();
        return said;
    }

    private async Task<string> SecondaryAsync() => SecondaryRow().Match((await TandemAsync("token", "show", Sid)).Out).Groups["token"].Value;

    private async Task<int> CheckAsync(string token)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"{Sid}:{token}")));
        using var answer = await http.GetAsync(new Uri($"{_server.Url}/2010-04-01/Accounts/{Sid}.json"), Cancel);
        return (int)answer.StatusCode;
    }

    private Task PlanAsync(string toml) => File.WriteAllTextAsync(Path.Combine(_at.Root, "tandem.toml"), toml, Cancel);

    private string Value(string key) => File.ReadAllLines(EnvFile).Last(l => l.StartsWith(key + "=", StringComparison.Ordinal))[(key.Length + 1)..];

    private void KeepToken() => _tokens.Add(Value("TWILIO_AUTH_TOKEN"));

    private static string Fingerprint(Said said) => ShownFingerprint().Match(said.Out).Groups["token"].Value;

    /// <summary>Nothing that was said holds a token, whether it is dead by now or not.</summary>
    private void AssertSilent(params Said[] all)
    {
        KeepToken();
        Assert.All(all, said => Assert.All(_tokens, token => Assert.DoesNotContain(token, said.Out + said.Error, StringComparison.Ordinal)));
    }

    [GeneratedRegex(@"at (?<proxy>[\d.]+:\d+); its CA (?<ca>\S+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TwilioProxy();

    [GeneratedRegex("secondary +(?<token>\\w+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SecondaryRow();

    [GeneratedRegex("fingerprint (?<token>[0-9a-f]{4})", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ShownFingerprint();
}
