using Microsoft.Extensions.Logging;

namespace Tandem.Storage;

/// <summary>
/// When the log is emptied: after each change that retires a token, before its answer; now and then after other changes; and again and again while
/// it was refused, with the alarm up. For the writer's thread.
/// </summary>
internal sealed class Erasure(Checkpoint checkpoint, TimeProvider time, StoreMetrics metrics, ILogger logger) : IDisposable
{
    /// <summary>How long an answer waits for the checkpoint before it is given with the alarm up.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Changes that retire nothing leave the log to grow; after this many it is emptied.</summary>
    private const int ChangesBetweenCheckpoints = 256;

    private readonly ManualResetEventSlim _hurry = new();
    private volatile bool _pending;
    private int _changes;

    /// <summary>The alarm: whether something that was retired may not be erased yet.</summary>
    public bool IsPending => _pending;

    /// <summary>Takes in a change that was made; null when it retired nothing.</summary>
    public void After(Retirement? retirement)
    {
        if (retirement is not null)
        {
            Now();
        }
        else if (++_changes >= ChangesBetweenCheckpoints)
        {
            _changes = 0;
            Try(); // else after as many changes again
        }
    }

    /// <summary>
    /// Empties the log, trying for two seconds; then the alarm goes up and it is tried again until done. While the alarm is up a mutation
    /// tries once, so that a blocked checkpoint does not stop rotations as well.
    /// </summary>
    public void Now()
    {
        var started = time.GetTimestamp();
        while (!Try())
        {
            metrics.Blocked();
            if (_pending)
            {
                return;
            }

            if (time.GetElapsedTime(started) > Patience || _hurry.Wait(Pause))
            {
                _pending = true;
                StoreLog.ResiduePending(logger);
                return;
            }
        }

        _changes = 0;
        ClearAlarm();
    }

    /// <summary>Tries again, if it was refused.</summary>
    public void Retry()
    {
        if (_pending && Try())
        {
            ClearAlarm();
        }
    }

    /// <summary>Tries once, whatever was refused before.</summary>
    public bool Try() => checkpoint.TryTruncate();

    /// <summary>The store is being closed: from any thread.</summary>
    public void Hurry() => _hurry.Set();

    public void Dispose()
    {
        checkpoint.Dispose();
        _hurry.Dispose();
    }

    private void ClearAlarm()
    {
        if (_pending)
        {
            _pending = false;
            StoreLog.ResidueErased(logger);
        }
    }
}
