namespace Tandem.Server.Console;

/// <summary>One consumer, in words.</summary>
internal static class ConsumerText
{
    private const uint Continuous = 120;

    /// <summary>Where it stands; while there is no secondary, whether it is active.</summary>
    public static (Tone Tone, string Word) Standing(ConsumerVerdict consumer, bool hasSecondary) => (consumer.Standing, hasSecondary) switch
    {
        (ConsumerStanding.OnOld, true) => (Tone.Warn, "uses the primary"),
        (ConsumerStanding.OnOld, false) => (Tone.Good, "active"),
        (ConsumerStanding.Silent, true) => (Tone.Idle, "silent, may come back with the primary"),
        (ConsumerStanding.Silent, false) => (Tone.Idle, "quiet"),
        (ConsumerStanding.Moved, _) => (Tone.Good, "moved"),
        (ConsumerStanding.NewOnly, _) => (Tone.Good, "never used the primary"),
        _ => (Tone.Idle, "marked gone"),
    };

    /// <summary>How often it calls.</summary>
    public static string Rhythm(ConsumerVerdict consumer) => consumer switch
    {
        { Decision.Every: { } told } => $"every {Spans.Text(told)}, as told",
        { Rhythm: null } => "not known yet",
        { Rhythm.Every: < Continuous } => "continuous",
        { Rhythm: { } rhythm } => $"about every {Spans.Text(rhythm.Every)}",
    };

    /// <summary>When it is next to be heard of; null when nobody knows.</summary>
    public static DateTimeOffset? Expected(ConsumerVerdict consumer) =>
        consumer.Expected is { } expected ? DateTimeOffset.FromUnixTimeSeconds(expected)
        : consumer.Rhythm is { Every: >= Continuous } rhythm ? DateTimeOffset.FromUnixTimeSeconds((long)consumer.Use.Last + rhythm.Every)
        : null;

    /// <summary>What a promote would do to one that stands in its way: <c>will fail at its next call, expected 25 Nov 2026 02:00:00 UTC</c>.</summary>
    public static (Tone Tone, string Word) Effect(ConsumerVerdict consumer, DateTimeOffset now)
    {
        var (tone, will) = consumer.Standing == ConsumerStanding.OnOld ? (Tone.Warn, "will fail") : (Tone.Idle, "may fail");
        return (tone, Expected(consumer) is { } expected
            ? expected <= now ? $"{will}, overdue since {Parts.Exact(expected)}" : $"{will} at its next call, expected {Parts.Exact(expected)}"
            : consumer.Rhythm is null ? $"{will} at its next call"
            : $"{will} at once");
    }

    /// <summary>How often and when it used the primary last: <c>12 calls, the last 4 minutes ago</c>.</summary>
    public static string Seen(TokenUse use, DateTimeOffset now) =>
        $"{Spans.Count((long)use.Calls, "call")}, the last {Parts.Relative(DateTimeOffset.FromUnixTimeSeconds(use.Last), now)}";
}
