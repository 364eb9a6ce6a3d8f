using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Tandem.Server.Metrics;

/// <summary>
/// Counts what ASP.NET Core and .NET log at <see cref="LogLevel.Warning"/> and above, by category, event and type of exception. A stranger can
/// cause tens of thousands of these events a second, and their messages may quote a request, so only numbers are kept.
/// </summary>
internal sealed class FrameworkEvents : ILoggerProvider
{
    private readonly Lock _lock = new();
    private Dictionary<FrameworkEvent, long> _counts = [];

    /// <summary>Whether a category is the framework's. The host's own messages about its start and stop are not meant.</summary>
    public static bool IsFramework(string category) =>
        (category.StartsWith("Microsoft.", StringComparison.Ordinal) || category.StartsWith("System.", StringComparison.Ordinal))
        && !category.StartsWith("Microsoft.Hosting.Lifetime", StringComparison.Ordinal);

    /// <inheritdoc />
    public ILogger CreateLogger(string categoryName) => IsFramework(categoryName) ? new Counter(this, categoryName) : NullLogger.Instance;

    /// <summary>The events since the last call.</summary>
    public IReadOnlyDictionary<FrameworkEvent, long> Take()
    {
        lock (_lock)
        {
            var counts = _counts;
            _counts = [];
            return counts;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
    }

    private void Count(FrameworkEvent happened)
    {
        lock (_lock)
        {
            _counts[happened] = _counts.GetValueOrDefault(happened) + 1;
        }
    }

    private sealed class Counter(FrameworkEvents events, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Warning and not LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                events.Count(new(logLevel, category, eventId.Name ?? $"event {eventId.Id}", exception?.GetType().Name));
            }
        }
    }
}

/// <summary>A kind of event. All of it is the framework's own text; nothing comes from a request.</summary>
/// <param name="Level">Its level.</param>
/// <param name="Category">Its category.</param>
/// <param name="Name">Its name.</param>
/// <param name="Exception">The type of its exception; null without one.</param>
internal sealed record FrameworkEvent(LogLevel Level, string Category, string Name, string? Exception);
