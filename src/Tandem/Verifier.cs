using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Tandem;

/// <summary>Why a credential was refused. For the owner's eyes and for counting; never shown to the caller.</summary>
public enum RefusalReason : byte
{
    /// <summary>It was not refused.</summary>
    None,

    /// <summary>No account has this SID.</summary>
    UnknownAccount,

    /// <summary>Neither of the account's tokens.</summary>
    WrongToken,

    /// <summary>The right token of a suspended account, or of one whose parent is not active.</summary>
    Suspended,
}

/// <summary>The answer to "is this credential valid, and which of the two tokens is it?".</summary>
/// <param name="Reason">Why not; <see cref="RefusalReason.None"/> when it is valid.</param>
/// <param name="Sid">The account asked for.</param>
/// <param name="OwnerSid">Its parent, or itself.</param>
/// <param name="Slot">Which token matched.</param>
/// <param name="Generation">The account's generation when it matched.</param>
/// <param name="PausedUntil">Until when the check refuses this token although it is valid, in whole seconds of the <see cref="SteadyTime"/>; 0 when it does not.</param>
public readonly record struct Verdict(
    RefusalReason Reason, AccountSid Sid, AccountSid OwnerSid, Slot Slot, long Generation, uint PausedUntil = 0)
{
    /// <summary>Whether the credential is valid now.</summary>
    public bool IsValid => Reason == RefusalReason.None;

    /// <summary>Whether the check answers no to a valid credential: the rehearsal of a promote. Only <c>/auth/*</c> asks.</summary>
    public bool IsPaused(TimeProvider time) => PausedUntil != 0 && time.GetSteadyNow().ToUnixTimeSeconds() < PausedUntil;
}

/// <summary>
/// The only place that compares tokens. A presented token is hashed once (HMAC-SHA-256 under the pepper over version ‖ SID ‖
/// token) and compared with both slots, always, in fixed time; an unknown SID costs the same. A fast hash is right here: a
/// token has 128 random bits, which no search finds, and the pepper makes a stolen table useless for testing leaked tokens.
/// </summary>
public sealed class Verifier(VerifierIndex index, DataKeys keys)
{
    /// <summary>Bytes of a presented token at most; anything longer is refused before it is hashed.</summary>
    public const int TokenLimit = 128;

    private const byte Version = 1;

    [ThreadStatic]
    private static IncrementalHash? t_hmac;

    [ThreadStatic]
    private static Verifier? t_hmacOwner;

    /// <summary>Answers from memory whether the credential is valid now.</summary>
    public Verdict Verify(AccountSid sid, ReadOnlySpan<byte> token) => Verify(sid, token, out _);

    /// <summary>The same, with the keyed hash of what was presented: for counting who still calls with a retired token.</summary>
    public Verdict Verify(AccountSid sid, ReadOnlySpan<byte> token, out VerifierValue digest)
    {
        digest = token.Length <= TokenLimit ? Hash(sid, token) : default;
        var known = index.TryGet(sid, out var account);

        // An account without a parent is its own owner, so that everyone's check looks up twice.
        var ownerSid = known ? account.OwnerSid : sid;
        var ownerKnown = index.TryGet(ownerSid, out var owner);

        var inPrimary = Same(digest, account.Primary) & account.HasPrimary;
        var inSecondary = Same(digest, account.Secondary) & account.HasSecondary;
        var matches = (inPrimary | inSecondary) & token.Length <= TokenLimit;
        var active = account.Status == AccountStatus.Active & ownerKnown & owner.Status == AccountStatus.Active;
        var reason = !known ? RefusalReason.UnknownAccount
            : !matches ? RefusalReason.WrongToken
            : !active ? RefusalReason.Suspended
            : RefusalReason.None;
        return new(
            reason, sid, ownerSid, inPrimary ? Slot.Primary : Slot.Secondary, account.Generation, inPrimary ? account.PrimaryPausedUntil : 0);
    }

    /// <summary>
    /// The same, keeping the credential when it is valid, so that a mutation can check it again in its own transaction. Null when
    /// it is not valid. The caller disposes it.
    /// </summary>
    public PresentedCredential? Admit(AccountSid sid, ReadOnlySpan<byte> token, out Verdict verdict, out VerifierValue digest)
    {
        verdict = Verify(sid, token, out digest);
        return verdict.IsValid && AuthToken.TryParse(token, out var kept) ? new PresentedCredential(verdict, kept, digest) : null;
    }

    /// <inheritdoc cref="Admit(AccountSid, ReadOnlySpan{byte}, out Verdict, out VerifierValue)" />
    public PresentedCredential? Admit(AccountSid sid, ReadOnlySpan<byte> token) => Admit(sid, token, out _, out _);

    /// <summary>The verifier of a token, to be stored.</summary>
    public VerifierValue Hash(AccountSid sid, AuthToken token) => Hash(sid, token.Bytes);

    /// <summary>
    /// Which of the tokens in this row the credential is now; null for neither. All 32 bytes of both slots are compared, in fixed time.
    /// </summary>
    public static Slot? Match(Account account, PresentedCredential credential)
    {
        var digest = credential.Digest;
        var inPrimary = digest.FixedTimeEquals(account.Primary?.Verifier ?? default) & account.Primary is not null;
        var inSecondary = digest.FixedTimeEquals(account.Secondary?.Verifier ?? default) & account.Secondary is not null;
        return inPrimary ? Slot.Primary : inSecondary ? Slot.Secondary : null;
    }

    private static bool Same(in VerifierValue digest, (ulong High, ulong Low) held)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, held.High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], held.Low);
        return CryptographicOperations.FixedTimeEquals(digest[..16], bytes);
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "Lives as long as its thread.")]
    private VerifierValue Hash(AccountSid sid, ReadOnlySpan<byte> token)
    {
        // A keyed hash object per thread takes half the time of the one-shot call. It is never held across an await.
        if (t_hmacOwner != this)
        {
            t_hmac?.Dispose();
            t_hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, keys.Pepper.Bytes);
            t_hmacOwner = this;
        }

        Span<byte> message = stackalloc byte[1 + AccountSid.ByteLength + TokenLimit];
        message[0] = Version;
        sid.WriteTo(message[1..]);
        token.CopyTo(message[(1 + AccountSid.ByteLength)..]);
        message = message[..(1 + AccountSid.ByteLength + token.Length)];

        VerifierValue value = default;
        t_hmac!.AppendData(message);
        t_hmac.GetHashAndReset(value);
        CryptographicOperations.ZeroMemory(message);
        return value;
    }
}
