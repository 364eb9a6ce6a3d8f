using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Tandem.Server.Metrics;

/// <summary>
/// Writes a summary of the last minute into the log, and one of the rest at the stop. A line for each event would be a flood that anyone can cause.
/// </summary>
/// <param name="time">Where the minutes come from.</param>
/// <param name="logger">Where the summaries are written.</param>
internal abstract class MinuteLog(TimeProvider time, ILogger logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private ITimer? _timer;

    protected ILogger Logger => logger;

    public virtual Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = time.Repeat(Write, Interval, Interval, logger);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        Write();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _timer = null;
    }

    /// <summary>Writes what has happened since the last call, and nothing when nothing has. Never called twice at once.</summary>
    protected abstract void Tell();

    private void Write()
    {
        lock (_lock)
        {
            Tell();
        }
    }
}
