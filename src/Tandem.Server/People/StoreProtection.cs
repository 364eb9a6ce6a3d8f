using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;

namespace Tandem.Server.People;

/// <summary>
/// Protects what the console hands to browsers, under the store's session key, which lies there wrapped by the root key. The framework's
/// own provider would write a key ring in plain text into the home directory.
/// </summary>
/// <remarks>AES-256-GCM with a random nonce of 12 bytes, under a key of each purpose: HMAC-SHA-256(session key, purpose).</remarks>
internal sealed class StoreProtection : IDataProtector
{
    private const int NonceSize = 12;
    private const int TagSize = 16;

    private readonly DataKey _session;
    private readonly string _purpose;
    private readonly byte[] _key;

    public StoreProtection(DataKey session, string purpose = "tandem-console")
    {
        (_session, _purpose) = (session, purpose);
        _key = session.Hmac(Encoding.UTF8.GetBytes(purpose));
    }

    public IDataProtector CreateProtector(string purpose) => new StoreProtection(_session, $"{_purpose}\0{purpose}");

    public byte[] Protect(byte[] plaintext)
    {
        var box = new byte[NonceSize + plaintext.Length + TagSize];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceSize));
        using var aes = new AesGcm(_key, TagSize);
        aes.Encrypt(box.AsSpan(0, NonceSize), plaintext, box.AsSpan(NonceSize, plaintext.Length), box.AsSpan(NonceSize + plaintext.Length));
        return box;
    }

    public byte[] Unprotect(byte[] protectedData)
    {
        var length = protectedData.Length - NonceSize - TagSize;
        if (length < 0)
        {
            throw new CryptographicException("Too short to be one of ours.");
        }

        var plaintext = new byte[length];
        using var aes = new AesGcm(_key, TagSize);
        aes.Decrypt(protectedData.AsSpan(0, NonceSize), protectedData.AsSpan(NonceSize, length), protectedData.AsSpan(NonceSize + length), plaintext);
        return plaintext;
    }
}
