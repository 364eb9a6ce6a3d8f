namespace Tandem.Server.Usage;

/// <summary>Counts who uses which token, off the answer's path.</summary>
public sealed class UsageRecorder(VerifierIndex index)
{
    private readonly SightingQueue _accepted = new(16_384);
    private readonly SightingQueue _refused = new(4_096);
    private long _dropped;

    /// <summary>
    /// Takes note of a call; any thread may call it. The slot's last use is noted at once and never lost; the rest is queued, or dropped
    /// and counted as dropped when the queue is full. It neither waits nor allocates.
    /// </summary>
    public void Record(in Sighting sighting)
    {
        if (sighting.Slot is not { } slot)
        {
            // A queue of their own: a flood of guesses must not crowd out what readiness rests on.
            _refused.TryAdd(sighting);
            return;
        }

        index.RecordUse(sighting.Sid, slot, sighting.Generation, sighting.Second);
        if (!_accepted.TryAdd(sighting))
        {
            Interlocked.Increment(ref _dropped);
        }
    }
}
