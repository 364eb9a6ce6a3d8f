using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Tandem;

/// <summary>
/// The key-encryption key: wraps the data keys (AES-256-GCM, the additional data naming purpose, key number and root key) and
/// does nothing else. It comes from outside the store and is in no backup.
/// </summary>
public sealed class RootKey : IDisposable
{
    /// <summary>Bytes of a wrapped data key: nonce, ciphertext, tag.</summary>
    public const int WrappedSize = 12 + DataKey.Size + 16;

    /// <summary>Bytes of an id.</summary>
    public const int IdSize = 8;

    private readonly byte[] _key = GC.AllocateUninitializedArray<byte>(32, pinned: true);

    private RootKey()
    {
    }

    /// <summary>Eight bytes that tell root keys apart without telling the key.</summary>
    public byte[] Id => HMACSHA256.HashData(_key, "tandem-root-key-id"u8)[..IdSize];

    /// <summary>Draws a root key.</summary>
    public static RootKey Generate()
    {
        var key = new RootKey();
        RandomNumberGenerator.Fill(key._key);
        return key;
    }

    /// <summary>Reads the text of a key file: 64 hexadecimal digits, white space around them ignored.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out RootKey? key)
    {
        var parsed = new RootKey();
        var ok = Convert.FromHexString(text.Trim(), parsed._key, out _, out var written) == System.Buffers.OperationStatus.Done
            && written == 32;
        key = ok ? parsed : null;
        return ok;
    }

    /// <summary>The ASCII text of a key file: 64 hexadecimal digits and a line end. The caller zeroes it.</summary>
    public byte[] ToFileText()
    {
        var text = new byte[65];
        Convert.TryToHexStringLower(_key, text, out _);
        text[64] = (byte)'\n';
        return text;
    }

    /// <summary>Wraps a data key.</summary>
    public byte[] Wrap(DataKey key)
    {
        var wrapped = new byte[WrappedSize];
        RandomNumberGenerator.Fill(wrapped.AsSpan(0, 12));
        using var aes = new AesGcm(_key, 16);
        aes.Encrypt(wrapped.AsSpan(0, 12), key.Bytes, wrapped.AsSpan(12, DataKey.Size), wrapped.AsSpan(12 + DataKey.Size), AdditionalData(key.Id, key.Purpose));
        return wrapped;
    }

    /// <summary>Unwraps a data key.</summary>
    /// <exception cref="CryptographicException">Another root key wrapped it, or the wrapping was altered.</exception>
    public DataKey Unwrap(long id, DataKeyPurpose purpose, ReadOnlySpan<byte> wrapped)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(wrapped.Length, WrappedSize);
        Span<byte> key = stackalloc byte[DataKey.Size];
        using var aes = new AesGcm(_key, 16);
        aes.Decrypt(wrapped[..12], wrapped[12..(12 + DataKey.Size)], wrapped[(12 + DataKey.Size)..], key, AdditionalData(id, purpose));
        var unwrapped = new DataKey(id, purpose, key);
        CryptographicOperations.ZeroMemory(key);
        return unwrapped;
    }

    /// <summary>Zeroes the key.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_key);

    private byte[] AdditionalData(long id, DataKeyPurpose purpose)
    {
        var data = new byte[15 + 1 + 8 + IdSize];
        Encoding.ASCII.GetBytes("tandem-data-key", data);
        data[15] = (byte)purpose;
        BinaryPrimitives.WriteInt64BigEndian(data.AsSpan(16), id);
        Id.CopyTo(data, 24);
        return data;
    }
}
