using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Tandem.Cli.Tests;

/// <summary><c>tandem rotate --all-subaccounts</c>, with as many as a reseller has.</summary>
public sealed class RotateFleetTests : IAsyncLifetime
{
    private const int Many = 200;

    private readonly Workspace _at = new() { Patience = TimeSpan.FromMinutes(3) };
    private readonly Dictionary<string, string> _first = new(StringComparer.Ordinal);
    private readonly HttpClient _http = new();
    private RunningServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IReadOnlyList<string> Sids => [.. _first.Keys];

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync(_at);
        foreach (var line in await File.ReadAllLinesAsync(_at.FirstAccount, Cancel))
        {
            _at.Variables[line.Split('=')[0]] = line.Split('=')[1];
        }

        _at.Variables["TANDEM_SERVER"] = _server.Url;
        _at.Variables["TANDEM_STATE"] = Path.Combine(_at.Root, "state");
        Directory.CreateDirectory(Path.Combine(_at.Root, "tenants"));
        await File.WriteAllTextAsync(Path.Combine(_at.Root, "tandem.toml"), """
            [watch]
            require = "none"

            [[destination]]
            type = "dotenv"
            path = "tenants/{sid}.env"
            verify = ["test", "!", "-e", "broken-{sid}"]
            """, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
        _at.Dispose();
    }

    [Fact]
    public async Task Two_hundred_stop_at_the_one_that_fails_and_go_on_when_it_is_mended()
    {
        await CreateAsync(Many);
        var bad = Sids[Many / 2];
        await File.WriteAllTextAsync(Path.Combine(_at.Root, $"broken-{bad}"), "", Cancel);

        var stopped = await _at.TandemAsync("rotate", "--all-subaccounts", "--yes", "--parallel", "8", "-o", "json");

        Assert.True(stopped.ExitCode == 6, stopped.Error);
        var summary = JsonElement.Parse(stopped.Out.TrimEnd('\n').Split('\n')[^1]);
        var outcomes = summary.GetProperty("accounts").EnumerateArray().ToDictionary(a => a.GetProperty("account_sid").GetString()!, a => a.GetProperty("outcome").GetString()!);
        var rotated = outcomes.Where(o => o.Value == "rotated").Select(o => o.Key).ToHashSet(StringComparer.Ordinal);
        Assert.Equal(Many, outcomes.Count);
        Assert.Equal([bad], outcomes.Where(o => o.Value == "failed").Select(o => o.Key));
        Assert.InRange(rotated.Count, (Many / 2) - 8, (Many / 2) + 8);
        Assert.Equal(rotated.Count, summary.GetProperty("rotated").GetInt32());
        Assert.InRange(outcomes.Values.Count(o => o == "held"), 0, 7);
        Assert.True(outcomes.Values.Count(o => o == "not_begun") >= (Many / 2) - 16, stopped.Error);
        Assert.Matches($"Stopped at the first that failed: dotenv .*{bad}.env failed:", stopped.Error);
        Assert.Contains($"tandem rotate --all-subaccounts — without it: --select sid!={bad}", stopped.Error, StringComparison.Ordinal);
        await AssertEachHasOneThatWorksAsync(rotated);

        File.Delete(Path.Combine(_at.Root, $"broken-{bad}"));
        var done = await _at.TandemAsync("rotate", "--all-subaccounts", "--yes", "--parallel", "8");

        Assert.True(done.ExitCode == 0, done.Error);
        Assert.Equal(rotated.Count, Regex.Count(done.Out, " rotated_before ", RegexOptions.None, TimeSpan.FromSeconds(5)));
        Assert.Equal(Many - rotated.Count, Regex.Count(done.Out, " rotated ", RegexOptions.None, TimeSpan.FromSeconds(5)));
        Assert.Contains($"{Many} of {Many} accounts rotated", done.Error, StringComparison.Ordinal);
        await AssertEachHasOneThatWorksAsync(Sids.ToHashSet(StringComparer.Ordinal));
        Assert.All(Sids, sid => Assert.Equal(1, PromotesOf(sid).GetAwaiter().GetResult()));
        Assert.Empty(Directory.EnumerateFiles(_at.Variables["TANDEM_STATE"], "*.fleet"));
        Assert.Empty(Directory.EnumerateFiles(_at.Variables["TANDEM_STATE"], "*.state"));
        AssertSilent(stopped, done);
    }

