using System.Security.Cryptography;

namespace Tandem.Server.Console;

/// <summary>
/// New tokens between the POST that made them and the page that shows them, once: in memory only, for the session that asked, for two minutes.
/// A token that is not fetched is zeroed when its time is over.
/// </summary>
/// <param name="time">Where the time comes from.</param>
internal sealed class Handovers(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(2);

    /// <summary>Tokens of one user that wait at once. Nobody reads more; one more drops this user's oldest, and never another user's.</summary>
    private const int MostOfUser = 20;

    private readonly Lock _lock = new();
    private readonly OrderedDictionary<string, Waiting> _waiting = new(StringComparer.Ordinal); // the oldest first

    /// <summary>Takes charge of a token; returns the word by which its session fetches it, which is no secret.</summary>
    public string Put(SignedIn by, AuthToken token)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        lock (_lock)
        {
            var own = _waiting.Where(w => w.Value.User == by.User.Id).Select(w => w.Key).ToList();
            if (own.Count >= MostOfUser)
            {
                Remove(own[0])?.Dispose();
            }

            _waiting.Add(id, new(by.User.Id, by.Session.Id, token, time.CreateTimer(Expire, id, Lasts, Timeout.InfiniteTimeSpan)));
        }

        return id;
    }

    /// <summary>Hands it over, this once; null when it was fetched, has waited for too long, or is another session's. The taker disposes it.</summary>
    public AuthToken? Take(string session, string id)
    {
        lock (_lock)
        {
            return _waiting.TryGetValue(id, out var waiting) && waiting.Session.Equals(session, StringComparison.Ordinal) ? Remove(id) : null;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var id in _waiting.Keys.ToList())
            {
                Remove(id)?.Dispose();
            }
        }
    }

    private void Expire(object? id)
    {
        lock (_lock)
        {
            Remove((string)id!)?.Dispose();
        }
    }

    private AuthToken? Remove(string id)
    {
        if (!_waiting.Remove(id, out var waiting))
        {
            return null;
        }

        waiting.Timer.Dispose();
        return waiting.Token;
    }

    private sealed record Waiting(long User, string Session, AuthToken Token, ITimer Timer);
}
