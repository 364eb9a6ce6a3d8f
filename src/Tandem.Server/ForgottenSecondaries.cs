using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Tandem.Server;

/// <summary>
/// Secondaries that have waited for longer than <see cref="TandemOptions.SecondaryAgeWarning"/>: a rotation that nobody ended, and a second valid
/// token that nobody may be thinking of. They raise an alarm, and each account is named in the log once a day at most.
/// </summary>
internal sealed partial class ForgottenSecondaries(
    PendingSecondaries pending, VerifierIndex index, TandemOptions options, TimeProvider time, ILogger<ForgottenSecondaries> logger) : IHostedService, IDisposable
{
    /// <summary>Accounts named in a day, at most: whoever rotates a fleet needs the number, not a line for each.</summary>
    private const int NamedADay = 20;

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<AccountSid, DateTimeOffset> _named = [];
    private DateTimeOffset? _counted;
    private ITimer? _timer;

    private bool IsOff => options.SecondaryAgeWarning == TimeSpan.Zero;

    /// <summary>A secondary created by then is forgotten now. No secondary is as old as what this says when nothing is to be warned of.</summary>
    public DateTimeOffset Before => IsOff ? DateTimeOffset.UnixEpoch : time.GetUtcNow() - options.SecondaryAgeWarning;

    /// <summary>How many secondaries there are; the older ones are the forgotten ones.</summary>
    public PendingAges Look() => pending.Look(Before);

    /// <summary>Whether a secondary created then is forgotten now.</summary>
    public bool Has(DateTimeOffset created) => created <= Before;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = time.Repeat(Tell, TimeSpan.FromMinutes(1), TimeSpan.FromHours(1), logger);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _timer = null;
    }

    private void Tell()
    {
        lock (_lock)
        {
            var (now, older) = (time.GetUtcNow(), Look().Older);
            foreach (var past in _named.Where(n => now - n.Value >= Day).Select(n => n.Key).ToList())
            {
                _named.Remove(past);
            }

            if (older == 0)
            {
                return;
            }

            foreach (var (sid, created) in pending.Oldest(now - options.SecondaryAgeWarning, NamedADay - _named.Count, _named.ContainsKey))
            {
                _named.Add(sid, now);
                Forgotten(logger, sid, (int)(now - created).TotalHours, LastUse(sid));
            }

            // Those named before may have ended since: the number is then too small by them, and made up for a day later.
            if (older > _named.Count && (_counted is not { } told || now - told >= Day))
            {
                _counted = now;
                More(logger, older - _named.Count);
            }
        }
    }

    private string LastUse(AccountSid sid) => index.TryGet(sid, out var entry) && entry.SecondaryLastUse > 0
        ? $"last used {DateTimeOffset.FromUnixTimeSeconds(entry.SecondaryLastUse).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}"
        : "not used since the server's start";

    [LoggerMessage(1, LogLevel.Warning, "secondary_forgotten: the secondary token of {Sid} is {Hours} hours old, {LastUse}. It works as the primary does until somebody ends the rotation: tandem token promote {Sid}, or tandem token delete {Sid}")]
    private static partial void Forgotten(ILogger logger, AccountSid sid, int hours, string lastUse);

    [LoggerMessage(2, LogLevel.Warning, "secondary_forgotten: {Count} more accounts have a secondary token that old. GET /tandem/v1/accounts/SID/tokens tells of each.")]
    private static partial void More(ILogger logger, int count);
}
