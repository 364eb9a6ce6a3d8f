using System.Text.Json;
using Tandem.Client;
using Xunit;

namespace Tandem.Cli.Tests;

/// <summary><c>tandem audit</c>: what was done, as it happened.</summary>
public sealed class AuditTests : IAsyncLifetime
{
    private readonly Workspace _at = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync(_at);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _at.Dispose();
    }

    [Fact]
    public async Task It_tells_oldest_first_what_was_done_by_whom_and_never_a_token()
    {
        using var client = TandemClient.OverSocket(Path.Combine(_at.Data, "admin.sock"));
        var account = await client.CreateAccountAsync(new() { FriendlyName = "Acme" }, TestContext.Current.CancellationToken);
        var secondary = await client.CreateSecondaryAsync(account.Sid, TestContext.Current.CancellationToken);
        await client.PromoteAsync(account.Sid, new(), TestContext.Current.CancellationToken);

        var said = await _at.TandemAsync("audit", account.Sid);

        var lines = said.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.Matches($@"^20..-..-..T..:..:..Z  {account.Sid}  account_created     {account.Fingerprint}  by operator uid \d+ from admin.sock$", lines[0]);
        Assert.Contains($"secondary_created   {secondary.Fingerprint}", lines[1], StringComparison.Ordinal);
        Assert.Contains($"secondary_promoted  {secondary.Fingerprint}", lines[2], StringComparison.Ordinal);
        Assert.DoesNotContain(account.AuthToken, said.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(secondary.AuthToken, said.Out, StringComparison.Ordinal);

        var newest = await _at.TandemAsync("audit", "-n", "1", "--json");
        Assert.Equal("secondary_promoted", JsonElement.Parse(newest.Out).GetProperty("action").GetString());
        Assert.Equal(4, (await _at.TandemAsync("audit")).Out.Count(c => c == '\n')); // the first account's as well
    }

    [Fact]
    public async Task Following_shows_what_happens_from_now_on()
    {
        using var limit = new CancellationTokenSource(Workspace.Limit);
        using var client = TandemClient.OverSocket(Path.Combine(_at.Data, "admin.sock"));
        using var follow = _at.Start([.. Workspace.Program, "audit", "--follow", "-n", "1"]);
        Assert.Matches("account_created .* by operator start from start", await follow.StandardOutput.ReadLineAsync(limit.Token));

        var account = await client.CreateAccountAsync(new(), limit.Token);

        var line = await follow.StandardOutput.ReadLineAsync(limit.Token);
        Assert.Contains(account.Sid, line, StringComparison.Ordinal);
        Assert.Contains("account_created", line, StringComparison.Ordinal);
        follow.Kill();
        await follow.WaitForExitAsync(limit.Token);
    }

    [Fact]
    public async Task Verify_computes_every_link_again_with_a_server_and_without_one()
    {
        using var client = TandemClient.OverSocket(Path.Combine(_at.Data, "admin.sock"));
        await client.CreateAccountAsync(new(), TestContext.Current.CancellationToken);
        Assert.Equal("The audit trail is whole: 2 entries, up to 2.\n", (await _at.TandemAsync("audit", "verify")).Out);

        await _server.StopAsync("KILL");
        Assert.Equal("The audit trail is whole: 2 entries, up to 2.\n", (await _at.TandemAsync("audit", "verify")).Out);
        await _at.BashAsync("sqlite3 tandem-data/tandem.db \"UPDATE audit SET actor = 'operator nobody' WHERE epoch = (SELECT max(epoch) FROM audit)\"");

        var said = await _at.TandemAsync("audit", "verify");
        Assert.Equal((7, ""), (said.ExitCode, said.Out));
        Assert.Matches(@"Entry 2 \(20..-..-..T..:..:..Z\): it was altered", said.Error);
        var json = JsonElement.Parse((await _at.TandemAsync("audit", "verify", "--json")).Out);
        Assert.Equal((false, 2, "altered"), (json.GetProperty("intact").GetBoolean(), json.GetProperty("break").GetProperty("number").GetInt32(), json.GetProperty("break").GetProperty("kind").GetString()));
    }

    [Fact]
    public async Task Verify_says_what_it_could_not_see_when_there_is_no_anchor()
    {
        await _server.StopAsync("TERM");
        Assert.True(JsonElement.Parse((await _at.TandemAsync("audit", "verify", "-o", "json")).Out).GetProperty("compared_with_anchor").GetBoolean());
        File.Delete($"{_at.Data}.anchor");

        var said = await _at.TandemAsync("audit", "verify");
        Assert.Equal(0, said.ExitCode);
        Assert.Matches(@"^The audit trail is whole: 1 entries, up to 1\.\nThere was no anchor to compare with, so newer entries could have been cut off unseen.* TANDEM_ANCHOR_FILE=FILE; .*\n$", said.Out);
        Assert.False(JsonElement.Parse((await _at.TandemAsync("audit", "verify", "-o", "json")).Out).GetProperty("compared_with_anchor").GetBoolean());
    }

    [Fact]
    public async Task Export_prints_everything_and_goes_on_from_where_an_earlier_one_ended()
    {
        using var client = TandemClient.OverSocket(Path.Combine(_at.Data, "admin.sock"));
        for (var i = 0; i < 1_100; i++)
        {
            await client.CreateAccountAsync(new(), TestContext.Current.CancellationToken);
        }

        static IEnumerable<int> Numbers(Said said) => said.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonElement.Parse(l).GetProperty("number").GetInt32());
        Assert.Equal(Enumerable.Range(1, 1_101), Numbers(await _at.TandemAsync("audit", "export")));
        Assert.Equal([1_100, 1_101], Numbers(await _at.TandemAsync("audit", "export", "--after", "1099")));
    }

    [Theory]
    [InlineData("audit export --after -1", 2)]
    [InlineData("audit ACnone", 2)]
    [InlineData("audit -n 0", 2)]
    [InlineData("audit AC00000000000000000000000000000000", 5)]
    public async Task What_cannot_be_asked_is_refused(string line, int exitCode) =>
        Assert.Equal(exitCode, (await _at.TandemAsync(line.Split(' '))).ExitCode);
}
