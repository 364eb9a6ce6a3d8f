namespace Tandem.Server.Usage;

/// <summary>
/// Divides the second half of the queue: once the first is full, each top-level account has a share until the queue is next emptied, so that a
/// flood of one does not cost the others their evidence. It neither locks nor allocates, and costs nothing while the queue is less than half full.
/// </summary>
/// <param name="queue">The queue.</param>
/// <param name="index">Says which top-level account an account belongs to.</param>
internal sealed class QueueShares(SightingQueue queue, VerifierIndex index)
{
    /// <summary>Calls of one top-level account in the second half of the queue; 64 of them fill it.</summary>
    private const int Share = 256;

    /// <summary>By a part of the SID, which is random: two of a thousand busy accounts rarely share a place.</summary>
    private readonly int[] _used = new int[4096];

    private bool _isUsed;

    /// <summary>Whether a call of this account may be added.</summary>
    public bool Admits(AccountSid sid)
    {
        if (queue.Count < queue.Capacity / 2)
        {
            return true;
        }

        Volatile.Write(ref _isUsed, true);
        ref var used = ref _used[(uint)index.OwnerOf(sid).GetHashCode() % (uint)_used.Length];
        return Volatile.Read(ref used) < Share && Interlocked.Increment(ref used) <= Share;
    }

    /// <summary>For the one reader, when the queue is empty.</summary>
    public void Renew()
    {
        if (Volatile.Read(ref _isUsed))
        {
            Volatile.Write(ref _isUsed, false);
            Array.Clear(_used);
        }
    }
}
