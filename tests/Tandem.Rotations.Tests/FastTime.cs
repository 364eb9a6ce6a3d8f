namespace Tandem.Rotations.Tests;

/// <summary>The system's clock, running five times as fast: pauses are short, and what happens in them still happens in order.</summary>
internal sealed class FastTime : TimeProvider
{
    private const int Factor = 5;

    private readonly DateTimeOffset _start = System.GetUtcNow();
    private readonly long _from = System.GetTimestamp();

    public override long GetTimestamp() => _from + ((System.GetTimestamp() - _from) * Factor);

    public override DateTimeOffset GetUtcNow() => _start + (System.GetElapsedTime(_from) * Factor);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(System.CreateTimer(callback, state, Shorter(dueTime), Shorter(period)));

    private static TimeSpan Shorter(TimeSpan time) => time == Timeout.InfiniteTimeSpan ? time : time / Factor;

    private sealed class Timer(ITimer real) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => real.Change(Shorter(dueTime), Shorter(period));

        public void Dispose() => real.Dispose();

        public ValueTask DisposeAsync() => real.DisposeAsync();
    }
}
