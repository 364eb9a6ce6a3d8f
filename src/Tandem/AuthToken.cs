using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Tandem;

/// <summary>
/// The secret half of a credential. Its text leaves through <see cref="Reveal"/> alone; its text form is a mask, so that a
/// log line, an exception or a debugger shows none of it. The bytes lie pinned (the collector leaves no copies behind) and
/// are zeroed by <see cref="Dispose"/>.
/// </summary>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class AuthToken : IDisposable
{
    /// <summary>Characters in a token, as in Twilio's: 32.</summary>
    public const int Length = 32;

    private readonly byte[] _ascii;

    private AuthToken() => _ascii = GC.AllocateUninitializedArray<byte>(Length, pinned: true);

    /// <summary>
    /// Draws a token: 16 random bytes as 32 lower-case hexadecimal digits. A draw that a YAML reader would take for a number
    /// (all digits, or digits around one <c>e</c>) is drawn again, because such a token changes on its way through a
    /// deployment file.
    /// </summary>
    public static AuthToken Generate()
    {
        var token = new AuthToken();
        Span<byte> random = stackalloc byte[Length / 2];
        do
        {
            RandomNumberGenerator.Fill(random);
            Convert.TryToHexStringLower(random, token._ascii, out _);
        }
        while (ReadsAsNumber(token._ascii));
        CryptographicOperations.ZeroMemory(random);
        return token;
    }

    /// <summary>Whether the digits read as a number in YAML: <c>\d+</c> or <c>\d+e\d+</c>.</summary>
    internal static bool ReadsAsNumber(ReadOnlySpan<byte> ascii)
    {
        var exponents = ascii.Count((byte)'e');
        return exponents <= 1
            && ascii.IndexOfAnyExceptInRange((byte)'0', (byte)'9') is var first
            && (first < 0
                || (first > 0 && first < ascii.Length - 1 && ascii[first] == (byte)'e'
                    && ascii[(first + 1)..].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0));
    }

    /// <summary>Reads a token: exactly 32 ASCII letters and digits (Twilio's Go library sends nothing else).</summary>
    public static bool TryParse(ReadOnlySpan<byte> ascii, [NotNullWhen(true)] out AuthToken? token)
    {
        token = null;
        if (ascii.Length != Length)
        {
            return false;
        }

        foreach (var b in ascii)
        {
            if (!char.IsAsciiLetterOrDigit((char)b))
            {
                return false;
            }
        }

        token = new AuthToken();
        ascii.CopyTo(token._ascii);
        return true;
    }

    /// <summary>Reads a token from text; see <see cref="TryParse(ReadOnlySpan{byte}, out AuthToken?)"/>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out AuthToken? token)
    {
        Span<byte> ascii = stackalloc byte[Length];
        token = null;
        if (text.Length != Length || Ascii.FromUtf16(text, ascii, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        var ok = TryParse(ascii, out token);
        CryptographicOperations.ZeroMemory(ascii);
        return ok;
    }

    internal ReadOnlySpan<byte> Bytes => _ascii;

    /// <summary>Compares two tokens in a time that does not depend on where they differ.</summary>
    public bool FixedTimeEquals(AuthToken other) => CryptographicOperations.FixedTimeEquals(_ascii, other._ascii);

    /// <summary>
    /// The text of the token: the one way out. Called where a new token is answered to the caller that asked for it, and nowhere near a log.
    /// </summary>
    public string Reveal() => Encoding.ASCII.GetString(_ascii);

    /// <summary>A mask; never any character of the token.</summary>
    public override string ToString() => "[AuthToken]";

    /// <summary>Zeroes the token.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_ascii);
}
