using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tandem.Rotations;

/// <summary>An Account SID in a record; a record with any other text cannot be read.</summary>
internal sealed class AccountSidText : JsonConverter<AccountSid>
{
    /// <inheritdoc />
    public override AccountSid Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && AccountSid.TryParse(reader.GetString().AsSpan(), out var sid) ? sid : throw new JsonException();

    /// <inheritdoc />
    public override void Write(Utf8JsonWriter writer, AccountSid value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
