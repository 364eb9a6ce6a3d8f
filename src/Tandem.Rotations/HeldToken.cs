using System.Security.Cryptography;
using System.Text;
using Tandem.Client;

namespace Tandem.Rotations;

/// <summary>A token that this side holds. Its text form is its fingerprint; the text itself leaves through <see cref="Reveal"/> alone.</summary>
public sealed class HeldToken
{
    private readonly string _text;

    private HeldToken(AccountSid sid, string text, string source)
    {
        if (text.Length is 0 or > 128 || !text.All(char.IsAsciiLetterOrDigit))
        {
            throw Wrong($"{source} holds no token: letters and digits, 32 of them as a rule. Nothing was sent anywhere.");
        }

        (Sid, _text) = (sid, text);
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes($"tandem-fingerprint{sid}{text}")).AsSpan(0, 2));
    }

    /// <summary>The account it belongs to.</summary>
    public AccountSid Sid { get; }

    /// <summary>Four hexadecimal digits by which people tell it from another: the same everywhere in Tandem.</summary>
    public string Fingerprint { get; }

    /// <summary>A token as it was read; surrounding white space has been cut by the caller or is an error.</summary>
    /// <param name="sid">The account.</param>
    /// <param name="text">What was read.</param>
    /// <param name="source">Where from, for the message: <c>TWILIO_AUTH_TOKEN</c>.</param>
    /// <exception cref="RotationException">It cannot be a token.</exception>
    /// <exception cref="FormatException">There can be no such account.</exception>
    public static HeldToken Read(string sid, string text, string source) => Read(AccountSid.Parse(sid), text, source);

    /// <inheritdoc cref="Read(string, string, string)" />
    public static HeldToken Read(AccountSid sid, string text, string source)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length != text.Trim().Length)
        {
            throw Wrong($"{source} begins or ends with white space or a line end: a token is 32 characters, this is {text.Length}. Fix it, or read it with --token-file, which cuts line ends.");
        }

        if (text.Length == 0)
        {
            throw Wrong($"{source} is empty.");
        }

        if (text.StartsWith("SK", StringComparison.Ordinal) && text.Length == 34)
        {
            throw Wrong($"{source} holds the SID of an API key. Tokens are changed with the Auth Token alone: API keys may not. Set TWILIO_AUTH_TOKEN, or use --token-file.");
        }

        return new(sid, text, source);
    }

    /// <summary>Whether both are the same token, compared in a time that tells nothing.</summary>
    public bool Is(string? other) =>
        other is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(_text), Encoding.UTF8.GetBytes(other));

    /// <summary>The text, for the server, for a destination and for the sealed state; for nothing else.</summary>
    public string Reveal() => _text;

    /// <inheritdoc />
    public override string ToString() => Fingerprint;

    /// <summary>A token that a server has answered, or that was sealed here.</summary>
    internal static HeldToken Known(AccountSid sid, string text) => new(sid, text, "What was answered or kept");

    internal TwilioCredential Credential() => new(Sid.ToString(), _text);

    private static RotationException Wrong(string message) => new(RotationFailure.Usage, message);
}

/// <summary>The two tokens of a rotation.</summary>
/// <param name="Old">The token that a promotion ends; null when nobody at hand holds it any more.</param>
/// <param name="New">The token that takes its place.</param>
public sealed record TokenPair(HeldToken? Old, HeldToken New)
{
    /// <summary>Text in which both tokens are replaced by their fingerprints.</summary>
    public string Redact(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        text = text.Replace(New.Reveal(), $"[token {New}]", StringComparison.Ordinal);
        return Old is null ? text : text.Replace(Old.Reveal(), $"[token {Old}]", StringComparison.Ordinal);
    }
}
