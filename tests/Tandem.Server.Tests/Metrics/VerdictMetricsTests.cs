using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Tandem.Server.Metrics;
using Tandem.Server.Tests.ForwardAuth;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Metrics;

/// <summary>Every presented credential is counted once, by who asked and what the verdict was.</summary>
public sealed class VerdictMetricsTests
{
    [Theory]
    [InlineData("nginx", "GET", Checks.Nginx)]
    [InlineData("forward", "GET", Checks.Forward)]
    [InlineData("envoy", "PUT", Checks.Envoy)]
    [InlineData("verify", "POST", Checks.Verify)]
    [InlineData("twilio", "GET", Calls.Accounts)]
    [InlineData("tandem", "GET", "/tandem/v1/accounts/AC00000000000000000000000000000000/tokens")]
    public async Task Each_verdict_of_each_endpoint_has_its_count(string endpoint, string method, string path)
    {
        await using var tandem = await TestTandem.StartAsync(new() { Options = o => o with { ThrottleSource = new(8, 1) }, Time = Calls.Clock() });
        var refused = (await tandem.RefusedAsync()).Values.ToList();
        var secondary = await tandem.CreateSecondaryAsync();
        using var listening = Measured.ListenTo(tandem);
        var before = listening.Read("tandem.verdicts");

        await tandem.SendAsync(method, path);
        await tandem.SendAsync(method, path);
        await tandem.SendAsync(method, path, r => r.As(secondary));
        await tandem.SendAsync(method, path, r => r.As(null));
        await tandem.SendAsync(method, path, r => r.As(null).With("Authorization", "Bearer x"));
        foreach (var credential in refused)
        {
            await tandem.SendAsync(method, path, r => r.As(credential));
        }

        await tandem.SendAsync(method, path, r => r.As(refused[0])); // the ninth failure, where eight are allowed
        var after = listening.Read("tandem.verdicts").ToDictionary(m => m.Key, m => m.Value - before.GetValueOrDefault(m.Key), StringComparer.Ordinal);
        Dictionary<string, double> expected = new(StringComparer.Ordinal)
        {
            [$"{endpoint}/valid/primary"] = 2,
            [$"{endpoint}/valid/secondary"] = 1,
            [$"{endpoint}/no_credential"] = 1,
            [$"{endpoint}/malformed"] = 1,
            [$"{endpoint}/unknown_account"] = 1,
            [$"{endpoint}/wrong_token"] = 5, // of a closed account no token is left that it could be
            [$"{endpoint}/suspended"] = 1,
            [$"{endpoint}/throttled"] = 1,
        };
        Assert.Equal(expected.OrderBy(m => m.Key, StringComparer.Ordinal), after.Where(m => m.Value != 0).OrderBy(m => m.Key, StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("nginx", "GET", Checks.Nginx)]
    [InlineData("forward", "GET", Checks.Forward)]
    [InlineData("envoy", "GET", Checks.Envoy)]
    [InlineData("verify", "POST", Checks.Verify)]
    public async Task A_check_that_could_not_be_made_is_unavailable_and_on_other_paths_a_fault(string endpoint, string method, string path)
    {
        await using var tandem = await TestTandem.StartAsync(new() { Services = s => s.AddSingleton(p => new Verifier(null!, p.GetRequiredService<DataKeys>())) });
        using var listening = Measured.ListenTo(tandem);

        await tandem.SendAsync(method, path);
        await tandem.SendAsync("GET", Calls.Accounts);

        Assert.Equal([KeyValuePair.Create($"{endpoint}/unavailable", 1.0)], listening.Read("tandem.verdicts"));
        Assert.Equal(1, listening.Read()["tandem.faults"]);
    }

    [Theory]
    [InlineData("forward", "GET", Checks.Forward)]
    [InlineData("verify", "POST", Checks.Verify)]
    public async Task A_paused_primary_is_neither_wrong_nor_throttled(string endpoint, string method, string path)
    {
        await using var tandem = await TestTandem.StartAsync(new() { Options = o => o with { ThrottleAccount = new(1, 1) }, Time = Calls.Clock() });
        await tandem.CreateSecondaryAsync();
        Assert.Equal(200, (await tandem.SendAsync("POST", $"/tandem/v1/accounts/{tandem.Account.Sid}/tokens/pause", r => r.Json("""{"seconds":60}"""))).Status);
        using var listening = Measured.ListenTo(tandem);
        for (var i = 0; i < 3; i++)
        {
            await tandem.SendAsync(method, path);
        }

        Assert.Equal(3, listening.Read()[$"tandem.verdicts/{endpoint}/paused"]);
        Assert.Equal(3, listening.Read("tandem.verdicts").Where(m => m.Key.StartsWith(endpoint, StringComparison.Ordinal)).Sum(m => m.Value));
    }

    [Fact]
    public async Task Late_use_and_how_the_counting_fares_have_metrics()
    {
        await using var tandem = await TestTandem.StartAsync();
        using var listening = Measured.ListenTo(tandem);
        var secondary = await tandem.CreateSecondaryAsync();
        await tandem.SendAsync("POST", Calls.Promote, r => r.As(secondary));

        await tandem.SendAsync("GET", Checks.Forward, r => r.As(secondary));
        await tandem.SendAsync("GET", Checks.Forward);
        await tandem.SendAsync("GET", Calls.Accounts);

        var read = listening.Read();
        Assert.Equal((2, 1), (read["tandem.late_uses"], read["tandem.usage.consumers"]));
        foreach (var silent in (string[])["tandem.usage.dropped/accepted", "tandem.usage.dropped/refused", "tandem.usage.not_told_apart", "tandem.usage.errors"])
        {
            Assert.Equal((silent, 0), (silent, read[silent]));
        }
    }

    [Fact]
    public async Task No_account_and_no_token_is_in_a_tag()
    {
        await using var tandem = await TestTandem.StartAsync();
        using var listening = Measured.ListenTo(tandem);
        foreach (var credential in (IEnumerable<TestCredential>)[tandem.Account, .. (await tandem.RefusedAsync()).Values])
        {
            await tandem.SendAsync("GET", Checks.Forward, r => r.As(credential).With("X-Client-Name", "nightly"));
        }

        var all = new StringBuilder().AppendJoin('\n', listening.Read().Keys).ToString();
        Assert.Contains("tandem.verdicts/forward/wrong_token", all, StringComparison.Ordinal);
        Assert.DoesNotMatch("AC[0-9a-f]{32}|[0-9a-f]{32}|nightly|127\\.0", all);
    }

    [Fact]
    public async Task Counting_from_many_threads_loses_nothing()
    {
        var counts = new VerdictCounts();
        const int Each = 500_000;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() =>
        {
            for (var n = 0; n < Each; n++)
            {
                counts.Add(i % 2 == 0 ? Family.Nginx : Family.Own, n % 2 == 0 ? VerdictKind.Primary : VerdictKind.Unavailable);
            }
        })));

        Assert.Equal(4 * Each / 2, counts.Of(Family.Nginx, VerdictKind.Primary));
        Assert.Equal(4 * Each / 2, counts.Of(Family.Own, VerdictKind.Unavailable));
        Assert.Equal(8 * Each / 2, counts.Of(VerdictKind.Primary));
        Assert.Equal(0, counts.Of(VerdictKind.Missing) + counts.Of(Family.Envoy, VerdictKind.Primary));
    }
}
