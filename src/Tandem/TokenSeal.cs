using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Tandem;

/// <summary>Under what a token's text is sealed. The numbers are what is stored.</summary>
public enum SealKind : byte
{
    /// <summary>Under the seal key and the primary token that created it: neither the store nor the server's keys open it.</summary>
    UnderPrimary = 1,

    /// <summary>Under the seal key alone: a pending secondary created by an operator or the parent, who have no primary at hand.</summary>
    UnderServerKey = 2,

    /// <summary>Under the seal key alone, for as long as the token lives, because recoverable tokens were on when it was created.</summary>
    Recoverable = 3,
}

/// <summary>
/// A sealed token text, always <see cref="Size"/> bytes, so that the row it lies in never changes its size: kind (1), number of
/// the seal key (8), generation it was made with (8), salt (16), nonce (12), ciphertext (32), tag (16), padding (3).
/// </summary>
public sealed class SealedToken
{
    /// <summary>Bytes.</summary>
    public const int Size = 96;

    private readonly byte[] _bytes;

    private SealedToken(byte[] bytes) => _bytes = bytes;

    /// <summary>What it is sealed under.</summary>
    public SealKind Kind => (SealKind)_bytes[0];

    /// <summary>The number of the seal key.</summary>
    public long KeyId => BinaryPrimitives.ReadInt64BigEndian(_bytes.AsSpan(1));

    /// <summary>The account's generation that the token was created with.</summary>
    public long Generation => BinaryPrimitives.ReadInt64BigEndian(_bytes.AsSpan(9));

    /// <summary>All bytes, for the store.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    internal ReadOnlySpan<byte> Salt => _bytes.AsSpan(17, 16);

    internal Span<byte> Nonce => _bytes.AsSpan(33, 12);

    internal Span<byte> Ciphertext => _bytes.AsSpan(45, AuthToken.Length);

    internal Span<byte> Tag => _bytes.AsSpan(77, 16);

    /// <summary>Reads what the store holds; null for all zeros (no seal).</summary>
    public static SealedToken? FromBytes(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Size);
        return bytes[0] == 0 ? null : new(bytes.ToArray());
    }

    /// <summary>A mask.</summary>
    public override string ToString() => $"[SealedToken {Kind}]";

    internal static SealedToken Prepare(SealKind kind, long keyId, long generation)
    {
        var bytes = new byte[Size];
        bytes[0] = (byte)kind;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(1), keyId);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(9), generation);
        RandomNumberGenerator.Fill(bytes.AsSpan(17, 28));
        return new(bytes);
    }
}

/// <summary>
/// Seals and opens token texts: AES-256-GCM under HKDF-SHA-256(seal key ‖ primary token, random salt), with SID, generation,
/// slot and key number as additional data. A seal moved to another account, slot or generation does not open.
/// </summary>
public sealed class TokenSeal(DataKeys keys)
{
    /// <summary>Seals a text. <paramref name="primary"/> is the account's primary token, for <see cref="SealKind.UnderPrimary"/> alone.</summary>
    public SealedToken Seal(SealKind kind, AccountSid sid, long generation, Slot slot, AuthToken text, AuthToken? primary)
    {
        var key = keys.Seal; // once: a change of the root key may put another in its place at any moment
        var seal = SealedToken.Prepare(kind, key.Id, generation);
        using var aes = Cipher(seal, key, primary);
        aes.Encrypt(seal.Nonce, text.Bytes, seal.Ciphertext, seal.Tag, AdditionalData(seal, sid, slot));
        return seal;
    }

    /// <summary>
    /// Opens a seal; false when it was made with another key, primary token, account, slot or generation, or was altered.
    /// </summary>
    public bool TryOpen(SealedToken seal, AccountSid sid, Slot slot, AuthToken? primary, [NotNullWhen(true)] out AuthToken? text)
    {
        text = null;
        if (keys.FindSeal(seal.KeyId) is not { } key || (seal.Kind == SealKind.UnderPrimary && primary is null))
        {
            return false;
        }

        Span<byte> plain = stackalloc byte[AuthToken.Length];
        using var aes = Cipher(seal, key, primary);
        try
        {
            aes.Decrypt(seal.Nonce, seal.Ciphertext, seal.Tag, plain, AdditionalData(seal, sid, slot));
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        var ok = AuthToken.TryParse(plain, out text);
        CryptographicOperations.ZeroMemory(plain);
        return ok;
    }

    private static AesGcm Cipher(SealedToken seal, DataKey key, AuthToken? primary)
    {
        Span<byte> material = stackalloc byte[DataKey.Size + AuthToken.Length];
        key.Bytes.CopyTo(material);
        var length = DataKey.Size;
        if (seal.Kind == SealKind.UnderPrimary)
        {
            (primary ?? throw new ArgumentNullException(nameof(primary))).Bytes.CopyTo(material[length..]);
            length += AuthToken.Length;
        }

        Span<byte> derived = stackalloc byte[32];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, material[..length], derived, seal.Salt, "tandem-seal-v1"u8);
        var aes = new AesGcm(derived, 16);
        CryptographicOperations.ZeroMemory(material);
        CryptographicOperations.ZeroMemory(derived);
        return aes;
    }

    private static byte[] AdditionalData(SealedToken seal, AccountSid sid, Slot slot)
    {
        var data = new byte[AccountSid.ByteLength + 1 + 17];
        sid.WriteTo(data);
        data[16] = (byte)slot;
        seal.Bytes[..17].CopyTo(data.AsSpan(17)); // kind, key number, generation
        return data;
    }
}
