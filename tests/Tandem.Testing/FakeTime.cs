namespace Tandem.Testing;

/// <summary>
/// A calendar that a test turns: what the server writes down is as old as the test says, and weeks pass at once. Timers and the lengths of
/// short waits stay the system's own, so that the server goes on working meanwhile.
/// </summary>
/// <param name="start">The time at first.</param>
public sealed class FakeTime(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _lock = new();
    private DateTimeOffset _now = start;

    /// <summary>The time of a calendar that stands still until it is turned.</summary>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    /// <summary>Lets so much time pass.</summary>
    public void Pass(TimeSpan time)
    {
        lock (_lock)
        {
            _now += time;
        }
    }
}
