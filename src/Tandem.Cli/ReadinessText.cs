using Tandem.Client;
using Tandem.Server;

namespace Tandem.Cli;

/// <summary>A verdict of readiness in words, with who stands in the way and the command that comes next.</summary>
internal static class ReadinessText
{
    private const int MostNamed = 5;

    /// <summary>Whether a consumer stands in the way of a promote.</summary>
    public static bool IsInTheWay(ConsumerInfo consumer) => consumer.Standing is "on_old" or "silent";

    /// <summary>What people call a consumer, or what it can be called.</summary>
    public static string NameOf(ConsumerInfo consumer) => consumer.Name ?? consumer.Label;

    /// <summary>The verdict as a sentence, without its full stop.</summary>
    public static string Sentence(ReadinessInfo readiness)
    {
        var users = readiness.Consumers.Where(c => c.Primary is not null).ToList();
        var later = readiness.Until is { } until ? $"at {Print.Time(until)}" : "later";
        var sentence = (readiness.State, readiness.Reason) switch
        {
            ("moved", _) =>
                $"ready: everyone who used the primary {readiness.Primary} ({Count(users.Count)}) has moved to {readiness.Secondary} or is gone, and nobody has used the primary for {Print.Span(TimeSpan.FromSeconds(readiness.QuietSeconds))}",
            ("not_yet", _) =>
                $"not yet: {Part(users, "on_old")} used the primary {readiness.Primary} in the last {Print.Span(TimeSpan.FromSeconds(readiness.QuietSeconds))}: {Named(users, "on_old", readiness.At)}",
            (_, "silent_consumers") =>
                $"unknown: {Part(users, "silent")} used the primary {readiness.Primary} and may come back with it: {Named(users, "silent", readiness.At)}",
            (_, "too_many_consumers") =>
                $"unknown: the account has more consumers than can be distinguished, and some of the others used the primary {readiness.Primary}",
            (_, "no_consumer_seen") => $"unknown: nobody has been seen to use the primary {readiness.Primary} yet; only checks under /auth count",
            (_, "gap") =>
                $"unknown: everyone seen has moved, but calls may have gone uncounted; it can be told again {later}",
            _ => "there is no secondary token to move to",
        };
        return readiness is { PromoteGuard: "enforce", Secondary: not null } && readiness.State is not "moved" ? $"{sentence}. Until then the guard refuses a promote" : sentence;
    }

    /// <summary>What to do next.</summary>
    /// <param name="readiness">The verdict.</param>
    /// <param name="directory">The server's data directory.</param>
    /// <param name="listed">Whether those in the way are in sight already.</param>
    public static string Next(ReadinessInfo readiness, string directory, bool listed = false)
    {
        var at = $"{readiness.AccountSid} --data {Shell.Quote(directory)}";
        return (readiness.State, readiness.Reason) switch
        {
            ("moved", _) => $"tandem token promote {at}",
            (_, "no_secondary") => $"tandem token create {at}",
            (_, "no_consumer_seen") => $"tandem consumers {at} --watch",
            (_, "gap") => $"tandem usage {at}",
            ("not_yet", _) when listed => $"move them to {readiness.Secondary}; to see it: tandem consumers {at} --watch",
            _ when listed => $"wait until they call with {readiness.Secondary}. If one calls no more: tandem consumers gone {readiness.AccountSid} CONSUMER --data {Shell.Quote(directory)}",
            _ => $"tandem consumers {at} --stale",
        };
    }

    private static string Count(int consumers) => consumers == 1 ? "1 consumer" : $"{consumers} consumers";

    private static string Part(List<ConsumerInfo> users, string standing) => $"{users.Count(c => Stands(c, standing))} of {Count(users.Count)}";

    private static string Named(List<ConsumerInfo> users, string standing, DateTimeOffset now)
    {
        var inTheWay = users.Where(c => Stands(c, standing)).ToList();
        var named = string.Join(", ", inTheWay.Take(MostNamed).Select(c =>
            c.Primary?.LastUse is { } last ? $"{NameOf(c)} ({Print.Ago(last, now)})" : NameOf(c)));
        return inTheWay.Count > MostNamed ? $"{named}, and {inTheWay.Count - MostNamed} more" : named;
    }

    private static bool Stands(ConsumerInfo consumer, string standing) => string.Equals(consumer.Standing, standing, StringComparison.Ordinal);
}
