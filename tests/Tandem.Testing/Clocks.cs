using Microsoft.Extensions.Time.Testing;

namespace Tandem.Testing;

/// <summary>Long times on a clock that a test turns.</summary>
public static class Clocks
{
    /// <summary>
    /// Moves the calendar without the timers. Advance runs a timer once for each of its periods: of the counting's ticks that is 100 days' worth in a
    /// minute of a whole processor, which the tests beside it are then short of.
    /// </summary>
    public static void Later(this FakeTimeProvider time, TimeSpan length)
    {
        ArgumentNullException.ThrowIfNull(time);
        time.AdjustTime(time.GetUtcNow() + length);
    }
}
