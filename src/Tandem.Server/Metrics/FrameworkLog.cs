using Microsoft.Extensions.Logging;

namespace Tandem.Server.Metrics;

/// <summary>One line a minute for all events of the framework in that minute, and none when there were none.</summary>
internal sealed partial class FrameworkLog(FrameworkEvents events, TimeProvider time, ILogger<FrameworkLog> logger) : MinuteLog(time, logger)
{
    /// <summary>Kinds of events that one line names, the most frequent first.</summary>
    private const int MostKinds = 10;

    /// <inheritdoc />
    protected override void Tell()
    {
        var counts = events.Take();
        if (counts.Count == 0)
        {
            return;
        }

        var named = counts.OrderByDescending(c => c.Value).Take(MostKinds).Select(c =>
            $"{c.Value} × {c.Key.Category} {c.Key.Name}{(c.Key.Exception is { } exception ? $" with {exception}" : "")} ({c.Key.Level})");
        var more = counts.Count > MostKinds ? $"; {counts.Count - MostKinds} more kinds" : "";
        var (level, text) = (counts.Keys.Max(k => k.Level), string.Join("; ", named) + more);
        Reported(Logger, level, text);
    }

    // The framework's names of its events, and numbers.
    [LoggerMessage(EventId = 1, Message = "ASP.NET Core and .NET reported in the last minute: {Events}. TANDEM_LOG_LEVEL=Debug writes each of them.")]
    private static partial void Reported(ILogger logger, LogLevel level, string events);
}
