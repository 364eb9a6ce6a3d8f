using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tandem.Server.People;

/// <summary>Codes by the clock: RFC 6238 with what every authenticator app takes for granted, HMAC-SHA-1, six digits and thirty seconds.</summary>
internal static class Totp
{
    /// <summary>Digits of a code.</summary>
    public const int Digits = 6;

    /// <summary>Bytes of a secret: RFC 4226 recommends as many as the hash has.</summary>
    public const int SecretSize = 20;

    private const int StepSeconds = 30;
    private const string Base32Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>The time step of a moment.</summary>
    public static long StepOf(DateTimeOffset at) => at.ToUnixTimeSeconds() / StepSeconds;

    /// <summary>The code of a time step.</summary>
    public static string CodeOf(ReadOnlySpan<byte> secret, long step)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> hash = stackalloc byte[HMACSHA1.HashSizeInBytes];
#pragma warning disable CA5350 // The RFC's own algorithm; what is known of SHA-1's collisions does not touch HMAC.
        HMACSHA1.HashData(secret, counter, hash);
#pragma warning restore CA5350
        var value = BinaryPrimitives.ReadInt32BigEndian(hash[(hash[^1] & 0xf)..]) & int.MaxValue;
        return (value % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// The time step that a code is of: the present one or a neighbour, for clocks that are a little off; 0 when it is of none. Not of
    /// <paramref name="after"/> or an earlier one: a code is taken once.
    /// </summary>
    public static long Match(ReadOnlySpan<byte> secret, string code, DateTimeOffset now, long after)
    {
        var present = StepOf(now);
        var given = Encoding.ASCII.GetBytes(code);
        long matched = 0;
        for (var step = present - 1; step <= present + 1; step++)
        {
            if (CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(CodeOf(secret, step)), given) && step > after)
            {
                matched = step;
            }
        }

        return matched;
    }

    /// <summary>A secret as people type it: base32 (RFC 4648) without padding.</summary>
    public static string ToBase32(ReadOnlySpan<byte> secret)
    {
        var text = new StringBuilder((secret.Length * 8 / 5) + 1);
        var (buffer, bits) = (0, 0);
        foreach (var b in secret)
        {
            (buffer, bits) = ((buffer << 8) | b, bits + 8);
            for (; bits >= 5; bits -= 5)
            {
                text.Append(Base32Digits[(buffer >> (bits - 5)) & 31]);
            }

            buffer &= (1 << bits) - 1;
        }

        return bits > 0 ? text.Append(Base32Digits[(buffer << (5 - bits)) & 31]).ToString() : text.ToString();
    }

    /// <summary>The address that apps read from a QR code.</summary>
    public static string Uri(ReadOnlySpan<byte> secret, string name, string issuer) =>
        $"otpauth://totp/{System.Uri.EscapeDataString($"{issuer}:{name}")}?secret={ToBase32(secret)}&issuer={System.Uri.EscapeDataString(issuer)}&algorithm=SHA1&digits={Digits}&period={StepSeconds}";
}
