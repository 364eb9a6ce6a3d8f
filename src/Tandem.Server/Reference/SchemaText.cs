using System.Text.Json;

namespace Tandem.Server.Reference;

/// <summary>Puts the types of a JSON schema in words.</summary>
internal static class SchemaText
{
    /// <summary>Where the page has a schema.</summary>
    public static string Anchor(string schema) => $"schema-{schema}";

    /// <summary>What is said of a member: at its schema, or, for a nullable reference, beside the reference.</summary>
    public static string Description(JsonElement schema) =>
        schema.TryGetProperty("description", out var text) ? text.GetString()!
        : Choices(schema).Select(Description).FirstOrDefault(t => t.Length > 0) ?? "";

    /// <summary>The type, with its limits; of a reference its link.</summary>
    public static Html Type(JsonElement schema)
    {
        if (schema.TryGetProperty("$ref", out var reference))
        {
            var name = reference.GetString()!.Split('/')[^1];
            return Html.Of($"<a href=\"#{Anchor(name)}\">{name}</a>");
        }

        if (Choices(schema).ToList() is { Count: > 0 } choices)
        {
            return Html.Join(choices.Select((choice, i) => Html.Of($"{(i == 0 ? "" : " or ")}{Type(choice)}")));
        }

        if (schema.TryGetProperty("enum", out var values))
        {
            return Html.Join(values.EnumerateArray().Select((value, i) => Html.Of($"{(i == 0 ? "" : ", ")}<code>{value.GetString() ?? "null"}</code>")));
        }

        var types = !schema.TryGetProperty("type", out var type) ? []
            : type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(t => t.GetString()!).ToList()
            : [type.GetString()!];
        var plain = types.Find(t => t is not "null") ?? "null";
        var isNullable = types.Count > 1 && types.Contains("null", StringComparer.Ordinal);
        return Html.Of($"{Plain(schema, plain)}{(isNullable ? " or null" : "")}");
    }

    private static Html Plain(JsonElement schema, string type)
    {
        if (type is "array")
        {
            return Html.Of($"array of {Type(schema.GetProperty("items"))}");
        }

        if (schema.TryGetProperty("pattern", out var pattern))
        {
            return Html.Of($"{type}, <code>{pattern.GetString()}</code>");
        }

        return schema.TryGetProperty("minimum", out var least) && schema.TryGetProperty("maximum", out var most)
            ? Html.Of($"{type}, {least.GetRawText()} to {most.GetRawText()}")
            : Html.Of($"{type}{(schema.TryGetProperty("format", out var format) ? $", {format.GetString()}" : "")}");
    }

    private static IEnumerable<JsonElement> Choices(JsonElement schema) =>
        schema.TryGetProperty("oneOf", out var choices) ? choices.EnumerateArray().OrderBy(c => c.TryGetProperty("type", out var t) && t.ValueEquals("null")) : [];
}