    [Fact]
    public async Task A_preview_lists_them_and_changes_nothing_and_a_selection_chooses()
    {
        await CreateAsync(4);
        await File.AppendAllTextAsync(Path.Combine(_at.Root, "tandem.toml"), $"\n[[subaccount]]\nsid = \"{Sids[0]}\"\nlabels = {{ tier = \"gold\" }}\n", Cancel);
        File.Delete(EnvOf(Sids[3]));

        var all = await _at.TandemAsync("rotate", "plan", "--all-subaccounts", "-o", "tsv");
        Assert.Equal(5, all.ExitCode);
        Assert.Equal(5, all.Out.TrimEnd('\n').Split('\n').Length);
        Assert.Contains("1 of 4 would stop the fleet", all.Error, StringComparison.Ordinal);
        var some = await _at.TandemAsync("rotate", "--dry-run", "--all-subaccounts", "--select", "name=Tenant 00*", "--select", $"sid!={Sids[3]}", "-o", "json");
        Assert.Equal((0, 3), (some.ExitCode, JsonElement.Parse(some.Out).GetArrayLength()));

        var gold = await _at.TandemAsync("rotate", "--all-subaccounts", "--select", "tier=gold", "--yes");
        Assert.True(gold.ExitCode == 0, gold.Error);
        Assert.Matches("^ACCOUNT +NAME +OUTCOME +OLD +NEW +SECONDS +DETAIL\n" + Sids[0] + " +Tenant 000 +rotated +[0-9a-f]{4} +[0-9a-f]{4} +[0-9.]+ +-\n$", gold.Out);
        Assert.Equal((1, 0, 0, 0), (await PromotesOf(Sids[0]), await PromotesOf(Sids[1]), await PromotesOf(Sids[2]), await PromotesOf(Sids[3])));
        AssertSilent(all, some, gold);
    }

    [Fact]
    public async Task Interrupted_it_ends_nothing_more_and_goes_on_where_it_was()
    {
        await CreateAsync(6);
        var plan = Path.Combine(_at.Root, "tandem.toml");
        await File.WriteAllTextAsync(plan, (await File.ReadAllTextAsync(plan, Cancel)).Replace("\"none\"", "\"all\"", StringComparison.Ordinal), Cancel);
        var program = string.Join(' ', Workspace.Program);

        // The first waits for a verdict that nobody's calls will bring.
        var interrupted = await _at.BashAsync($"{program} rotate --all-subaccounts --yes 2> said & pid=$!; until grep -q ' watch ' said; do sleep 0.05; done; kill -TERM $pid; wait $pid; code=$?; cat said >&2; exit $code");

        Assert.True(interrupted.ExitCode == 130, interrupted.Error);
        Assert.Matches("1 interrupted", interrupted.Error);
        Assert.Matches(" interrupted ", interrupted.Out);
        Assert.Contains("tandem rotate --all-subaccounts goes on with the fleet", (await _at.TandemAsync("rotate", "status")).Error, StringComparison.Ordinal);
        await AssertEachHasOneThatWorksAsync([]);
        await File.WriteAllTextAsync(plan, (await File.ReadAllTextAsync(plan, Cancel)).Replace("\"all\"", "\"none\"", StringComparison.Ordinal), Cancel);
        var done = await _at.TandemAsync("rotate", "--all-subaccounts", "--yes");
        Assert.True(done.ExitCode == 0, done.Error);
        await AssertEachHasOneThatWorksAsync(Sids.ToHashSet(StringComparer.Ordinal));
        AssertSilent(interrupted, done);
    }

