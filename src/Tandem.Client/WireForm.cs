using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tandem.Client;

/// <summary>What a text that arrives must look like; null where null is allowed. A text of another form is an answer that cannot be read.</summary>
internal sealed class WireForm(string what, Func<string, bool> fits) : JsonConverter<string>
{
    private const int MostTokenCharacters = 128;

    /// <summary>An Account SID.</summary>
    public static readonly WireForm Account = new("an Account SID", static text => AccountSid.TryParse(text.AsSpan(), out _));

    /// <summary>The SID of anything at Twilio: two capital letters and 32 hexadecimal digits.</summary>
    public static readonly WireForm Resource = new(
        "a SID",
        static text => text.Length == AccountSid.TextLength && char.IsAsciiLetterUpper(text[0]) && char.IsAsciiLetterUpper(text[1])
            && IsHex(text.AsSpan(2)));

    /// <summary>A token: ASCII letters and digits, 1 to 128 of them.</summary>
    public static readonly WireForm Token = new("a token", IsToken);

    /// <summary>A token's fingerprint: four hexadecimal digits.</summary>
    public static readonly WireForm Fingerprint = new("a fingerprint", static text => text.Length == 4 && IsHex(text));

    /// <summary>Any text; what is unfit to be shown is replaced (<see cref="WireText.Line"/>).</summary>
    public static readonly WireForm Line = new("a text", static _ => true);

    /// <summary>Whether a text can be a token.</summary>
    public static bool IsToken(string text) => text.Length is > 0 and <= MostTokenCharacters && text.All(char.IsAsciiLetterOrDigit);

    /// <inheritdoc />
    public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        // The text itself is in no message: it may be a token.
        var text = reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException();
        return fits(text) ? WireText.Line(text) : throw new JsonException($"A text in it is not {what}.");
    }

    /// <inheritdoc />
    public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        WireText.Line(reader.GetString()!);

    /// <inheritdoc />
    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);

    /// <inheritdoc />
    public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WritePropertyName(value);

    private static bool IsHex(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiHexDigit(c))
            {
                return false;
            }
        }

        return true;
    }
}
