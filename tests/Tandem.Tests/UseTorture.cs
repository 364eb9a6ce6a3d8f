namespace Tandem.Tests;

/// <summary>
/// Recorders note ever later seconds while the writer makes the array grow: a use that was noted is there, at the latest when
/// the change that was under way is complete. Each account has one recorder, so that what must be there is known.
/// </summary>
internal sealed class UseTorture(IStressedIndex index, ulong seed, int accounts)
{
    private const int Recorders = 2;
    private const int Used = 16;

    private readonly StressAccounts _accounts = new(seed);
    private long _applied;
    private volatile bool _stop;

    public (long Uses, long Lost, long Growths) Run()
    {
        for (var i = 0; i < Used; i++)
        {
            Apply(i);
        }

        var seen = new (long Uses, long Lost)[Recorders];
        var threads = Enumerable.Range(0, Recorders).Select(r => new Thread(() => seen[r] = Record(r))).ToList();
        threads.ForEach(t => t.Start());
        var growths = 0L;
        for (var i = Used; i < accounts; i++)
        {
            var account = _accounts.Make(i, 1);
            var before = GC.GetAllocatedBytesForCurrentThread();
            index.Apply(account, 1);
            growths += GC.GetAllocatedBytesForCurrentThread() == before ? 0 : 1; // it allocates only to grow
            Volatile.Write(ref _applied, _applied + 1);
            if ((i & 15) == 0)
            {
                Apply(i >> 4 & (Used - 1)); // the same tokens again: their last use stays
            }
        }

        _stop = true;
        threads.ForEach(t => t.Join());
        return (seen.Sum(s => s.Uses), seen.Sum(s => s.Lost), growths);
    }

    private void Apply(int account)
    {
        index.Apply(_accounts.Make(account, 1), _applied + 2);
        Volatile.Write(ref _applied, _applied + 1);
    }

    private (long Uses, long Lost) Record(int recorder)
    {
        var noted = new uint[Used * 2];
        var (uses, lost) = (0L, 0L);
        for (uint second = 1; !_stop; second++)
        {
            for (var account = recorder; account < Used; account += Recorders)
            {
                var sid = _accounts.Sid(account);
                lost += IsLost(sid, noted[account], noted[Used + account]) ? 1 : 0;
                index.RecordUse(sid, Slot.Primary, 1, noted[account] = second);
                index.RecordUse(sid, Slot.Secondary, 1, noted[Used + account] = second * 2);
                uses += 2;
            }
        }

        for (var account = recorder; account < Used; account += Recorders)
        {
            lost += IsLost(_accounts.Sid(account), noted[account], noted[Used + account]) ? 1 : 0;
        }

        return (uses, lost);
    }

    private bool IsLost(AccountSid sid, uint primary, uint secondary)
    {
        var applied = Volatile.Read(ref _applied);
        if (Holds(sid, primary, secondary))
        {
            return false;
        }

        // Between the new array's publication and the carrying over of the last uses a reader may see an earlier one.
        SpinWait.SpinUntil(() => Volatile.Read(ref _applied) > applied + 1 || _stop, TimeSpan.FromSeconds(30));
        return !Holds(sid, primary, secondary);
    }

    private bool Holds(AccountSid sid, uint primary, uint secondary) =>
        index.TryGet(sid, out var found) && found.PrimaryLastUse >= primary && found.SecondaryLastUse >= secondary;
}
