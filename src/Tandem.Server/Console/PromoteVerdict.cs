namespace Tandem.Server.Console;

/// <summary>The answer to "ready to promote?", in words.</summary>
/// <param name="Tone">How it stands.</param>
/// <param name="Word">The answer.</param>
/// <param name="Why">Why it is that.</param>
/// <param name="Next">What to do about it; empty for nothing.</param>
public sealed record PromoteVerdict(Tone Tone, string Word, string Why, string Next)
{
    /// <summary>Puts a verdict into words.</summary>
    public static PromoteVerdict Of(AccountView view)
    {
        ArgumentNullException.ThrowIfNull(view);
        var consumers = view.Readiness.Consumers;
        var onOld = consumers.Count(c => c.Standing == ConsumerStanding.OnOld);
        var silent = consumers.Count(c => c.Standing == ConsumerStanding.Silent);
        var concerned = consumers.Count(c => c.Use.Primary is not null && c.Standing != ConsumerStanding.Gone);
        return (view.Readiness.State, view.Readiness.Reason) switch
        {
            (ReadinessState.Moved, _) => new(
                Tone.Good,
                "Ready",
                $"{(concerned == 0 ? "Everyone who used the primary is marked gone" : concerned == 1 ? "The one consumer of the primary has used the secondary since" : $"All {concerned} consumers of the primary have used the secondary since")}, and nobody has used the primary for {Spans.Text(view.QuietTime)}.",
                "Promote the secondary."),
            (ReadinessState.NotYet, _) => new(
                Tone.Warn,
                "Not yet",
                $"{onOld} of {Spans.Count(concerned, "consumer")} used the primary within the last {Spans.Text(view.QuietTime)}{(silent == 0 ? "" : $", and {silent} {(silent == 1 ? "is" : "are")} silent and may come back with it")}.",
                "Give them the secondary token. A promote would cut them off."),
            (_, ReadinessReason.NoSecondary) => new(
                Tone.Idle, "No rotation under way", "There is no secondary token to move to.", "Create one: both tokens will work until you promote."),
            (_, ReadinessReason.SilentConsumers) => new(
                Tone.Idle,
                "Unknown",
                $"{silent} of {Spans.Count(concerned, "consumer")} {(silent == 1 ? "has" : "have")} been silent since the last call with the primary, and may come back with it.",
                "Wait until they have called with the secondary, or mark those gone that will never call again."),
            (_, ReadinessReason.TooManyConsumers) => new(
                Tone.Idle,
                "Unknown",
                "This account has more consumers than can be distinguished. Some of the others used the primary and may come back with it.",
                "Let programs send X-Client-Name, so that one in many places counts once. If you know that all have moved, mark the others gone."),
            (_, ReadinessReason.NoConsumerSeen) => new(
                Tone.Idle,
                "Unknown",
                "No consumer of the primary has been seen. Only calls that come through the check are seen.",
                "Let your API ask the check, and wait for calls. If nothing uses this account, promote all the same."),
            _ => new(
                Tone.Idle,
                "Unknown",
                $"Calls may have gone uncounted until {Parts.Exact(DateTimeOffset.FromUnixTimeSeconds(view.Readiness.Until!.Value) - view.QuietTime)}.",
                $"It can be told again at {Parts.Exact(DateTimeOffset.FromUnixTimeSeconds(view.Readiness.Until.Value))}."),
        };
    }
}
