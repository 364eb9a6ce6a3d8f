using System.Globalization;

namespace Tandem.Server.Usage;

/// <summary>Answers "may I promote now?" from what was counted and what people decided.</summary>
/// <param name="moments">An account with its counts and decisions.</param>
/// <param name="options">How long the old token must be quiet.</param>
public sealed class ReadinessJudge(AccountMoments moments, TandemOptions options)
{
    private const int MostNamed = 5;

    /// <summary>What a promote of the account is judged by; null when there is no such account.</summary>
    public async Task<PromoteEvidence?> GatherAsync(AccountSid sid) => await moments.ReadAsync(sid) is not { } moment ? null
        : new(moment.Account.Generation, (account, decisions) => Judge(moment with { Account = account, Decisions = decisions }).State);

    /// <summary>The verdict on an account at one moment.</summary>
    public Readiness Judge(AccountMoment moment)
    {
        ArgumentNullException.ThrowIfNull(moment);
        return Readiness.Judge(
            new()
            {
                Usage = moment.Report.Usage,
                HasSecondary = moment.Account.Secondary is not null,
                Decisions = moment.Decisions,
                GapUntil = moment.Report.GapUntil,
                QuietSeconds = (uint)options.QuietTime.TotalSeconds,
            },
            moment.Report.At);
    }

    /// <summary>
    /// Why a promote was refused, for whoever asked for it: who stands in the way, and the call that promotes all the same. The consumers named
    /// are the account's own callers.
    /// </summary>
    public async Task<string> ExplainAsync(AccountSid sid) =>
        await moments.ReadAsync(sid) is not { } moment ? "The account is gone."
            : $"Not promoted: {Reason(Judge(moment), moment.Report.At)} See GET {Path(sid)}/readiness. To promote all the same: POST {Path(sid)}/tokens/promote {{\"force\":true,\"reason\":\"why\"}}";

    private static string Reason(Readiness readiness, uint now) => (readiness.State, readiness.Reason) switch
    {
        (ReadinessState.NotYet, _) => $"the primary token is still used by {Names(readiness, ConsumerStanding.OnOld, now)}.",
        (_, ReadinessReason.SilentConsumers) => $"it cannot be told whether {Names(readiness, ConsumerStanding.Silent, now)} moved.",
        (_, ReadinessReason.TooManyConsumers) =>
            "the account has more consumers than can be distinguished, and some of the others may come back with the primary token.",
        (_, ReadinessReason.NoConsumerSeen) => "no consumer of the primary token has been seen yet.",
        (_, ReadinessReason.Gap) => $"calls may have gone uncounted; it can be told again at {Time(readiness.Until!.Value)}.",
        _ => "everybody has moved since; try again.",
    };

    private static string Names(Readiness readiness, ConsumerStanding standing, uint now)
    {
        var inTheWay = readiness.Consumers.Where(c => c.Standing == standing).ToList();
        var named = string.Join("; ", inTheWay.Take(MostNamed).Select(c =>
            $"{c.Called}, {c.Use.Primary!.Calls.ToString(CultureInfo.InvariantCulture)} {(c.Use.Primary.Calls == 1 ? "call" : "calls")}, the last {Ago(now, c.Use.Primary.Last)}"));
        return inTheWay.Count > MostNamed ? $"{named}; and {inTheWay.Count - MostNamed} more" : named;
    }

    private static string Ago(uint now, uint then) => now <= then ? "just now" : string.Create(CultureInfo.InvariantCulture, $"{now - then} s ago");

    private static string Time(uint second) => $"{DateTimeOffset.FromUnixTimeSeconds(second):yyyy-MM-dd'T'HH:mm:ss'Z'}";

    private static string Path(AccountSid sid) => $"{Api.TandemApi.Root}/accounts/{sid}";
}
