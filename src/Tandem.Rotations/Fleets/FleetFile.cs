using System.Globalization;
using System.Text.Json;

namespace Tandem.Rotations.Fleets;

/// <summary>
/// What is kept of an unfinished fleet: when it was begun. Which accounts it has done by then is read from their own reports, so that there is
/// no second record that could say otherwise.
/// </summary>
internal sealed class FleetFile(StateDirectory states, AccountSid parentSid, string target)
{
    private const string TimeFormat = "yyyy-MM-dd'T'HHmmss";

    private readonly string _path = Path.ChangeExtension(states.FileOf(parentSid, $"fleet-{target}"), ".fleet");

    /// <summary>Where it is.</summary>
    public string FilePath => _path;

    /// <summary>Locks the parent's fleet against every other process of this machine.</summary>
    public IDisposable Lock(string owner, DateTimeOffset now) => states.Lock(parentSid, $"fleet-{target}", owner, now);

    /// <summary>The unfinished fleet; null when there is none.</summary>
    /// <exception cref="RotationException">It cannot be read.</exception>
    public FleetRecord? Read()
    {
        try
        {
            return File.Exists(_path) ? JsonSerializer.Deserialize(File.ReadAllText(_path), FleetJson.Default.FleetRecord) : null;
        }
        catch (JsonException e)
        {
            throw new RotationException(RotationFailure.Precondition, $"{_path} is no record of a fleet. Nothing was done. Remove it to begin anew.", e);
        }
    }

    /// <summary>Begins one.</summary>
    public FleetRecord Begin(string owner, DateTimeOffset now)
    {
        var record = new FleetRecord(now, owner);
        states.Write(() => PrivateFile.Replace(_path, JsonSerializer.SerializeToUtf8Bytes(record, FleetJson.Default.FleetRecord)));
        return record;
    }

    /// <summary>All of it is done.</summary>
    public void End() => states.Write(() => File.Delete(_path));

    /// <summary>The reports of rotations that have replaced a token since the fleet was begun, by account.</summary>
    public IReadOnlyDictionary<AccountSid, RotationReport> DoneSince(DateTimeOffset started)
    {
        var done = new Dictionary<AccountSid, RotationReport>();
        var first = started.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);
        foreach (var path in Directory.EnumerateFiles(states.Path, "*-AC*.json").Where(p => string.CompareOrdinal(Path.GetFileName(p), first) >= 0))
        {
            if (ReadReport(path) is { Outcome: "rotated" } report && report.Finished >= started && string.Equals(report.State.Target, target, StringComparison.Ordinal))
            {
                done[report.State.AccountSid] = report;
            }
        }

        return done;
    }

    private static RotationReport? ReadReport(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), RotationJson.Default.RotationReport);
        }
        catch (JsonException)
        {
            return null; // somebody else's file
        }
    }
}
