using Microsoft.Extensions.DependencyInjection;
using Tandem.Server.Usage;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.ForwardAuth;

/// <summary>Checks are the evidence of who uses which token; what is noted of them never takes part in the answer.</summary>
public sealed class EvidenceTests
{
    [Theory]
    [InlineData(Checks.Nginx)]
    [InlineData(Checks.Forward)]
    [InlineData(Checks.Envoy)]
    public async Task A_check_notes_consumer_and_token(string path)
    {
        await using var tandem = await TestTandem.StartAsync();
        var secondary = await tandem.CreateSecondaryAsync();
        Assert.Equal(200, (await tandem.SendAsync("GET", path, Describe)).Status);
        Assert.Equal(200, (await tandem.SendAsync("GET", path, r => Describe(r.As(secondary)))).Status);

        var consumer = Assert.Single(Report(tandem).Usage!.Consumers);
        Assert.Equal(("billing.example.com", ClientFamily.TwilioRuby, ""), (consumer.Key.Route, consumer.Key.Client, consumer.Key.Name));
        Assert.Equal((1UL, 1UL), (consumer.Primary!.Calls, consumer.Secondary!.Calls));
    }

    [Fact]
    public async Task A_caller_that_names_itself_is_one_consumer_and_an_application_is_one_too()
    {
        await using var tandem = await TestTandem.StartAsync();
        await tandem.SendAsync("GET", Checks.Forward, r => r.With("X-Client-Name", "nightly"));
        await tandem.SendAsync("POST", Checks.Verify, r => r.With("X-Client-Name", "nightly"));

        var consumer = Assert.Single(Report(tandem).Usage!.Consumers);
        Assert.Equal(("nightly", 2UL), (consumer.Key.Name, consumer.Primary!.Calls));
    }

    [Fact]
    public async Task A_retired_tokens_callers_are_told_to_its_owner_while_they_get_the_plain_401()
    {
        await using var tandem = await TestTandem.StartAsync();
        var secondary = await tandem.CreateSecondaryAsync();
        await tandem.SendAsync("POST", Calls.Promote, r => r.As(secondary));

        (await tandem.SendAsync("GET", Checks.Forward, Describe)).IsNo();
        (await tandem.SendAsync("GET", Checks.Forward, r => Describe(r.As(tandem.Account with { Token = new string('a', 32) })))).IsNo();

        var late = Assert.Single(Report(tandem).LateUses);
        Assert.Equal((1UL, "billing.example.com", ClientFamily.TwilioRuby), (late.Calls, late.Caller.Route, late.Caller.Client));
    }

    private static void Describe(HttpRequestMessage request) =>
        request.With("X-Forwarded-Host", "billing.example.com").With("User-Agent", "twilio-ruby/7.11.1 (linux-gnu x86_64) Ruby/3.1.7");

    private static UsageReport Report(TestTandem tandem) =>
        tandem.Services.GetRequiredService<UsageRecorder>().Report(AccountSid.Parse(tandem.Account.Sid));
}
