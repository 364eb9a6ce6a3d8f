using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tandem.Storage;

namespace Tandem.Server;

/// <summary>
/// What a server does by itself once an hour: it cuts off the audit entries that are older than <see cref="TandemOptions.AuditRetention"/>, removes
/// seal keys with which nothing is sealed any more, and erases what was copied before an upgrade a week ago: it holds tokens retired since.
/// </summary>
internal sealed partial class Upkeep(IAccountStore store, KeyChange keys, TandemOptions options, TimeProvider time, ILogger<Upkeep> logger) : IHostedService, IDisposable
{
    /// <summary>For how long the way back from an upgrade is kept.</summary>
    private static readonly TimeSpan s_wayBack = TimeSpan.FromDays(7);

    private readonly AuditRetention _retention = new(store);
    private ITimer? _timer;
    private Task _running = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = time.Repeat(Begin, TimeSpan.FromMinutes(1), TimeSpan.FromHours(1), logger);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return _running.WaitAsync(cancellationToken);
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _timer = null;
    }

    private void Begin()
    {
        if (_running.IsCompleted)
        {
            _running = RunAsync();
        }
    }

    private async Task RunAsync()
    {
        try
        {
            if (options.AuditRetention > TimeSpan.Zero
                && await _retention.CutAsync(time.GetUtcNow() - options.AuditRetention, new("server", "audit-retention")) is > 0 and var cut)
            {
                Cut(logger, cut);
            }

            await keys.RemoveUnusedAsync();
            foreach (var copy in DatabaseAtRest.CopiesBeforeUpgrades(options.DataDirectory, time.GetUtcNow() - s_wayBack))
            {
                DurableFile.Erase(copy);
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Failed(logger, e.Message); // nothing rests on it, and it is tried again in an hour
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{Count} audit entries were older than they are kept, and were cut off. The trail goes on to verify: tandem audit verify")]
    private static partial void Cut(ILogger logger, long count);

    [LoggerMessage(2, LogLevel.Warning, "Old audit entries, keys or copies could not be removed ({Reason}); it is tried again in an hour.")]
    private static partial void Failed(ILogger logger, string reason);
}
