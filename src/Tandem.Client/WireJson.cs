using System.Collections;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Tandem.Client;

/// <summary>
/// Reads JSON that was answered. It is the one way in: every text is made fit to be shown, a member that is named like a SID, a token or a
/// fingerprint is one, nothing is null that must not be, and nesting ends at 64 levels. Anything else is a <see cref="JsonException"/>.
/// </summary>
public static class WireJson
{
    /// <summary>The most that one answer may hold, in bytes: 8 MiB.</summary>
    public const int MostBytes = 8 * 1024 * 1024;

    private const long MostSeconds = 100_000_000_000;

    private static readonly JsonSerializerOptions s_own = For(TandemJson.Default);
    private static readonly JsonSerializerOptions s_twilio = For(TwilioWire.Default);

    /// <summary>Options that read what a context describes; for answers of others than Twilio and Tandem.</summary>
    public static JsonSerializerOptions For(JsonSerializerContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new(context.Options)
        {
            RespectNullableAnnotations = true,
            Converters = { WireForm.Line },
            TypeInfoResolver = ((IJsonTypeInfoResolver)context).WithAddedModifier(Check),
        };
    }

    /// <summary>Reads an object.</summary>
    /// <exception cref="JsonException">It is not one, or something in it has not the form that it must have.</exception>
    public static T Read<T>(ReadOnlySpan<byte> json, JsonSerializerOptions options) =>
        JsonSerializer.Deserialize(json, (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T))) ?? throw new JsonException("The answer is null.");

    internal static T ReadOwn<T>(ReadOnlySpan<byte> json) => Read<T>(json, s_own);

    internal static T ReadTwilio<T>(ReadOnlySpan<byte> json) => Read<T>(json, s_twilio);

    private static void Check(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object)
        {
            return;
        }

        foreach (var member in type.Properties)
        {
            member.CustomConverter ??= member.PropertyType == typeof(string) ? FormOf(type.Type, member.Name)
                : member.Name is "age_seconds" ? Seconds.Instance
                : null;
        }

        var lists = type.Properties.Where(p => p.PropertyType != typeof(string) && typeof(IEnumerable).IsAssignableFrom(p.PropertyType))
            .Select(p => p.Get).OfType<Func<object, object?>>().ToList();
        if (lists.Count > 0)
        {
            type.OnDeserialized = read =>
                _ = lists.TrueForAll(list => HoldsNoNull(list(read))) ? true : throw new JsonException("A list in it holds null.");
        }
    }

    private static WireForm? FormOf(Type type, string member) => member switch
    {
        "sid" when type == typeof(TwilioVariable) || type == typeof(TwilioEnvironment) => WireForm.Resource,
        "sid" or "account_sid" or "parent_sid" or "owner_account_sid" or "next_after" => WireForm.Account,
        "auth_token" or "secondary_auth_token" => WireForm.Token,
        "fingerprint" or "old_fingerprint" or "new_fingerprint" or "primary" or "secondary" => WireForm.Fingerprint,
        _ => null,
    };

    private static bool HoldsNoNull(object? list) => list switch
    {
        IDictionary map => map.Values.Cast<object?>().All(v => v is not null),
        IEnumerable items => items.Cast<object?>().All(v => v is not null),
        _ => true,
    };

    /// <summary>A number of seconds that a <see cref="TimeSpan"/> can hold.</summary>
    private sealed class Seconds : JsonConverter<long>
    {
        public static readonly Seconds Instance = new();

        public override long Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var seconds) && seconds is >= 0 and <= MostSeconds ? seconds
                : throw new JsonException();

        public override void Write(Utf8JsonWriter writer, long value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
    }
}
