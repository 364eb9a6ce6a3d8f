using System.Security.Cryptography;
using System.Text;

namespace Tandem.Server.Backups;

/// <summary>Opens a file in the format of age that was encrypted to an X25519 key.</summary>
internal static class AgeDecryption
{
    private const int HeaderLimit = 64 * 1024;

    /// <summary>Whether a file begins as one of age's does.</summary>
    public static bool Begins(ReadOnlySpan<byte> start) => start.StartsWith("age-encryption.org/v1\n"u8);

    /// <summary>Decrypts a stream from its beginning to its end.</summary>
    /// <exception cref="InvalidDataException">It was encrypted to another key, is damaged, or ends too soon; what was written so far is worth nothing.</exception>
    public static async Task DecryptAsync(Stream file, Stream into, AgeIdentity identity, CancellationToken cancel)
    {
        using var buffered = new BufferedStream(file, AgeFormat.ChunkSize);
        var fileKey = OpenHeader(buffered, identity);
        var nonce = new byte[AgeFormat.NonceSize];
        await buffered.ReadExactlyAsync(nonce, cancel);
        using var cipher = AgeFormat.Payload(fileKey, nonce);
        CryptographicOperations.ZeroMemory(fileKey);

        const int size = AgeFormat.ChunkSize + AgeFormat.TagSize;
        var (chunk, next, plain) = (new byte[size], new byte[size], new byte[AgeFormat.ChunkSize]);
        var length = await buffered.ReadAtLeastAsync(chunk, size, throwOnEndOfStream: false, cancel);
        for (var (number, last) = (0L, false); !last; number++)
        {
            var ahead = length < size ? 0 : await buffered.ReadAtLeastAsync(next, size, throwOnEndOfStream: false, cancel);
            last = ahead == 0;
            Open(cipher, chunk.AsSpan(0, length), plain, number, last);
            await into.WriteAsync(plain.AsMemory(0, length - AgeFormat.TagSize), cancel);
            (chunk, next, length) = (next, chunk, ahead);
        }
    }

    private static void Open(ChaCha20Poly1305 cipher, ReadOnlySpan<byte> chunk, byte[] into, long number, bool last)
    {
        Span<byte> nonce = stackalloc byte[12];
        AgeFormat.ChunkNonce(nonce, number, last);
        try
        {
            var length = chunk.Length - AgeFormat.TagSize;
            if (length < (number == 0 ? 0 : 1))
            {
                throw new InvalidDataException("The file ends too soon.");
            }

            cipher.Decrypt(nonce, chunk[..length], chunk[length..], into.AsSpan(0, length));
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new InvalidDataException("The file was altered, or ends too soon.", e);
        }
    }

    private static byte[] OpenHeader(Stream file, AgeIdentity identity)
    {
        var (header, left) = (new StringBuilder(), HeaderLimit);
        if (!ReadLine(file, ref left).Equals(AgeFormat.Version, StringComparison.Ordinal))
        {
            throw new InvalidDataException("The file is in another version of age's format.");
        }

        header.Append(AgeFormat.Version).Append('\n');
        byte[]? fileKey = null;
        for (var line = ReadLine(file, ref left); ; line = ReadLine(file, ref left))
        {
            if (line.StartsWith("--- ", StringComparison.Ordinal))
            {
                header.Append("---");
                return fileKey is null ? throw new InvalidDataException("The file was encrypted to another key.")
                    : CryptographicOperations.FixedTimeEquals(AgeFormat.Bytes(line[4..]), AgeFormat.HeaderMac(fileKey, header.ToString())) ? fileKey
                    : throw new InvalidDataException("The header of the file was altered.");
            }

            header.Append(line).Append('\n');
            if (line.StartsWith("-> X25519 ", StringComparison.Ordinal))
            {
                var body = ReadLine(file, ref left);
                header.Append(body).Append('\n');
                fileKey ??= TryUnwrap(AgeFormat.Bytes(line[10..]), AgeFormat.Bytes(body), identity);
            }
        }
    }

    /// <summary>Null when it is for another key.</summary>
    private static byte[]? TryUnwrap(byte[] share, byte[] wrapped, AgeIdentity identity)
    {
        if (share.Length != AgeFormat.PointSize || wrapped.Length != AgeFormat.FileKeySize + AgeFormat.TagSize)
        {
            throw new InvalidDataException("The header of the file is damaged.");
        }

        var fileKey = new byte[AgeFormat.FileKeySize];
        using var wrap = new ChaCha20Poly1305(AgeFormat.WrapKey(identity.Scalar, share, share, AgeFormat.PointOf(identity.Scalar)));
        try
        {
            wrap.Decrypt(new byte[12], wrapped.AsSpan(0, AgeFormat.FileKeySize), wrapped.AsSpan(AgeFormat.FileKeySize), fileKey);
            return fileKey;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static string ReadLine(Stream file, ref int left)
    {
        var line = new StringBuilder();
        for (int next; (next = file.ReadByte()) != '\n'; line.Append((char)next))
        {
            if (next < 0 || --left == 0)
            {
                throw new InvalidDataException("The header of the file ends too soon.");
            }
        }

        return line.ToString();
    }
}
