using System.Numerics;

namespace Tandem.Server.Usage;

/// <summary>
/// A bounded queue for any number of writers and one reader. Writing neither locks nor allocates nor waits: when there is no room it says
/// so. A writer takes a place by moving the tail, fills it and marks it filled; the reader stops at the first place that is not.
/// </summary>
internal sealed class SightingQueue
{
    private readonly Place[] _places;
    private readonly int _mask;
    private readonly int _shift;
    private long _tail;
    private long _head;

    /// <param name="capacity">A power of two.</param>
    public SightingQueue(int capacity)
    {
        if (!BitOperations.IsPow2(capacity))
        {
            throw new ArgumentOutOfRangeException(nameof(capacity));
        }

        _places = new Place[capacity];
        _mask = capacity - 1;
        _shift = BitOperations.Log2((uint)capacity);
    }

    /// <summary>How many there is room for.</summary>
    public int Capacity => _places.Length;

    /// <summary>How many wait, roughly.</summary>
    public long Count => Volatile.Read(ref _tail) - Volatile.Read(ref _head);

    /// <summary>False when there is no room.</summary>
    public bool TryAdd(in Sighting sighting)
    {
        while (true)
        {
            var tail = Volatile.Read(ref _tail);
            ref var place = ref _places[tail & _mask];
            var turn = Volatile.Read(ref place.Turn);
            var round = Round(tail);
            if (turn < round)
            {
                return false; // still holds what was written one round before
            }

            if (turn == round && Interlocked.CompareExchange(ref _tail, tail + 1, tail) == tail)
            {
                place.Sighting = sighting;
                Volatile.Write(ref place.Turn, round + 1);
                return true;
            }
        }
    }

    /// <summary>For the one reader. False when nothing waits, or the next is still being written.</summary>
    public bool TryTake(out Sighting sighting)
    {
        ref var place = ref _places[_head & _mask];
        if (Volatile.Read(ref place.Turn) != Round(_head) + 1)
        {
            sighting = default;
            return false;
        }

        sighting = place.Sighting;
        place.Sighting = default; // lets go of the request's strings
        Volatile.Write(ref place.Turn, Round(_head) + 2);
        Volatile.Write(ref _head, _head + 1);
        return true;
    }

    /// <summary>Counted by place and not over all, so that memory which was never written to needs none of the machine.</summary>
    private long Round(long position) => (position >> _shift) * 2;

    private struct Place
    {
        /// <summary>Even: free for the writer of that round. Odd: filled.</summary>
        public long Turn;
        public Sighting Sighting;
    }
}
