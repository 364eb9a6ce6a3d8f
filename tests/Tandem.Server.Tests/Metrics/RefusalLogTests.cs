using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Tandem.Server.Tests.ForwardAuth;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Metrics;

/// <summary>Refusals are seen in the log, however many there are, without a line for each and without a credential.</summary>
public sealed class RefusalLogTests
{
    private readonly FakeTimeProvider _time = Calls.Clock();

    [Fact]
    public async Task A_minutes_refusals_are_one_line_and_a_quiet_minute_is_none()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Time = _time });
        foreach (var credential in (await tandem.RefusedAsync()).Values)
        {
            await tandem.SendAsync("GET", Checks.Forward, r => r.As(credential));
            await tandem.SendAsync("GET", Calls.Accounts, r => r.As(credential));
        }

        await tandem.SendAsync("GET", Checks.Nginx, r => r.As(null));
        await tandem.SendAsync("GET", Checks.Nginx, r => r.As(null).With("Authorization", "Bearer x"));
        Assert.Empty(Lines(tandem));

        _time.Advance(TimeSpan.FromMinutes(1));
        var line = Assert.Single(Lines(tandem));
        Assert.Contains(": 10 wrong tokens, 2 unknown accounts, 2 of suspended accounts, 1 malformed, 0 throttled, 0 that could not be checked. 4 calls came with a retired token.", line, StringComparison.Ordinal);
        Assert.StartsWith("Warning ", line, StringComparison.Ordinal); // for the retired tokens: a deleted one, and a closed account's

        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Single(Lines(tandem));

        await tandem.SendAsync("GET", Checks.Forward, r => r.As(TestCredential.Unknown));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.StartsWith("Information ", Lines(tandem)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Throttled_calls_are_a_warning_with_one_caller_as_an_example()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Time = _time, Options = o => o with { ThrottleAccount = new(1, 1) } });
        var wrong = tandem.Account with { Token = new string('0', 32) };
        for (var i = 0; i < 50; i++)
        {
            await tandem.SendAsync("GET", i % 2 == 0 ? Checks.Forward : Calls.Accounts, r => r.As(wrong));
        }

        _time.Advance(TimeSpan.FromMinutes(1));
        var lines = Lines(tandem);
        Assert.Equal(2, lines.Count);
        Assert.StartsWith("Warning ", lines[0], StringComparison.Ordinal);
        Assert.Contains(" 49 throttled,", lines[0], StringComparison.Ordinal);
        Assert.EndsWith($"One of those that were throttled: 127.0.0.1, asking for {tandem.Account.Sid}.", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_not_told_yet_is_told_at_the_stop()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Time = _time });
        await tandem.SendAsync("GET", Checks.Forward, r => r.As(TestCredential.Unknown));
        await tandem.StopAsync();
        Assert.Contains(" 1 unknown accounts,", Assert.Single(Lines(tandem)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fault_in_every_check_is_told_ten_times_a_minute_and_counted()
    {
        await using var tandem = await TestTandem.StartAsync(new()
        {
            Time = _time,
            Services = services => services.AddSingleton(s => new Verifier(null!, s.GetRequiredService<DataKeys>())),
        });
        for (var minute = 1; minute <= 2; minute++)
        {
            for (var i = 0; i < 20; i++)
            {
                await tandem.SendAsync("GET", Checks.Forward);
                await tandem.SendAsync("POST", Checks.Verify);
            }

            Assert.Equal(10 * minute, tandem.Log.Lines.Count(l => l.Contains("A check could not be made", StringComparison.Ordinal)));
            _time.Advance(TimeSpan.FromMinutes(1));
            Assert.Contains(" 40 that could not be checked.", Lines(tandem)[^1], StringComparison.Ordinal);
        }
    }

    private static List<string> Lines(TestTandem tandem) => [.. tandem.Log.Lines.Where(l => l.Contains("RefusalLog", StringComparison.Ordinal))];
}
