using Microsoft.Extensions.Logging;
using Tandem.Server.Usage;

namespace Tandem.Server.Metrics;

/// <summary>
/// One line a minute for all refusals of that minute, and none when there were none: a line for each would be a flood that anybody can send.
/// It is a warning when a person may want to look: calls were throttled, could not be checked, or came with a retired token.
/// </summary>
internal sealed partial class RefusalLog(
    VerdictCounts counts, RefusedCredentials refused, UsageRecorder recorder, TimeProvider time, ILogger<RefusalLog> logger) : MinuteLog(time, logger)
{
    private Totals _told;

    /// <inheritdoc />
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _told = Now(); // what was stored of late uses is no news
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc />
    protected override void Tell()
    {
        var now = Now();
        var since = now.Since(_told);
        _told = now;
        if (since == default)
        {
            return;
        }

        var level = since is { Throttled: 0, Unavailable: 0, Late: 0 } ? LogLevel.Information : LogLevel.Warning;
        Refused(Logger, level, since.WrongToken, since.UnknownAccount, since.Suspended, since.Malformed, since.Throttled, since.Unavailable, since.Late);
        if (refused.TakeThrottled() is { } example)
        {
            Throttled(Logger, example.Address?.ToString() ?? "an unknown address", example.Sid?.ToString() ?? "no account");
        }
    }

    private Totals Now() => new(
        counts.Of(VerdictKind.WrongToken),
        counts.Of(VerdictKind.UnknownAccount),
        counts.Of(VerdictKind.Suspended),
        counts.Of(VerdictKind.Malformed),
        counts.Of(VerdictKind.Throttled),
        counts.Of(VerdictKind.Unavailable),
        recorder.Counters.LateCalls);

    // Numbers alone.
    [LoggerMessage(EventId = 1, Message = "Credentials refused in the last minute: {WrongToken} wrong tokens, {UnknownAccount} unknown accounts, {Suspended} of suspended accounts, {Malformed} malformed, {Throttled} throttled, {Unavailable} that could not be checked. {LateCalls} calls came with a retired token.")]
    private static partial void Refused(
        ILogger logger, LogLevel level, long wrongToken, long unknownAccount, long suspended, long malformed, long throttled, long unavailable, long lateCalls);

    // A SID is public, and this one has been read as a SID: whatever else a client may take for its user name comes not this far.
    [LoggerMessage(2, LogLevel.Warning, "One of those that were throttled: {Address}, asking for {Sid}.")]
    private static partial void Throttled(ILogger logger, string address, string sid);

    private readonly record struct Totals(long WrongToken, long UnknownAccount, long Suspended, long Malformed, long Throttled, long Unavailable, long Late)
    {
        public Totals Since(Totals before) => new(
            WrongToken - before.WrongToken,
            UnknownAccount - before.UnknownAccount,
            Suspended - before.Suspended,
            Malformed - before.Malformed,
            Throttled - before.Throttled,
            Unavailable - before.Unavailable,
            Late - before.Late);
    }
}
