using System.Diagnostics.Metrics;

namespace Tandem.Server;

/// <summary>What needs a person, by name. An alarm does not make the server unready: every promise about answers is kept meanwhile.</summary>
internal sealed class Alarms : IDisposable
{
    private readonly IAccountStore _store;
    private readonly ForgottenSecondaries _forgotten;
    private readonly FirstAccount? _firstAccount;
    private readonly Meter _meter = new("Tandem");

    public Alarms(IAccountStore store, ForgottenSecondaries forgotten, FirstAccount? firstAccount)
    {
        (_store, _forgotten, _firstAccount) = (store, forgotten, firstAccount);
        _meter.CreateObservableGauge("tandem.alarm", Measure, "{alarm}", "1 for each alarm that is up; nothing for those that are not.");
    }

    /// <summary>Those that are up now.</summary>
    public IReadOnlyList<string> Up()
    {
        var up = new List<string>();
        if (_store.ResiduePending)
        {
            up.Add("residue_pending");
        }

        if (_firstAccount is { FileLeft: true })
        {
            up.Add("first_account_file_left");
        }

        if (_forgotten.Look().Older > 0)
        {
            up.Add("secondary_forgotten");
        }

        return up;
    }

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<int>> Measure() => Up().Select(alarm => new Measurement<int>(1, new KeyValuePair<string, object?>("tandem.alarm.name", alarm)));
}
