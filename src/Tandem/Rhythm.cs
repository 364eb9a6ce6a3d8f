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
        var moments = new SortedSet<uint>();
        foreach (var use in new[] { consumer.Primary, consumer.Secondary }.OfType<TokenUse>())
        {
            moments.UnionWith(Moments(use));
        }

        var intervals = moments.Zip(moments.Skip(1), (earlier, later) => later - earlier).Order().ToList();
        var span = moments.Count == 0 ? 0 : moments.Max - moments.Min;
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

    /// <summary>When calls were seen, each as finely as it is still known: by minute, before that by hour, before that by day.</summary>
    private static List<uint> Moments(TokenUse use)
    {
        var moments = new List<uint> { use.First, use.Last };
        var minutesFrom = Take(use.Minutes, uint.MaxValue, 3600);
        var hoursFrom = Take(use.Hours, minutesFrom, 86_400);
        Take(use.Days, hoursFrom, 86_400);
        return moments;

        // Answers where the next coarser window's own begin to count.
        uint Take(CountWindow window, uint before, uint coarser)
        {
            foreach (var period in window.Counts)
            {
                if (period.Start < before && period.Start > use.First)
                {
                    moments.Add(period.Start);
                }
            }

            return window.Counts.IsEmpty ? before : window.Counts[0].Start - (window.Counts[0].Start % coarser);
        }
    }
}
