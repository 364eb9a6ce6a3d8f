using Microsoft.Extensions.DependencyInjection;
using Tandem.Server.Usage;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Usage;

/// <summary>Whoever calls Twilio's paths or our own with a retired token is told to the token's owner, and is told nothing himself.</summary>
public sealed class LateUseTests
{
    [Theory]
    [InlineData("POST", Calls.Promote)]
    [InlineData("GET", Calls.Accounts)]
    [InlineData("GET", "/nowhere")]
    [InlineData("GET", "/tandem/v1/accounts/{sid}/tokens")]
    [InlineData("POST", "/tandem/v1/accounts/{sid}/tokens/promote")]
    public async Task A_retired_tokens_call_is_listed_and_answered_as_any_wrong_tokens(string method, string path)
    {
        await using var tandem = await TestTandem.StartAsync(new() { Time = Calls.Clock() });
        path = path.Replace("{sid}", tandem.Account.Sid, StringComparison.Ordinal);
        var secondary = await tandem.CreateSecondaryAsync();
        Assert.Equal(200, (await tandem.SendAsync("POST", Calls.Promote, r => r.As(secondary))).Status);

        var late = await tandem.SendAsync(method, path, Describe);
        var wrong = await tandem.SendAsync(method, path, r => Describe(r.As(tandem.Account with { Token = new string('0', 32) })));

        Assert.Equal((401, wrong.Body), (late.Status, late.Body));
        Assert.Equal(Headers(wrong), Headers(late));
        var use = Assert.Single(Report(tandem).LateUses);
        Assert.Equal((1UL, ClientFamily.TwilioRuby, "nightly"), (use.Calls, use.Caller.Client, use.Caller.Name));
        Assert.Equal(tandem.Address.Authority, use.Caller.Route);
        Assert.Equal((uint)Calls.Start.ToUnixTimeSeconds(), use.Last);
    }

    [Fact]
    public async Task A_deleted_secondary_is_a_retired_token_and_beyond_the_throttles_budget_it_is_listed_still()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Time = Calls.Clock(), Options = o => o with { ThrottleAccount = new(1, 1) } });
        var deleted = await tandem.CreateSecondaryAsync();
        await tandem.SendAsync("DELETE", Calls.Secondary);

        Assert.Equal(401, (await tandem.SendAsync("GET", Calls.Accounts, r => r.As(deleted))).Status);
        Assert.Equal(429, (await tandem.SendAsync("GET", Calls.Accounts, r => r.As(deleted))).Status);

        Assert.Equal(2UL, Assert.Single(Report(tandem).LateUses).Calls);
    }

    [Fact]
    public async Task Guesses_and_the_live_tokens_of_a_suspended_account_are_no_late_use()
    {
        await using var tandem = await TestTandem.StartAsync();
        var sub = await tandem.CreateSubaccountAsync();
        await tandem.SendAsync("POST", Calls.Secondary, r => r.As(sub));
        await tandem.SendAsync("DELETE", Calls.Secondary, r => r.As(sub)); // so that it has a retired token to be compared with
        await tandem.SetStatusAsync(sub, "suspended");

        foreach (var refused in (TestCredential[])[sub, sub with { Token = new string('0', 32) }, sub with { Token = new string('x', 500) }, tandem.Account with { Sid = sub.Sid }])
        {
            Assert.Equal(401, (await tandem.SendAsync("GET", Calls.Accounts, r => r.As(refused))).Status);
        }

        Assert.Empty(Report(tandem, sub).LateUses);
    }

    [Fact]
    public async Task With_late_use_turned_off_nothing_is_listed()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Options = o => o with { LateUse = false } });
        var deleted = await tandem.CreateSecondaryAsync();
        await tandem.SendAsync("DELETE", Calls.Secondary);

        Assert.Equal(401, (await tandem.SendAsync("GET", Calls.Accounts, r => r.As(deleted))).Status);

        Assert.Empty(Report(tandem).LateUses);
    }

    private static void Describe(HttpRequestMessage request) =>
        request.With("X-Client-Name", "nightly").With("User-Agent", "twilio-ruby/7.11.1 (linux-gnu x86_64) Ruby/3.1.7");

    private static IEnumerable<string> Headers(TestAnswer answer) =>
        answer.Headers.Where(h => h.Key is not ("Date" or "Twilio-Request-Id")).Select(h => $"{h.Key}: {h.Value}").Order(StringComparer.Ordinal);

    private static UsageReport Report(TestTandem tandem, TestCredential? account = null) =>
        tandem.Services.GetRequiredService<UsageRecorder>().Report(AccountSid.Parse((account ?? tandem.Account).Sid));
}
