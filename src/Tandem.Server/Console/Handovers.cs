using System.Security.Cryptography;

namespace Tandem.Server.Console;

/// <summary>
/// New tokens on their way from the POST that made them to the page that shows them, once: in memory alone, for the session that asked, for
/// two minutes. What is not fetched is zeroed.
/// </summary>
/// <param name="time">Where the time comes from.</param>
internal sealed class Handovers(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(2);

    /// <summary>On their way at once, at most; more are made by nobody who reads them.</summary>
    private const int Most = 1_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Waiting> _waiting = new(StringComparer.Ordinal);

    /// <summary>Takes charge of a token; answers the word by which its session fetches it, which is no secret.</summary>
    public string Put(string session, AuthToken token)
    {
        var (id, now) = (Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)), time.GetSteadyNow());
        lock (_lock)
        {
            foreach (var (old, waiting) in _waiting.Where(w => w.Value.Until <= now || _waiting.Count >= Most).ToList())
            {
                waiting.Token.Dispose();
                _waiting.Remove(old);
            }

            _waiting.Add(id, new(session, token, now + Lasts));
        }

        return id;
    }

    /// <summary>Hands it over, this once; null when it was fetched, has waited for too long, or is another session's. The taker disposes it.</summary>
    public AuthToken? Take(string session, string id)
    {
        lock (_lock)
        {
            if (!_waiting.TryGetValue(id, out var waiting) || !waiting.Session.Equals(session, StringComparison.Ordinal))
            {
                return null;
            }

            _waiting.Remove(id);
            if (waiting.Until > time.GetSteadyNow())
            {
                return waiting.Token;
            }

            waiting.Token.Dispose();
            return null;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var waiting in _waiting.Values)
            {
                waiting.Token.Dispose();
            }

            _waiting.Clear();
        }
    }

    private sealed record Waiting(string Session, AuthToken Token, DateTimeOffset Until);
}
