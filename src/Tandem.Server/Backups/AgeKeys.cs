using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Math.EC.Rfc7748;

namespace Tandem.Server.Backups;

/// <summary>A public key that files are encrypted to, as <c>age-keygen</c> prints it: <c>age1…</c>.</summary>
public sealed class AgeRecipient
{
    private readonly byte[] _point;

    private AgeRecipient(string text, byte[] point) => (Text, _point) = (text, point);

    /// <summary>Its text; no secret.</summary>
    public string Text { get; }

    internal ReadOnlySpan<byte> Point => _point;

    /// <summary>Reads a public key.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out AgeRecipient? recipient)
    {
        ArgumentNullException.ThrowIfNull(text);
        recipient = Bech32.TryRead(text.Trim(), "age", out var point) && point.Length == AgeFormat.PointSize ? new(text.Trim(), point) : null;
        return recipient is not null;
    }
}

/// <summary>A private key that opens what was encrypted to its public one: <c>AGE-SECRET-KEY-1…</c>. Disposing it zeroes it.</summary>
public sealed class AgeIdentity : IDisposable
{
    private readonly byte[] _scalar;

    private AgeIdentity(byte[] scalar) => _scalar = scalar;

    internal byte[] Scalar => _scalar;

    /// <summary>Reads the text of a key file as <c>age-keygen</c> writes it: lines that begin with # are comments, the first other one is the key.</summary>
    public static bool TryParse(string file, [NotNullWhen(true)] out AgeIdentity? identity)
    {
        ArgumentNullException.ThrowIfNull(file);
        var line = file.Split('\n').Select(l => l.Trim()).FirstOrDefault(l => l.Length > 0 && l[0] != '#') ?? "";
        identity = Bech32.TryRead(line, "age-secret-key-", out var scalar) && scalar.Length == AgeFormat.PointSize ? new(scalar) : null;
        return identity is not null;
    }

    /// <inheritdoc />
    public void Dispose() => CryptographicOperations.ZeroMemory(_scalar);
}

/// <summary>
/// What reading and writing share of the format of age, version 1, with X25519 recipients (c2sp.org/age). The key of a file is wrapped for each
/// recipient in a header, whose MAC is under that key; the rest is in chunks of 64 KiB, each sealed with its place and whether it is the last.
/// </summary>
internal static class AgeFormat
{
    public const string Version = "age-encryption.org/v1";
    public const int PointSize = 32;
    public const int FileKeySize = 16;
    public const int NonceSize = 16;
    public const int ChunkSize = 64 * 1024;
    public const int TagSize = 16;

    public static byte[] WrapKey(byte[] scalar, ReadOnlySpan<byte> theirs, ReadOnlySpan<byte> share, ReadOnlySpan<byte> recipient)
    {
        var shared = new byte[PointSize];
        X25519.ScalarMult(scalar, 0, theirs.ToArray(), 0, shared, 0);
        if (shared.AsSpan().IndexOfAnyExcept((byte)0) < 0)
        {
            throw new InvalidDataException("A key of the file is none.");
        }

        var key = HKDF.DeriveKey(HashAlgorithmName.SHA256, shared, 32, [.. share, .. recipient], "age-encryption.org/v1/X25519"u8.ToArray());
        CryptographicOperations.ZeroMemory(shared);
        return key;
    }

    public static byte[] PointOf(byte[] scalar)
    {
        var point = new byte[PointSize];
        X25519.ScalarMultBase(scalar, 0, point, 0);
        return point;
    }

    /// <summary>The MAC of a header up to and with its three dashes.</summary>
    public static byte[] HeaderMac(byte[] fileKey, string header) =>
        HMACSHA256.HashData(HKDF.DeriveKey(HashAlgorithmName.SHA256, fileKey, 32, [], "header"u8.ToArray()), Encoding.ASCII.GetBytes(header));

    public static ChaCha20Poly1305 Payload(byte[] fileKey, byte[] nonce) =>
        new(HKDF.DeriveKey(HashAlgorithmName.SHA256, fileKey, 32, nonce, "payload"u8.ToArray()));

    /// <summary>The nonce of a chunk: its place, and whether it is the last.</summary>
    public static void ChunkNonce(Span<byte> nonce, long number, bool last)
    {
        nonce.Clear();
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(nonce[3..], number);
        nonce[11] = last ? (byte)1 : (byte)0;
    }

    /// <summary>Base64 without padding.</summary>
    public static string Text(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    public static byte[] Bytes(string text)
    {
        try
        {
            var bytes = Convert.FromBase64String(text + new string('=', (4 - (text.Length % 4)) % 4));
            return Text(bytes).Equals(text, StringComparison.Ordinal) ? bytes : throw new FormatException("Not the one way to write it.");
        }
        catch (FormatException e)
        {
            throw new InvalidDataException("The header of the file is damaged.", e);
        }
    }
}
