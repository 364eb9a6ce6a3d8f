namespace Tandem.Tests;

/// <summary>What one writer and its readers saw. Anything in the last four is a fault.</summary>
/// <param name="Reads">Checked reads.</param>
/// <param name="Overlapping">Of these, reads with a write to the same account in between.</param>
/// <param name="Writes">Completed writes.</param>
/// <param name="Growths">How often the array grew.</param>
/// <param name="Torn">Reads that mixed two versions.</param>
/// <param name="Missed">Reads that missed an account whose write was complete before they began.</param>
/// <param name="Stale">Reads older than the last write that was complete before they began.</param>
/// <param name="Future">Reads newer than the newest write begun before they ended.</param>
internal readonly record struct Sightings(
    long Reads, long Overlapping, long Writes, long Growths, long Torn, long Missed, long Stale, long Future)
{
    public long Faults => Torn + Missed + Stale + Future;

    public static Sightings operator +(Sightings a, Sightings b) => new(
        a.Reads + b.Reads,
        a.Overlapping + b.Overlapping,
        a.Writes + b.Writes,
        a.Growths + b.Growths,
        a.Torn + b.Torn,
        a.Missed + b.Missed,
        a.Stale + b.Stale,
        a.Future + b.Future);
}

/// <summary>
/// One phase: an index of some first size, a writer that adds accounts all along and never stops changing them, and readers
/// that check each answer against what was complete before the read and begun before its end.
/// </summary>
internal sealed class IndexTorture(IStressedIndex index, ulong seed, int accounts, long reads, bool stopAtFault = false)
{
    private const int Readers = 2;
    private const int Stride = 16; // counters of two threads never share a cache line

    private readonly StressAccounts _accounts = new(seed);
    private readonly long[] _begun = new long[accounts];
    private readonly long[] _completed = new long[accounts];
    private readonly long[] _progress = new long[(Readers + 1) * Stride];
    private int _added;
    private volatile bool _stop;

    public Sightings Run()
    {
        var seen = new Sightings[Readers + 1];
        var threads = Enumerable.Range(0, Readers).Select(r => new Thread(() => seen[r] = Read(r))).ToList();
        threads.ForEach(t => t.Start());
        var writer = new Thread(() => seen[Readers] = Write());
        writer.Start();
        threads.ForEach(t => t.Join());
        _stop = true;
        writer.Join();
        return seen.Aggregate((a, b) => a + b);
    }

    private Sightings Write()
    {
        var random = seed ^ 0xA5A5;
        var (writes, growths) = (0L, 0L);
        while (!_stop)
        {
            // All accounts are there after four fifths of the reads; growths are spread over them as the square root is.
            var done = Enumerable.Range(0, Readers).Sum(r => Volatile.Read(ref _progress[r * Stride])) / (0.8 * reads);
            var wanted = Math.Min(accounts, (long)(accounts * done * done) + 1);
            for (var i = 0; i < 64; i++)
            {
                if (_added < wanted)
                {
                    var account = _accounts.Make(_added, 1);
                    var before = GC.GetAllocatedBytesForCurrentThread();
                    Apply(account, _added, 1);
                    growths += GC.GetAllocatedBytesForCurrentThread() == before ? 0 : 1; // it allocates only to grow
                    Volatile.Write(ref _added, _added + 1);
                }
                else
                {
                    var number = Pick(ref random, _added);
                    var version = _completed[number] + 1;
                    Apply(_accounts.Make(number, version), number, version);
                }

                writes++;
            }
        }

        return new(0, 0, writes, growths, 0, 0, 0, 0);
    }

    private void Apply(Account account, int number, long version)
    {
        Volatile.Write(ref _begun[number], version);
        index.Apply(account, StressAccounts.Epoch(number, version));
        Volatile.Write(ref _completed[number], version);
    }

    private Sightings Read(int reader)
    {
        var random = seed ^ ((ulong)reader << 32) ^ 0x5A5A;
        var (overlapping, torn, missed, stale, future, n) = (0L, 0L, 0L, 0L, 0L, 0L);
        while (n < reads / Readers && !_stop)
        {
            var number = Pick(ref random, Math.Min(accounts, Volatile.Read(ref _added) + 1)); // and the one that is being added
            var sid = _accounts.Sid(number);
            var before = Volatile.Read(ref _completed[number]);
            var isThere = index.TryGet(sid, out var found);
            var after = Volatile.Read(ref _begun[number]);

            n++;
            overlapping += after == before ? 0 : 1;
            missed += !isThere && before > 0 ? 1 : 0;
            torn += isThere && !_accounts.IsWhole(number, found) ? 1 : 0;
            stale += isThere && found.Generation < before ? 1 : 0;
            future += isThere && found.Generation > after ? 1 : 0;
            if ((n & 255) == 0)
            {
                Volatile.Write(ref _progress[reader * Stride], n);
                _stop |= stopAtFault && torn + missed + stale + future > 0;
            }
        }

        Volatile.Write(ref _progress[reader * Stride], n);
        return new(n, overlapping, 0, 0, torn, missed, stale, future);
    }

    private static int Pick(ref ulong random, int known)
    {
        var drawn = StressAccounts.Next(ref random);
        var among = (drawn & 1) == 0 ? Math.Min(StressAccounts.Hot, known) : known;
        return (int)Math.BigMul(drawn & ~1UL, (ulong)among, out _);
    }
}
