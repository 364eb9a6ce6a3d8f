using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Tandem.Server.Metrics;
using Tandem.Testing;

namespace Tandem.Server.Tests.Metrics;

/// <summary>Listens to the metrics of one server, as an exporter does.</summary>
internal sealed class Measured : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Dictionary<string, double> _values = new(StringComparer.Ordinal);

    private Measured(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == meter)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.Start();
    }

    public static Measured ListenTo(TestTandem tandem) => new(tandem.Services.GetRequiredService<ServerMetrics>().Meter);

    /// <summary>Asks for everything now. The key is the name and the values of the tags: <c>tandem.verdicts/nginx/valid/primary</c>.</summary>
    public IReadOnlyDictionary<string, double> Read()
    {
        lock (_values)
        {
            _listener.RecordObservableInstruments();
            return _values.ToDictionary(StringComparer.Ordinal);
        }
    }

    /// <summary>What is not zero of one metric, without the metric's name.</summary>
    public IReadOnlyDictionary<string, double> Read(string name) =>
        Read().Where(m => m.Value != 0 && m.Key.StartsWith(name + "/", StringComparison.Ordinal)).ToDictionary(m => m.Key[(name.Length + 1)..], m => m.Value, StringComparer.Ordinal);

    public void Dispose() => _listener.Dispose();

    private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var key = string.Join('/', [instrument.Name, .. tags.ToArray().Select(t => (string)t.Value!)]);
        lock (_values)
        {
            _values[key] = instrument.IsObservable ? value : _values.GetValueOrDefault(key) + value;
        }
    }
}
