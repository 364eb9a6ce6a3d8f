using System.Buffers;
using Microsoft.Extensions.Primitives;

namespace Tandem.Server;

/// <summary>What an <c>Authorization</c> header is.</summary>
internal enum BasicForm
{
    /// <summary>There is none.</summary>
    Missing,

    /// <summary>Not exactly one well-formed Basic credential whose user name is an Account SID.</summary>
    Malformed,

    /// <summary>A credential to be checked.</summary>
    Read,
}

/// <summary>
/// The strict reader of RFC 7617. Each credential has exactly one accepted spelling beyond the scheme's case and the blanks after it: one
/// header field, canonical base64 with its padding, no control characters. What two readers could take for two things is refused, because a
/// proxy in front may be the other reader.
/// </summary>
/// <remarks>
/// The token is read into the caller's buffer, which the caller zeroes; no second string of it is made.
/// </remarks>
internal readonly ref struct BasicCredential
{
    /// <summary>Bytes of <c>SID:token</c> at most, hence of the buffer. Longer is malformed: a token has 32.</summary>
    public const int SizeLimit = 768;

    private static readonly SearchValues<char> Base64Digits =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

    private static readonly SearchValues<byte> ControlCharacters =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(c => (byte)c), 0x7f]);

    private BasicCredential(AccountSid sid, ReadOnlySpan<byte> token)
    {
        Sid = sid;
        Token = token;
    }

    /// <summary>The user name.</summary>
    public AccountSid Sid { get; }

    /// <summary>The password, in the caller's buffer.</summary>
    public ReadOnlySpan<byte> Token { get; }

    /// <summary>Reads the header into <paramref name="buffer"/> of <see cref="SizeLimit"/> bytes.</summary>
    public static BasicForm Read(StringValues field, Span<byte> buffer, out BasicCredential credential)
    {
        credential = default;
        if (field.Count == 0)
        {
            return BasicForm.Missing;
        }

        if (field.Count > 1 || !Decode(field[0], buffer, out var length))
        {
            return BasicForm.Malformed;
        }

        ReadOnlySpan<byte> pair = buffer[..length];
        var colon = pair.IndexOf((byte)':');
        if (colon < 0 || pair.ContainsAny(ControlCharacters) || !AccountSid.TryParse(pair[..colon], out var sid))
        {
            return BasicForm.Malformed;
        }

        credential = new(sid, pair[(colon + 1)..]);
        return BasicForm.Read;
    }

    private static bool Decode(ReadOnlySpan<char> value, Span<byte> buffer, out int length)
    {
        length = 0;
        const string Scheme = "Basic ";
        if (!value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var text = value[Scheme.Length..].TrimStart(' ');
        var digits = text.TrimEnd('=');
        var padding = text.Length - digits.Length;
        return digits.Length > 0
            && text.Length % 4 == 0
            && text.Length / 4 * 3 <= SizeLimit
            && padding <= 2
            && !digits.ContainsAnyExcept(Base64Digits) // the framework's reader passes over white space
            && (LastDigit(digits[^1]) & (padding == 2 ? 0b1111 : padding == 1 ? 0b11 : 0)) == 0 // and over loose bits
            && Convert.TryFromBase64Chars(text, buffer, out length);
    }

    private static int LastDigit(char digit) => digit switch
    {
        >= 'A' and <= 'Z' => digit - 'A',
        >= 'a' and <= 'z' => digit - 'a' + 26,
        >= '0' and <= '9' => digit - '0' + 52,
        '+' => 62,
        _ => 63,
    };
}
