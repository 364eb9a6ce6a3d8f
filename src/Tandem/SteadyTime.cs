using System.Runtime.CompilerServices;

namespace Tandem;

/// <summary>
/// A clock that nobody sets: it goes on whatever happens to the calendar. For lengths of time that begin and end in one process. Its moments are no
/// dates, and mean nothing to another process.
/// </summary>
public static class SteadyTime
{
    /// <summary>The first moment: within what may be stored, and counted in seconds, as a date is.</summary>
    private static readonly DateTimeOffset s_zero = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>When each source of time was first asked.</summary>
    private static readonly ConditionalWeakTable<TimeProvider, object> s_asked = [];

    /// <summary>The moment by the steady clock.</summary>
    public static DateTimeOffset GetSteadyNow(this TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return s_zero + time.GetElapsedTime((long)s_asked.GetValue(time, static t => t.GetTimestamp()));
    }

    /// <summary>When a moment of the steady clock is, by the current calendar; null if it is over or not set. For display only.</summary>
    public static DateTimeOffset? ToCalendar(this TimeProvider time, DateTimeOffset? steady) =>
        steady - time.GetSteadyNow() is { } left && left > TimeSpan.Zero ? time.GetUtcNow() + left : null;

    /// <summary>
    /// How far apart two moments of the calendar are. What lies in the future, because the clock was set back, is as old as it is ahead: so a clock
    /// that is set doubles a length of time at most, and a small correction ends nothing.
    /// </summary>
    public static TimeSpan Apart(DateTimeOffset one, DateTimeOffset other) => (one - other).Duration();
}
