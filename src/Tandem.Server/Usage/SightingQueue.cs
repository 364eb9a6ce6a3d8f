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
        for (var i = 0; i < capacity; i++)
        {
            _places[i].Turn = i;
        }
    }

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
            if (turn < tail)
            {
                return false; // still holds what was written one round before
            }

            if (turn == tail && Interlocked.CompareExchange(ref _tail, tail + 1, tail) == tail)
            {
                place.Sighting = sighting;
                Volatile.Write(ref place.Turn, tail + 1);
                return true;
            }
        }
    }

    /// <summary>For the one reader. False when nothing waits, or the next is still being written.</summary>
    public bool TryTake(out Sighting sighting)
    {
        ref var place = ref _places[_head & _mask];
        if (Volatile.Read(ref place.Turn) != _head + 1)
        {
            sighting = default;
            return false;
        }

        sighting = place.Sighting;
        place.Sighting = default; // lets go of the request's strings
        Volatile.Write(ref place.Turn, _head + _places.Length);
        Volatile.Write(ref _head, _head + 1);
        return true;
    }

    private struct Place
    {
        public long Turn;
        public Sighting Sighting;
    }
}
