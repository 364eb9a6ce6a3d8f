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
