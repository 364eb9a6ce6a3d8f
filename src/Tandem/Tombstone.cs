using System.Buffers.Binary;

namespace Tandem;

/// <summary>
/// What is remembered of a retired token, for thirty days, so that its owner can be told who still calls with it: 64 bits of a keyed hash of
/// its verifier, which help nobody to the verifier or the token. The check never looks at it.
/// </summary>
/// <param name="Account">Whose token it was.</param>
/// <param name="Mark">The first 8 bytes of HMAC(tombstone key, verifier).</param>
/// <param name="Fingerprint">By which people recognise it.</param>
/// <param name="RetiredAt">When it was retired, in seconds since 1970.</param>
public sealed record Tombstone(AccountSid Account, ulong Mark, Fingerprint Fingerprint, uint RetiredAt)
{
    /// <summary>Seconds for which it is kept: 30 days.</summary>
    public const uint Lifetime = 30 * 86_400;

    /// <summary>The tombstone of a token.</summary>
    public static Tombstone Of(DataKey key, AccountSid account, StoredToken token, uint retiredAt) =>
        new(account, MarkOf(key, token.Verifier), token.Fingerprint, retiredAt);

    /// <summary>The mark of a verifier, or of a presented digest.</summary>
    public static ulong MarkOf(DataKey key, VerifierValue verifier) => BinaryPrimitives.ReadUInt64BigEndian(key.Hmac(verifier));
}

/// <summary>Somebody's calls with a retired token; all were refused. Times are in whole seconds since 1970.</summary>
/// <param name="Tombstone">Which token.</param>
/// <param name="Caller">Who called.</param>
/// <param name="First">The first call.</param>
/// <param name="Last">The last.</param>
/// <param name="Calls">How many.</param>
public sealed record LateUse(Tombstone Tombstone, ConsumerKey Caller, uint First, uint Last, ulong Calls);

/// <summary>The tombstones of all accounts, and the late uses that were seen.</summary>
public sealed class LateUses
{
    /// <summary>Callers of one retired token told apart, at most.</summary>
    public const int CallerLimit = 50;

    private readonly Dictionary<AccountSid, Dictionary<ulong, Grave>> _byAccount = [];

    /// <summary>Adds a tombstone; false when it is there.</summary>
    public bool Add(Tombstone tombstone)
    {
        if (!_byAccount.TryGetValue(tombstone.Account, out var graves))
        {
            _byAccount.Add(tombstone.Account, graves = []);
        }

        return graves.TryAdd(tombstone.Mark, new(tombstone, []));
    }

    /// <summary>Adds a late use that was stored; without its tombstone it is left out.</summary>
    public void Restore(LateUse use)
    {
        if (_byAccount.TryGetValue(use.Tombstone.Account, out var graves) && graves.TryGetValue(use.Tombstone.Mark, out var grave))
        {
            grave.Callers[use.Caller] = use;
        }
    }

    /// <summary>Whether an account has retired tokens that are remembered. Asked first, because a mark costs a hash.</summary>
    public bool Has(AccountSid account) => _byAccount.ContainsKey(account);

    /// <summary>Counts a refused call, if its token is one of the account's retired ones; null when it is none.</summary>
    public LateUse? Count(in Sighting sighting, ulong mark, ConsumerKey caller)
    {
        if (!_byAccount.TryGetValue(sighting.Sid, out var graves) || !graves.TryGetValue(mark, out var grave))
        {
            return null;
        }

        caller = grave.Callers.ContainsKey(caller) || grave.Callers.Count < CallerLimit ? caller : ConsumerKey.Rest;
        var (use, second) = (grave.Callers.GetValueOrDefault(caller), sighting.Second);
        return grave.Callers[caller] = use is null
            ? new(grave.Tombstone, caller, second, second, 1)
            : use with { First = Math.Min(use.First, second), Last = Math.Max(use.Last, second), Calls = use.Calls + 1 };
    }

    /// <summary>The late uses of an account, the newest first.</summary>
    public IReadOnlyList<LateUse> Of(AccountSid account) => !_byAccount.TryGetValue(account, out var graves) ? []
        : [.. graves.Values.SelectMany(g => g.Callers.Values).OrderByDescending(u => u.Last)];

    /// <summary>Forgets the tombstones of tokens retired before this second, and their late uses.</summary>
    public void Forget(uint before)
    {
        foreach (var (account, graves) in _byAccount.ToList())
        {
            foreach (var grave in graves.Values.Where(g => g.Tombstone.RetiredAt < before).ToList())
            {
                graves.Remove(grave.Tombstone.Mark);
            }

            if (graves.Count == 0)
            {
                _byAccount.Remove(account);
            }
        }
    }

    private sealed record Grave(Tombstone Tombstone, Dictionary<ConsumerKey, LateUse> Callers);
}
