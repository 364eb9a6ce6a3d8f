using System.Runtime.InteropServices;

namespace Tandem;

/// <summary>How many secondaries wait to be promoted or deleted, and for how long.</summary>
/// <param name="Count">Accounts with a secondary.</param>
/// <param name="Older">Those whose secondary was created before the moment asked for.</param>
/// <param name="Oldest">When the oldest was created, to the minute; null when there is none.</param>
public readonly record struct PendingAges(int Count, int Older, DateTimeOffset? Oldest);

/// <summary>
/// Which accounts have a secondary token, and since when: rotations that somebody began and has not ended. Held in memory, so that neither
/// an alarm nor a metric ever scans the accounts' table: filled when the store is opened, then told of every change by the store's one writer.
/// </summary>
/// <remarks>
/// To the minute, because so the ages of any number of secondaries are a few numbers: how many began in each minute. Some 40 bytes a
/// secondary; accounts without one cost nothing.
/// </remarks>
public sealed class PendingSecondaries
{
    private readonly Lock _lock = new();
    private readonly Dictionary<AccountSid, uint> _minutes = [];
    private readonly Dictionary<uint, int> _counts = [];

    /// <summary>Takes in when the account's secondary was created; null when it has none.</summary>
    public void Apply(AccountSid sid, DateTimeOffset? created)
    {
        lock (_lock)
        {
            if (_minutes.Remove(sid, out var before) && --CollectionsMarshal.GetValueRefOrNullRef(_counts, before) == 0)
            {
                _counts.Remove(before);
            }

            if (created is { } time)
            {
                var minute = MinuteOf(time);
                _minutes.Add(sid, minute);
                CollectionsMarshal.GetValueRefOrAddDefault(_counts, minute, out _)++;
            }
        }
    }

    /// <summary>How many there are, and how many were created before this moment; those of the moment's own minute are not.</summary>
    public PendingAges Look(DateTimeOffset before)
    {
        var limit = MinuteOf(before);
        lock (_lock)
        {
            var (older, oldest) = (0, uint.MaxValue);
            foreach (var (minute, count) in _counts)
            {
                older += minute < limit ? count : 0;
                oldest = Math.Min(oldest, minute);
            }

            return new(_minutes.Count, older, _minutes.Count == 0 ? null : TimeOf(oldest));
        }
    }

    /// <summary>
    /// The oldest of those created before this moment, with the minute of their creation: at most so many, those left out by <paramref name="leaveOut"/>
    /// not among them. It passes over all that there are.
    /// </summary>
    public IReadOnlyList<(AccountSid Sid, DateTimeOffset Created)> Oldest(DateTimeOffset before, int limit, Func<AccountSid, bool> leaveOut)
    {
        var until = MinuteOf(before);
        var oldest = new PriorityQueue<(AccountSid Sid, uint Minute), uint>(Comparer<uint>.Create(static (a, b) => b.CompareTo(a)));
        lock (_lock)
        {
            foreach (var (sid, minute) in _minutes)
            {
                if (minute < until && (oldest.Count < limit || (limit > 0 && minute < oldest.Peek().Minute)) && !leaveOut(sid))
                {
                    oldest.Enqueue((sid, minute), minute);
                    if (oldest.Count > limit)
                    {
                        oldest.Dequeue(); // the newest of them
                    }
                }
            }
        }

        return [.. oldest.UnorderedItems.Select(o => o.Element).OrderBy(o => o.Minute).Select(o => (o.Sid, TimeOf(o.Minute)))];
    }

    private static uint MinuteOf(DateTimeOffset time) => (uint)Math.Clamp(time.ToUnixTimeSeconds() / 60, 0, uint.MaxValue);

    private static DateTimeOffset TimeOf(uint minute) => DateTimeOffset.FromUnixTimeSeconds(minute * 60L);
}
