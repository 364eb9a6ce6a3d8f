using Microsoft.Extensions.Logging;

namespace Tandem.Server;

/// <summary>
/// Timers for background work. An exception in a timer's callback ends the process; here it is logged, and the work is done again at its next time.
/// </summary>
internal static partial class RepeatedWork
{
    /// <summary>Does something for the first time after <paramref name="first"/>, then once every <paramref name="period"/>.</summary>
    public static ITimer Repeat(this TimeProvider time, Action work, TimeSpan first, TimeSpan period, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(time);
        return time.CreateTimer(_ => Run(work, logger), null, first, period);
    }

    private static void Run(Action work, ILogger logger)
    {
        try
        {
            work();
        }
        catch (Exception fault)
        {
            Report(logger, fault, Failed);
        }
    }

    /// <summary>Logs a fault of background work; that the log itself fails ends nothing either.</summary>
    public static void Report(ILogger logger, Exception fault, Action<ILogger, Exception> log)
    {
        try
        {
            log(logger, fault);
        }
        catch (Exception)
        {
            // There is nobody left to tell.
        }
    }

    [LoggerMessage(1, LogLevel.Error, "Background work failed. The server goes on, and the work is tried again at its next time.")]
    private static partial void Failed(ILogger logger, Exception fault);
}
