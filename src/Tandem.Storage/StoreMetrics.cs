using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Tandem.Storage;

/// <summary>
/// What the writer counts. Names follow OpenTelemetry's conventions for metrics: dots between words, units apart, no totals in names. No
/// account and no token is ever a tag.
/// </summary>
internal sealed class StoreMetrics : IDisposable
{
    private readonly Meter _meter = new("Tandem");
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _blocked;

    public StoreMetrics(VerifierIndex index, WriteQueue queue)
    {
        _duration = _meter.CreateHistogram<double>(
            "tandem.change.duration", "s", "From the request of a change to its answer: durable and, where it retired a token, erased.");
        _blocked = _meter.CreateCounter<long>("tandem.checkpoint.blocked", "{attempt}", "Attempts to erase that somebody's read, or a full disk, stood in the way of.");
        _meter.CreateObservableUpDownCounter("tandem.accounts", () => index.Count, "{account}", "Accounts in the index.");
        _meter.CreateObservableUpDownCounter("tandem.index.size", () => index.Bytes, "By", "Memory that the index takes.");
        _meter.CreateObservableUpDownCounter("tandem.change.queued", () => queue.Count, "{change}", "Changes that wait for the writer.");
    }

    /// <summary>A change was made; null for one that has no entry.</summary>
    public void Changed(AuditAction? action, long began) => Record(began, Tag("tandem.change", action is { } a ? WireName.Of(a) : "unaudited"), Tag("tandem.outcome", "done"));

    /// <summary>A change was refused, or failed before anything was changed.</summary>
    public void Refused(string outcome, long began) => Record(began, Tag("tandem.outcome", outcome));

    /// <summary>The same for a kind of refusal.</summary>
    public void Refused(ErrorKind kind, long began) => Refused(WireName.Of(kind), began);

    /// <summary>An attempt to erase did not come through.</summary>
    public void Blocked()
    {
        try
        {
            _blocked.Add(1);
        }
        catch (Exception)
        {
            // as below
        }
    }

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    /// <summary>A listener of another's may throw; the writer must not hear of it.</summary>
    private void Record(long began, params ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        try
        {
            _duration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, tags);
        }
        catch (Exception)
        {
            // a measurement is lost
        }
    }
}
