using System.Diagnostics.Metrics;
using Tandem.Server.Usage;

namespace Tandem.Server;

/// <summary>What needs a person, by name, for operators alone; and what the server can do now, for anyone.</summary>
internal sealed class Alarms : IDisposable
{
    private readonly IAccountStore _store;
    private readonly ForgottenSecondaries _forgotten;
    private readonly FirstAccount? _firstAccount;
    private readonly UsageRecorder _usage;
    private readonly Meter _meter = new("Tandem");

    public Alarms(IAccountStore store, ForgottenSecondaries forgotten, UsageRecorder usage, FirstAccount? firstAccount)
    {
        (_store, _forgotten, _usage, _firstAccount) = (store, forgotten, usage, firstAccount);
        _meter.CreateObservableGauge("tandem.alarm", Measure, "{alarm}", "1 for each alarm that is up; nothing for those that are not.");
    }

    /// <summary>Whether changes are stored now: the last one was not refused, or one could be since.</summary>
    public bool StoresChanges => !_store.RefusesChanges;

    /// <summary>Whether calls are counted and the counts are kept.</summary>
    public bool KeepsCounts => _usage.KeepsCounts;

    /// <summary>Those that are up now.</summary>
    public IReadOnlyList<string> Up()
    {
        var up = new List<string>();
        if (_store.RefusesChanges)
        {
            up.Add("changes_refused");
        }

        if (_store.ResiduePending)
        {
            up.Add("residue_pending");
        }

        if (_firstAccount is { FileLeft: true })
        {
            up.Add("first_account_file_left");
        }

        if (_usage.IsFailing)
        {
            up.Add("usage_file");
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
