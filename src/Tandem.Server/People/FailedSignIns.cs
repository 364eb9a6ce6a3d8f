using System.Globalization;

namespace Tandem.Server.People;

/// <summary>
/// Writes failed sign-ins into the audit. A flood of them must neither fill the disk nor stand in the way of rotations: beyond thirty at once and
/// one in twenty seconds they are counted, and the next entry says how many were left out.
/// </summary>
internal sealed class FailedSignIns(Sessions sessions, TimeProvider time)
{
    private const int Burst = 30;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(20);

    private readonly Lock _lock = new();
    private DateTimeOffset _fullAt;
    private int _leftOut;

    /// <summary>Records one, or counts it. Whether it could be stored changes nothing for whoever failed.</summary>
    /// <param name="user">As whom; null for a name that no user has, which is not repeated: people type passwords there.</param>
    /// <param name="what">What was wrong.</param>
    /// <param name="context">Where it came from.</param>
    public Task RecordAsync(User? user, string what, ChangeContext context)
    {
        int leftOut;
        lock (_lock)
        {
            var now = time.GetSteadyNow();
            var from = _fullAt > now ? _fullAt : now;
            if (from + Interval - now > Interval * Burst)
            {
                _leftOut++;
                return Task.CompletedTask;
            }

            _fullAt = from + Interval;
            (leftOut, _leftOut) = (_leftOut, 0);
        }

        var detail = leftOut == 0 ? what : string.Create(CultureInfo.InvariantCulture, $"{what}; {leftOut} more left out before it");
        return sessions.FailedAsync(user is null ? "nobody known" : $"operator {user.Name}", detail, context);
    }
}
