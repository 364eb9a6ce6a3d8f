using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Tandem;

/// <summary>A random secret that is handed out once, in a link or a cookie; what is kept of it is its hash.</summary>
public static class OneTimeSecret
{
    private const int Size = 32;

    /// <summary>Draws one: 256 bits as 43 characters of base64url.</summary>
    public static string Create() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Size));

    /// <summary>SHA-256 of its text, 64 hexadecimal digits: nothing leads back from it, so it may be compared and shown.</summary>
    public static string Hash(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}