    [Fact]
    public async Task What_makes_no_sense_is_2_and_changes_nothing()
    {
        await CreateAsync(2);
        foreach (var (arguments, told) in new (string[], string)[]
        {
            (["--select", "name=x"], "give --all-subaccounts as well"),
            (["--all-subaccounts", "--parallel", "0"], "--parallel is a number from 1"),
            (["--all-subaccounts", "--select", "name"], "selects nothing"),
            (["--all-subaccounts", "--select", "tier=gold"], "'tier' is neither sid nor name nor a label"),
            (["--all-subaccounts", "--select", "name=Nobody"], "None of the 2 active subaccounts"),
            (["--all-subaccounts", "--dotenv", "one.env"], "would be given the tokens of 2 accounts"),
        })
        {
            await File.WriteAllTextAsync(Path.Combine(_at.Root, "one.env"), "", Cancel);
            var said = await _at.TandemAsync(["rotate", "--yes", .. arguments]);
            Assert.True(said.ExitCode == 2, $"{string.Join(' ', arguments)}: {said.ExitCode} {said.Error}");
            Assert.Contains(told, said.Error, StringComparison.Ordinal);
        }

        await AssertEachHasOneThatWorksAsync([]);
    }

    /// <summary>Subaccounts with an env file each; every other file lacks the token, as of somebody whose token nobody holds.</summary>
    private async Task CreateAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            using var form = new FormUrlEncodedContent([new("FriendlyName", $"Tenant {i:000}")]);
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{_server.Url}/2010-04-01/Accounts.json") { Content = form };
            request.Headers.Authorization = Basic(_at.Variables["TWILIO_ACCOUNT_SID"], _at.Variables["TWILIO_AUTH_TOKEN"]);
            using var answer = await _http.SendAsync(request, Cancel);
            var made = JsonElement.Parse(await answer.Content.ReadAsStringAsync(Cancel));
            var (sid, token) = (made.GetProperty("sid").GetString()!, made.GetProperty("auth_token").GetString()!);
            _first[sid] = token;
            await File.WriteAllTextAsync(EnvOf(sid), $"NAME=tenant{i}\n" + (i % 2 == 0 ? $"TWILIO_ACCOUNT_SID={sid}\nTWILIO_AUTH_TOKEN={token}\n" : ""), Cancel);
        }
    }

    private string EnvOf(string sid) => Path.Combine(_at.Root, "tenants", $"{sid}.env");

    private string? TokenIn(string sid) => File.ReadAllLines(EnvOf(sid)).LastOrDefault(l => l.StartsWith("TWILIO_AUTH_TOKEN=", StringComparison.Ordinal))?["TWILIO_AUTH_TOKEN=".Length..];

    /// <summary>What the files hold works; of those that were rotated the first token is dead, and of all others it works still.</summary>
    private async Task AssertEachHasOneThatWorksAsync(HashSet<string> rotated)
    {
        foreach (var (sid, first) in _first)
        {
            Assert.Equal((sid, rotated.Contains(sid) ? 401 : 200), (sid, await CheckAsync(sid, first)));
            if (TokenIn(sid) is { } token)
            {
                Assert.Equal((sid, 200), (sid, await CheckAsync(sid, token)));
            }
        }
    }

    private async Task<int> CheckAsync(string sid, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{_server.Url}/2010-04-01/Accounts/{sid}.json");
        request.Headers.Authorization = Basic(sid, token);
        using var answer = await _http.SendAsync(request, Cancel);
        return (int)answer.StatusCode;
    }

    private async Task<int> PromotesOf(string sid)
    {
        using var client = Client.TandemClient.OverSocket(Path.Combine(_at.Data, "admin.sock"));
        return (await client.GetAuditAsync(sid, cancel: Cancel)).Entries.Count(e => e.Action.StartsWith("secondary_promoted", StringComparison.Ordinal));
    }

    private static System.Net.Http.Headers.AuthenticationHeaderValue Basic(string sid, string token) => new("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{sid}:{token}")));

    /// <summary>Of all that was said, and of the files that were left, nothing holds a token, dead or alive.</summary>
    private void AssertSilent(params Said[] all)
    {
        var text = string.Concat(all.Select(s => s.Out + s.Error)) + string.Concat(Directory.EnumerateFiles(_at.Variables["TANDEM_STATE"], "*.json").Select(File.ReadAllText));
        var tokens = _first.Values.Concat(Sids.Where(s => File.Exists(EnvOf(s))).Select(TokenIn).OfType<string>()).Append(_at.Variables["TWILIO_AUTH_TOKEN"]).ToHashSet(StringComparer.Ordinal);
        Assert.True(tokens.Count > Sids.Count);
        Assert.DoesNotContain(tokens, token => text.Contains(token, StringComparison.Ordinal));
    }
}
