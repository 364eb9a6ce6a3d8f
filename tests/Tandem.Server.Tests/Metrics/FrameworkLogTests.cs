using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Metrics;

/// <summary>What the framework reports of strangers is a line a minute with numbers, however much it is, and nothing that they sent.</summary>
public sealed class FrameworkLogTests
{
    private const string Kestrel = "Microsoft.AspNetCore.Server.Kestrel.Http2";

    private readonly FakeTimeProvider _time = Calls.Clock();

    [Fact]
    public async Task A_minutes_events_are_one_line_and_a_quiet_minute_is_none()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Time = _time });
        _time.Advance(TimeSpan.FromMinutes(1)); // what the start of this machine's Kestrel may have reported
        var earlier = Lines(tandem).Count;
        for (var i = 0; i < 10_000; i++)
        {
            Report(tandem, Kestrel, LogLevel.Critical, new(1, "QueueExceeded"), new InvalidOperationException("of the request"));
            Report(tandem, "System.Net.Security", LogLevel.Warning, new(1, "Handshake"), null);
            Report(tandem, Kestrel, LogLevel.Information, new(1, "Closed"), null);
        }

        Report(tandem, "Tandem.Server", LogLevel.Warning, new(1, "Own"), null);
        Report(tandem, "Microsoft.Hosting.Lifetime", LogLevel.Warning, new(1, "Started"), null);
        _time.Advance(TimeSpan.FromMinutes(1));
        _time.Advance(TimeSpan.FromMinutes(5));
        var line = Assert.Single(Lines(tandem).Skip(earlier));
        Assert.StartsWith("Critical ", line, StringComparison.Ordinal);
        Assert.Contains($"10000 × {Kestrel} QueueExceeded with InvalidOperationException (Critical)", line, StringComparison.Ordinal);
        Assert.Contains("10000 × System.Net.Security Handshake (Warning)", line, StringComparison.Ordinal);
        Assert.DoesNotContain("of the request", line, StringComparison.Ordinal);
        Assert.DoesNotContain("Own", line, StringComparison.Ordinal);
        Assert.DoesNotContain("Started", line, StringComparison.Ordinal);
        Assert.DoesNotContain("Closed", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_kinds_stay_one_line_of_the_ten_most_frequent()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Time = _time });
        for (var kind = 0; kind < 50; kind++)
        {
            for (var i = 0; i <= kind; i++)
            {
                Report(tandem, Kestrel, LogLevel.Warning, new(1, $"Kind{kind}"), null);
            }
        }

        await tandem.StopAsync();
        var line = Assert.Single(Lines(tandem));
        Assert.Contains("50 × ", line, StringComparison.Ordinal);
        Assert.Contains(" Kind40 ", line, StringComparison.Ordinal);
        Assert.DoesNotContain(" Kind39 ", line, StringComparison.Ordinal);
        Assert.Contains(" more kinds.", line, StringComparison.Ordinal);
    }

    private static void Report(TestTandem tandem, string category, LogLevel level, EventId name, Exception? exception) =>
        tandem.Services.GetRequiredService<ILoggerFactory>().CreateLogger(category)
            .Log(level, name, "of the request", exception, static (text, _) => text);

    private static List<string> Lines(TestTandem tandem) =>
        [.. tandem.Log.Lines.Where(l => l.Contains("reported in the last minute", StringComparison.Ordinal))];
}
