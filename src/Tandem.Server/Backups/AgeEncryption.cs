using System.Security.Cryptography;
using System.Text;

namespace Tandem.Server.Backups;

/// <summary>Encrypts a stream to public keys, in the format of age: <c>age -d -i KEYFILE</c> opens it as well.</summary>
internal static class AgeEncryption
{
    /// <summary>Encrypts everything that is left of a stream.</summary>
    public static async Task EncryptAsync(Stream plain, Stream into, IReadOnlyList<AgeRecipient> recipients, CancellationToken cancel)
    {
        var fileKey = RandomNumberGenerator.GetBytes(AgeFormat.FileKeySize);
        var nonce = RandomNumberGenerator.GetBytes(AgeFormat.NonceSize);
        await into.WriteAsync(Encoding.ASCII.GetBytes(Header(fileKey, recipients)), cancel);
        await into.WriteAsync(nonce, cancel);
        using var cipher = AgeFormat.Payload(fileKey, nonce);
        CryptographicOperations.ZeroMemory(fileKey);

        var (chunk, next, sealedChunk) = (new byte[AgeFormat.ChunkSize], new byte[AgeFormat.ChunkSize], new byte[AgeFormat.ChunkSize + AgeFormat.TagSize]);
        var length = await plain.ReadAtLeastAsync(chunk, chunk.Length, throwOnEndOfStream: false, cancel);
        for (var (number, last) = (0L, false); !last; number++)
        {
            // The last chunk says so, and may only be empty when everything is: look ahead.
            var ahead = length < chunk.Length ? 0 : await plain.ReadAtLeastAsync(next, next.Length, throwOnEndOfStream: false, cancel);
            last = ahead == 0;
            Seal(cipher, chunk.AsSpan(0, length), sealedChunk, number, last);
            await into.WriteAsync(sealedChunk.AsMemory(0, length + AgeFormat.TagSize), cancel);
            (chunk, next, length) = (next, chunk, ahead);
        }

        CryptographicOperations.ZeroMemory(chunk);
        CryptographicOperations.ZeroMemory(next);
    }

    private static void Seal(ChaCha20Poly1305 cipher, ReadOnlySpan<byte> plain, byte[] into, long number, bool last)
    {
        Span<byte> nonce = stackalloc byte[12];
        AgeFormat.ChunkNonce(nonce, number, last);
        cipher.Encrypt(nonce, plain, into.AsSpan(0, plain.Length), into.AsSpan(plain.Length, AgeFormat.TagSize));
    }

    private static string Header(byte[] fileKey, IReadOnlyList<AgeRecipient> recipients)
    {
        var header = new StringBuilder(AgeFormat.Version).Append('\n');
        foreach (var recipient in recipients)
        {
            var ephemeral = RandomNumberGenerator.GetBytes(AgeFormat.PointSize);
            var share = AgeFormat.PointOf(ephemeral);
            using var wrap = new ChaCha20Poly1305(AgeFormat.WrapKey(ephemeral, recipient.Point, share, recipient.Point));
            CryptographicOperations.ZeroMemory(ephemeral);
            var wrapped = new byte[AgeFormat.FileKeySize + AgeFormat.TagSize];
            wrap.Encrypt(new byte[12], fileKey, wrapped.AsSpan(0, AgeFormat.FileKeySize), wrapped.AsSpan(AgeFormat.FileKeySize)); // a key used once needs no nonce
            header.Append("-> X25519 ").Append(AgeFormat.Text(share)).Append('\n').Append(AgeFormat.Text(wrapped)).Append('\n');
        }

        header.Append("---");
        return $"{header} {AgeFormat.Text(AgeFormat.HeaderMac(fileKey, header.ToString()))}\n";
    }
}
