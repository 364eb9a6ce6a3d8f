namespace Tandem.Testing;

/// <summary>
/// A clock that a test turns: what the server writes down is as old as the test says, and weeks pass at once. Timers stay the system's own, so that
/// the server goes on working meanwhile.
/// </summary>
/// <param name="start">The time at first.</param>
public sealed class FakeTime(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _lock = new();
    private DateTimeOffset _now = start;
    private TimeSpan _passed;

    /// <summary>The time of a calendar that stands still until it is turned.</summary>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    /// <summary>The system's, and what has passed besides.</summary>
    public override long GetTimestamp()
    {
        lock (_lock)
        {
            return base.GetTimestamp() + (_passed.Ticks * (TimestampFrequency / TimeSpan.TicksPerSecond));
        }
    }

    /// <summary>Lets so much time pass; with less than none, the calendar alone is set back.</summary>
    public void Pass(TimeSpan time)
    {
        Set(time);
        lock (_lock)
        {
            _passed += time > TimeSpan.Zero ? time : TimeSpan.Zero;
        }
    }

    /// <summary>Sets the calendar forward or back, and no time passes.</summary>
    public void Set(TimeSpan by)
    {
        lock (_lock)
        {
            _now += by;
        }
    }
}
