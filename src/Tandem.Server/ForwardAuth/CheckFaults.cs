using Microsoft.Extensions.Logging;
using Tandem.Server.Metrics;

namespace Tandem.Server.ForwardAuth;

/// <summary>
/// Counts the checks that could not be made, and logs why. A fault in the check may strike every request, tens of thousands a second: a few a minute are told with
/// their exception.
/// </summary>
internal sealed partial class CheckFaults(VerdictCounts counts, TimeProvider time, ILogger log)
{
    private const int PerMinute = 10;

    private readonly Lock _lock = new();
    private long _began = time.GetTimestamp();
    private int _told;

    /// <summary>Counts it, and logs it unless there were too many.</summary>
    public void Tell(Family family, Exception exception)
    {
        counts.Add(family, VerdictKind.Unavailable);
        lock (_lock)
        {
            if (time.GetElapsedTime(_began) >= TimeSpan.FromMinutes(1))
            {
                (_began, _told) = (time.GetTimestamp(), 0);
            }

            if (++_told > PerMinute)
            {
                return;
            }
        }

        Failed(log, exception);
    }

    // The exception; nothing that the request brought along.
    [LoggerMessage(1, LogLevel.Error, "A check could not be made and was answered as unavailable.")]
    private static partial void Failed(ILogger logger, Exception exception);
}
