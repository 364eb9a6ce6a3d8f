namespace Tandem;

/// <summary>
/// How often a consumer calls, as far as its calls so far tell: the usual length, in seconds, of its long silences. A job that runs for
/// half an hour once a week has the rhythm of a week, not of a minute: what matters is when it is next to be heard of.
/// </summary>
/// <param name="Every">Seconds from one spell of calls to the next.</param>
/// <param name="Intervals">How many such intervals that rests on.</param>
public readonly record struct Rhythm(uint Every, int Intervals)
{
    /// <summary>A silence that has happened once in a history of this many times its length was an outage, not a rhythm.</summary>
    private const uint OutageFactor = 5;

    /// <summary>The rhythm of a consumer over both tokens; null when it was seen in one period only.</summary>
    public static Rhythm? Of(ConsumerUse consumer)
    {
        var moments = new SortedDictionary<uint, uint>();
        foreach (var use in new[] { consumer.Primary, consumer.Secondary }.OfType<TokenUse>())
        {
            Take(use, moments);
        }

        // Periods side by side are no silence when calls came throughout; when they came in spells, there is one between the spells.
        var intervals = moments.Zip(moments.Skip(1), (earlier, later) => later.Key - earlier.Key > earlier.Value ? later.Key - earlier.Key : 0)
            .Where(i => i > 0).Order().ToList();
        var span = moments.Count == 0 ? 0 : moments.Last().Key - moments.First().Key;
        while (intervals.Count > 0)
        {
            // The group of the longest intervals: those of at least half the longest.
            var longest = intervals[^1];
            var group = intervals.Where(i => i >= longest / 2).ToList();
            if (group.Count > 1 || intervals.Count == 1 || span < (ulong)OutageFactor * longest)
            {
                return new(group[group.Count / 2], group.Count);
            }

            intervals.RemoveAt(intervals.Count - 1);
        }

        return null;
    }

    /// <summary>
    /// When calls were seen, each as finely as it is still known (by minute, before that by hour, before that by day), and how much later the
    /// next must be to tell of a silence.
    /// </summary>
    private static void Take(TokenUse use, SortedDictionary<uint, uint> moments)
    {
        var (before, throughout) = (uint.MaxValue, true);
        foreach (var (window, seconds, finer) in new[] { (use.Minutes, 60u, 60u), (use.Hours, 3600u, 60u), (use.Days, 86_400u, 3600u) })
        {
            foreach (var period in window.Counts)
            {
                if (period.Start < before)
                {
                    moments[Math.Max(period.Start, use.First)] = seconds == 60 || !throughout ? 0 : (2 * seconds) + finer;
                }
            }

            var counts = window.Counts;
            before = counts.IsEmpty ? before : counts[0].Start - (counts[0].Start % (seconds == 60 ? 3600u : 86_400u));
            throughout = IsThroughout(counts, seconds * (seconds == 60 ? 30u : 12u));
        }
    }

    /// <summary>Whether calls came without a longer silence than this, for at least as long.</summary>
    private static bool IsThroughout(ReadOnlySpan<PeriodCount> counts, uint seconds)
    {
        for (var i = 1; i < counts.Length; i++)
        {
            if (counts[i].Start - counts[i - 1].Start > seconds)
            {
                return false;
            }
        }

        return counts.Length > 1 && counts[^1].Start - counts[0].Start >= seconds;
    }
}
