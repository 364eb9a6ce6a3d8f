using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Tandem.Client;
using Tandem.Testing;
using Xunit;

namespace Tandem.Cli.Tests;

/// <summary><c>tandem consumers</c>, <c>tandem usage</c> and the verdict of <c>tandem token show</c>: who still uses the old token?</summary>
public sealed class ConsumersTests : IAsyncLifetime
{
    private readonly Workspace _at = new();
    private RunningServer _server = null!;
    private TandemClient _client = null!;
    private AccountCreatedInfo _account = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync(_at, "--quiet-time", "1s");
        _client = TandemClient.OverSocket(Path.Combine(_at.Data, "admin.sock"));
        _account = await _client.CreateAccountAsync(new());
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        _at.Dispose();
    }

    [Fact]
    public async Task From_no_secondary_to_ready_the_verdict_and_the_next_command_are_told()
    {
        await ShowsAsync("there is no secondary token to move to", $"next: tandem token create {_account.Sid}");
        var secondary = await _client.CreateSecondaryAsync(_account.Sid, TestContext.Current.CancellationToken);
        await ShowsAsync($"unknown: nobody has been seen to use the primary {_account.Fingerprint} yet", $"next: tandem consumers {_account.Sid}");
        await CallAsync("billing", _account.AuthToken);
        await UntilAsync("unknown");
        await ShowsAsync($"unknown: 1 of 1 consumer used the primary {_account.Fingerprint} and may come back with it: billing (none) on billing.example.com", "--stale");
        await CallAsync("billing", secondary.AuthToken);
        await ShowsAsync(
            $"ready: everyone who used the primary {_account.Fingerprint} (1 consumer) has moved to {secondary.Fingerprint} or is gone, and nobody has used the primary for 1 second",
            $"next: tandem token promote {_account.Sid}");
    }

    [Fact]
    public async Task The_table_is_data_and_the_rest_goes_to_standard_error()
    {
        var secondary = await _client.CreateSecondaryAsync(_account.Sid, TestContext.Current.CancellationToken);
        await CallAsync("billing", _account.AuthToken);
        await CallAsync("cron", _account.AuthToken);
        await UntilAsync("unknown");
        await CallAsync("billing", secondary.AuthToken);

        var all = await _at.TandemAsync("consumers", _account.Sid);
        Assert.Equal(0, all.ExitCode);
        var lines = all.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Matches("^CONSUMER +STANDING +ON PRIMARY +ON SECONDARY +RHYTHM +ID$", lines[0]);
        Assert.Matches(@"^cron \(none\) on billing.example.com +silent +\d+ seconds? ago \(1\) +never +not known yet +[0-9a-f]{16}$", lines[1]);
        Assert.Matches(@"^billing \(none\) on billing.example.com +moved +\d+ seconds? ago \(1\) +(\d+ seconds? ago|just now) \(1\) ", lines[2]);
        Assert.Equal(3, lines.Length);
        Assert.StartsWith("unknown: 1 of 2 consumers used the primary", all.Error, StringComparison.Ordinal);
        Assert.Contains($"next: wait until they call with {secondary.Fingerprint}. If one calls no more: tandem consumers gone {_account.Sid} CONSUMER", all.Error, StringComparison.Ordinal);

        var stale = await _at.TandemAsync("consumers", _account.Sid, "--stale");
        Assert.Equal(2, stale.Out.Count(c => c == '\n'));
        Assert.Contains("cron", stale.Out, StringComparison.Ordinal);
        var json = await _at.TandemAsync("consumers", _account.Sid, "--stale", "--json");
        Assert.Equal(("", "cron"), (json.Error, JsonElement.Parse(json.Out).GetProperty("consumers")[0].GetProperty("client_name").GetString()));
        Assert.DoesNotContain(_account.AuthToken, all.Out + all.Error + json.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_consumer_is_named_expected_and_marked_gone_by_its_name_or_its_id()
    {
        var secondary = await _client.CreateSecondaryAsync(_account.Sid, TestContext.Current.CancellationToken);
        await CallAsync("cron", _account.AuthToken);
        await UntilAsync("unknown");

        Assert.Equal(0, (await _at.TandemAsync("consumers", "name", _account.Sid, "cron", "Nightly report")).ExitCode);
        var expected = await _at.TandemAsync("consumers", "expect", _account.Sid, "Nightly report", "24h", "--json");
        Assert.Equal(86_400, JsonElement.Parse(expected.Out).GetProperty("expected_every").GetInt32());
        var listed = await _at.TandemAsync("consumers", _account.Sid);
        Assert.Matches(@"Nightly report +silent +.* every 24 hours \(as decided\), due 20", listed.Out);
        var id = listed.Out.Trim()[^16..];

        var gone = await _at.TandemAsync("consumers", "gone", _account.Sid, id[..6]);
        Assert.Equal(0, gone.ExitCode);
        Assert.Matches($"^{id} is called Nightly report, expected every 24 hours, gone since 20..-", gone.Error);
        Assert.StartsWith("ready: ", (await _at.TandemAsync("consumers", _account.Sid)).Error, StringComparison.Ordinal);
        await _at.TandemAsync("consumers", "gone", _account.Sid, id, "--undo");
        Assert.StartsWith("unknown: ", (await _at.TandemAsync("consumers", _account.Sid)).Error, StringComparison.Ordinal);
        await _at.TandemAsync("consumers", "expect", _account.Sid, id, "auto");
        var plain = await _at.TandemAsync("consumers", "name", _account.Sid, id, "");
        Assert.Contains($"{id} is not named, expected as its calls tell", plain.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await _at.TandemAsync("audit", _account.Sid)).ExitCode);
        Assert.NotNull(secondary);
    }

    [Theory]
    [InlineData("nobody", 5, "No consumer of this account is called 'nobody'")]
    [InlineData("", 5, "No consumer of this account is called ''")]
    public async Task An_unknown_consumer_is_refused(string consumer, int exitCode, string why)
    {
        var said = await _at.TandemAsync("consumers", "gone", _account.Sid, consumer);
        Assert.Equal(exitCode, said.ExitCode);
        Assert.Contains(why, said.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name", "a\u001b[2Jb", "no control characters")]
    [InlineData("expect", "5y", "no length of time")]
    [InlineData("expect", "0s", "no length of time")]
    [InlineData("expect", "400d", "no length of time")]
    public async Task What_cannot_be_decided_is_a_wrong_command_line(string verb, string value, string why)
    {
        var said = await _at.TandemAsync("consumers", verb, _account.Sid, new string('0', 16), value);
        Assert.Equal(2, said.ExitCode);
        Assert.Contains(why, said.Error, StringComparison.Ordinal);
        Assert.Single((await _client.GetAuditAsync(_account.Sid, cancel: TestContext.Current.CancellationToken)).Entries);
    }

    [Fact]
    public async Task A_name_that_two_share_is_not_guessed_at()
    {
        foreach (var id in (string[])[new string('0', 16), new string('1', 16)])
        {
            await _client.DecideAsync(_account.Sid, id, new() { Name = "twin" }, TestContext.Current.CancellationToken);
        }

        await CallAsync("a", _account.AuthToken);
        await CallAsync("b", _account.AuthToken);
        foreach (var consumer in (await _client.GetConsumersAsync(_account.Sid, TestContext.Current.CancellationToken)).Consumers)
        {
            await _client.DecideAsync(_account.Sid, consumer.Id, new() { Name = "twin" }, TestContext.Current.CancellationToken);
        }

        var said = await _at.TandemAsync("consumers", "gone", _account.Sid, "twin");
        Assert.Equal(5, said.ExitCode);
        Assert.Matches("^'twin' may be [0-9a-f]{16} or [0-9a-f]{16}. Nothing was changed.", said.Error);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Watching_through_a_pipe_tells_each_change_once_until_Ctrl_C(bool json)
    {
        using var limit = new CancellationTokenSource(Workspace.Limit);
        var secondary = await _client.CreateSecondaryAsync(_account.Sid, limit.Token);
        using var watch = _at.Start([.. Workspace.Program, "consumers", _account.Sid, "--watch", .. json ? ["--json"] : (string[])[]]);
        await SeesAsync(json ? "\"reason\":\"no_consumer_seen\"" : "unknown: nobody has been seen");
        await CallAsync("billing", _account.AuthToken);
        await SeesAsync(json ? "\"standing\":\"silent\"" : "  silent"); // "on the primary" is over so soon that it may not be seen
        await CallAsync("billing", secondary.AuthToken);
        await SeesAsync(json ? "\"standing\":\"moved\"" : "moved, was silent  billing");
        if (!json)
        {
            await SeesAsync("  ready: everyone who used");
        }

        using (var interrupt = System.Diagnostics.Process.Start("kill", ["-INT", $"{watch.Id}"]))
        {
            await interrupt.WaitForExitAsync(limit.Token);
        }

        Assert.Equal("", await watch.StandardOutput.ReadToEndAsync(limit.Token)); // nothing came twice
        await watch.WaitForExitAsync(limit.Token);
        Assert.Equal(130, watch.ExitCode);

        async Task SeesAsync(string what)
        {
            while (await watch.StandardOutput.ReadLineAsync(limit.Token) is { } line && !line.Contains(what, StringComparison.Ordinal))
            {
                Assert.True(json ? line.StartsWith('{') : line.StartsWith("20", StringComparison.Ordinal), line);
            }
        }
    }

    [Fact]
    public async Task Watching_on_a_terminal_draws_the_table_anew()
    {
        await CallAsync("billing", _account.AuthToken);
        _at.Variables["TERM"] = "xterm";
        var drawn = await _at.AnswerAsync([("next: ", ""), ("\e[H\e[J", ""), ("next: ", "\u0003")], "consumers", _account.Sid, "--watch");
        Assert.Equal(130, drawn.ExitCode);
        Assert.Contains("billing (none) on billing.example.com", drawn.Out, StringComparison.Ordinal);
        Assert.Contains("next: tandem token create", drawn.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Usage_and_late_use_are_told()
    {
        var secondary = await _client.CreateSecondaryAsync(_account.Sid, TestContext.Current.CancellationToken);
        await CallAsync("billing", _account.AuthToken);
        await CallAsync("billing", secondary.AuthToken);
        await CallAsync("billing", secondary.AuthToken);
        var usage = await _at.TandemAsync("usage", _account.Sid);
        Assert.Matches($"primary +{_account.Fingerprint} +1 +1 +1 +20", usage.Out);
        Assert.Matches($"secondary +{secondary.Fingerprint} +2 +2 +2 +20", usage.Out);
        Assert.StartsWith("counting since 20", usage.Error, StringComparison.Ordinal);
        Assert.Equal(2, JsonElement.Parse((await _at.TandemAsync("usage", _account.Sid, "--json")).Out).GetProperty("secondary").GetProperty("calls").GetInt32());

        await _client.PromoteAsync(_account.Sid, new(), TestContext.Current.CancellationToken);
        await CallAsync("cron", _account.AuthToken, accepted: false);
        var late = await _at.TandemAsync("usage", _account.Sid, "--late");
        Assert.Matches($"^TOKEN +RETIRED +CONSUMER +REFUSED CALLS +FIRST +LAST\n{_account.Fingerprint} +20.*Z +cron \\(none\\) on billing.example.com +1 +20", late.Out);
        Assert.Equal(1, JsonElement.Parse((await _at.TandemAsync("usage", _account.Sid, "--late", "--json")).Out).GetProperty("entries").GetArrayLength());
    }

    [Fact]
    public async Task The_question_before_a_promote_names_who_would_break()
    {
        await _client.CreateSecondaryAsync(_account.Sid, TestContext.Current.CancellationToken);
        await CallAsync("cron", _account.AuthToken);
        var asked = await _at.OnTerminalAsync("n\n", "token", "promote", _account.Sid);
        Assert.Equal(3, asked.ExitCode);
        Assert.Contains("cron (none) on billing.example.com (", asked.Out, StringComparison.Ordinal);
    }

    private async Task ShowsAsync(string verdict, string next)
    {
        var said = await _at.TandemAsync("token", "show", _account.Sid);
        Assert.StartsWith(verdict, said.Error, StringComparison.Ordinal);
        Assert.Contains(next, said.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(verdict, said.Out, StringComparison.Ordinal);
    }

    private Task UntilAsync(string state) =>
        Until.TrueAsync(async () => (await _client.GetReadinessAsync(_account.Sid)).State == state);

    private async Task CallAsync(string name, string token, bool accepted = true)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{_server.Url}/auth/forward"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{_account.Sid}:{token}")));
        request.Headers.Add("X-Client-Name", name);
        request.Headers.Add("X-Forwarded-Host", "billing.example.com");
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(accepted, answer.IsSuccessStatusCode);
    }
}
