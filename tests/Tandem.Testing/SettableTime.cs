using Microsoft.Extensions.Time.Testing;

namespace Tandem.Testing;

/// <summary>A clock that a test turns, and whose calendar it sets apart from that: as an administrator does, or a machine that has lost its clock.</summary>
/// <param name="start">The time at first.</param>
public sealed class SettableTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    private long _set;

    /// <summary>The time by the calendar.</summary>
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Volatile.Read(ref _set));

    /// <summary>The time that has passed, whatever the calendar says; the base class tells that by the calendar.</summary>
    public override long GetTimestamp() => base.GetUtcNow().Ticks;

    /// <summary>Sets the calendar forward or back. No time passes by it.</summary>
    public void Set(TimeSpan by) => Interlocked.Add(ref _set, by.Ticks);
}
