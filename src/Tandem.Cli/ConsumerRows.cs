using Tandem.Client;

namespace Tandem.Cli;

/// <summary>Consumers as the rows of a table.</summary>
internal static class ConsumerRows
{
    /// <summary>A header and a row for each.</summary>
    public static IReadOnlyList<string[]> Of(IEnumerable<ConsumerInfo> consumers, DateTimeOffset now) =>
    [
        ["CONSUMER", "STANDING", "ON PRIMARY", "ON SECONDARY", "RHYTHM", "ID"],
        .. consumers.Select(c => new[] { ReadinessText.NameOf(c), Standing(c), Use(c.Primary, now), Use(c.Secondary, now), Rhythm(c, now), c.Id }),
    ];

    /// <summary>Where it stands, in words.</summary>
    public static string Standing(ConsumerInfo consumer)
    {
        var standing = consumer.Standing switch
        {
            "on_old" => "on the primary",
            "new_only" => "never on the primary",
            var same => same,
        };
        return consumer.BrokeAt is null || !ReadinessText.IsInTheWay(consumer) ? standing : $"{standing}, broke when paused";
    }

    private static string Use(UseInfo? use, DateTimeOffset now) =>
        use?.LastUse is { } last ? $"{Print.Ago(last, now)} ({use.Calls})" : "never";

    private static string Rhythm(ConsumerInfo consumer, DateTimeOffset now)
    {
        var rhythm = consumer.RhythmSeconds is { } seconds ? $"every {Print.Span(TimeSpan.FromSeconds(seconds))}{(consumer.ExpectedEvery is null ? "" : " (as decided)")}" : "not known yet";
        return consumer.ExpectedAt is { } at ? $"{rhythm}, {(at > now ? "due" : "overdue since")} {Print.Time(at)}" : rhythm;
    }
}
