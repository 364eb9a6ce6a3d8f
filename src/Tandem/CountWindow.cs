namespace Tandem;

/// <summary>The calls of one period.</summary>
/// <param name="Start">When it began, in whole seconds since 1970.</param>
/// <param name="Calls">How many calls it saw.</param>
public readonly record struct PeriodCount(uint Start, uint Calls);

/// <summary>
/// Counts of calls by equal periods, over the newest so many of them. A period without a call takes no room, so that a consumer which
/// calls once a week costs little; the window ends with its newest call and not with the clock.
/// </summary>
public sealed class CountWindow
{
    private readonly uint _seconds;
    private readonly int _periods;
    private PeriodCount[] _counts = [];
    private int _length;

    /// <param name="seconds">The length of a period.</param>
    /// <param name="periods">How many are kept.</param>
    public CountWindow(uint seconds, int periods) => (_seconds, _periods) = (seconds, periods);

    /// <summary>The periods that saw a call, oldest first. Valid until the next call of <see cref="Add"/>.</summary>
    public ReadOnlySpan<PeriodCount> Counts => _counts.AsSpan(0, _length);

    /// <summary>Adds calls of a second. They may come late; what is older than the window is left out.</summary>
    public void Add(uint second, uint calls = 1)
    {
        var start = second - (second % _seconds);
        var at = _length;
        while (at > 0 && _counts[at - 1].Start > start)
        {
            at--;
        }

        if (at > 0 && _counts[at - 1].Start == start)
        {
            ref var period = ref _counts[at - 1];
            period = period with { Calls = (uint)Math.Min(uint.MaxValue, (ulong)period.Calls + calls) };
            return;
        }

        var newest = Math.Max(start, _length == 0 ? 0 : _counts[_length - 1].Start);
        if (IsOutside(start, newest))
        {
            return;
        }

        var stale = 0;
        while (stale < at && IsOutside(_counts[stale].Start, newest))
        {
            stale++;
        }

        Counts[stale..].CopyTo(_counts);
        (_length, at) = (_length - stale, at - stale);
        if (_length == _counts.Length)
        {
            Array.Resize(ref _counts, Math.Min(_periods, Math.Max(2, _length * 2)));
        }

        _counts.AsSpan(at, _length - at).CopyTo(_counts.AsSpan(at + 1));
        _counts[at] = new(start, calls);
        _length++;
    }

    /// <summary>The periods that saw a call, oldest first, as far as the window would hold them if it ended with this second.</summary>
    public IReadOnlyList<PeriodCount> Until(uint second)
    {
        var current = second - (second % _seconds);
        return [.. Counts.ToArray().Where(c => c.Start > current || !IsOutside(c.Start, current))];
    }

    /// <summary>All calls of the periods that began at this second or later.</summary>
    public ulong Since(uint second)
    {
        var sum = 0UL;
        foreach (var period in Counts)
        {
            sum += period.Start >= second ? period.Calls : 0;
        }

        return sum;
    }

    private bool IsOutside(uint start, uint newest) => newest - start >= (ulong)_seconds * (ulong)_periods;
}
