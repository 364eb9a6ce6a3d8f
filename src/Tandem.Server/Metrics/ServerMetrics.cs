using System.Diagnostics.Metrics;
using Tandem.Server.Usage;

namespace Tandem.Server.Metrics;

/// <summary>
/// What the server counts, for whoever listens. Nearly all of it is read when somebody asks and costs nothing until then. Names follow
/// OpenTelemetry's conventions; no account and no token is ever a tag. docs/operating.md explains each.
/// </summary>
internal sealed class ServerMetrics : IDisposable
{
    private static readonly (VerdictKind Kind, string Verdict, string? Slot)[] Verdicts =
    [
        (VerdictKind.Primary, "valid", "primary"),
        (VerdictKind.Secondary, "valid", "secondary"),
        (VerdictKind.Missing, "no_credential", null),
        (VerdictKind.Malformed, "malformed", null),
        (VerdictKind.UnknownAccount, "unknown_account", null),
        (VerdictKind.WrongToken, "wrong_token", null),
        (VerdictKind.Suspended, "suspended", null),
        (VerdictKind.Paused, "paused", null),
        (VerdictKind.Throttled, "throttled", null),
        (VerdictKind.Unavailable, "unavailable", null),
    ];

    private static readonly (Family Family, string Name)[] Families =
    [
        (Family.Nginx, "nginx"), (Family.Forward, "forward"), (Family.Envoy, "envoy"), (Family.Verify, "verify"), (Family.Twilio, "twilio"), (Family.Own, "tandem"),
    ];

    private readonly Counter<long> _faults;

    public ServerMetrics(VerdictCounts counts, UsageRecorder recorder, ForgottenSecondaries secondaries, TimeProvider time)
    {
        // All of them from the start, the zeros too: of a series that begins with its first event, that event is no increase.
        var verdicts = (
            from family in Families
            from verdict in Verdicts
            where verdict.Kind is not (VerdictKind.Unavailable or VerdictKind.Paused) || family.Family < Family.Twilio // the check's alone
            select (family.Family, verdict.Kind, Tags: Tags(family.Name, verdict.Verdict, verdict.Slot))).ToArray();
        Meter.CreateObservableCounter(
            "tandem.verdicts",
            () => verdicts.Select(v => new Measurement<long>(counts.Of(v.Family, v.Kind), v.Tags)),
            "{credential}",
            "Credentials presented, by who asked and what the verdict was.");
        _faults = Meter.CreateCounter<long>("tandem.faults", "{request}", "Requests that failed by a fault of the server.");
        Meter.CreateObservableCounter("tandem.late_uses", () => recorder.Counters.LateCalls, "{call}", "Refused calls with a token that was valid once.");
        Meter.CreateObservableUpDownCounter("tandem.usage.consumers", () => recorder.Counters.Consumers, "{consumer}", "Consumers told apart now, of all accounts.");
        Meter.CreateObservableCounter("tandem.usage.not_told_apart", () => (long)recorder.Counters.NotToldApart, "{call}", "Accepted calls counted for no consumer of their own, because there are too many.");
        Meter.CreateObservableCounter(
            "tandem.usage.dropped",
            () => ByQueue(recorder.Counters),
            "{call}",
            "Calls that were not counted because the queue was full. An accepted one that was dropped is a gap.");
        Meter.CreateObservableCounter("tandem.usage.errors", () => recorder.Counters.WriteErrors, "{error}", "How often the usage file could not be opened, read or written.");
        Meter.CreateObservableUpDownCounter("tandem.secondary.pending", () => secondaries.Look().Count, "{account}", "Accounts with a secondary token, neither promoted nor deleted.");
        Meter.CreateObservableUpDownCounter("tandem.secondary.forgotten", () => secondaries.Look().Older, "{account}", "Those whose secondary is older than the age that is warned of.");
        Meter.CreateObservableGauge(
            "tandem.secondary.oldest_age",
            () => secondaries.Look().Oldest is { } oldest ? Math.Max(0, (time.GetUtcNow() - oldest).TotalSeconds) : 0,
            "s",
            "Age of the oldest secondary; 0 when there is none.");
    }

    /// <summary>Where the instruments are.</summary>
    public Meter Meter { get; } = new("Tandem");

    /// <summary>A request failed by a fault.</summary>
    public void Fault() => _faults.Add(1);

    public void Dispose() => Meter.Dispose();

    private static Measurement<long>[] ByQueue(UsageCounters counters) =>
        [new(counters.Dropped, Tag("tandem.usage.queue", "accepted")), new(counters.RefusedDropped, Tag("tandem.usage.queue", "refused"))];

    private static KeyValuePair<string, object?>[] Tags(string endpoint, string verdict, string? slot) =>
    [
        Tag("tandem.endpoint", endpoint),
        Tag("tandem.verdict", verdict),
        .. slot is null ? Array.Empty<KeyValuePair<string, object?>>() : [Tag("tandem.token.slot", slot)],
    ];

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
