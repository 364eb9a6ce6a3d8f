using Microsoft.Extensions.Logging;

namespace Tandem.Storage;

/// <summary>A logger whose failure is nobody's: the writer must neither stop nor answer an error because a line could not be written.</summary>
internal sealed class HarmlessLogger(ILogger logger) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true; // asked again inside, where a failure is caught

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        try
        {
            logger.Log(logLevel, eventId, state, exception, formatter);
        }
        catch (Exception)
        {
            // there is nowhere left to say it
        }
    }
}
