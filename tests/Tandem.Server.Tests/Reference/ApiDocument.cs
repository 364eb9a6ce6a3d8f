using System.Text.Json.Nodes;
using NJsonSchema;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Reference;

/// <summary>The OpenAPI document as its readers use it: to look an operation up, and to hold an answer against its schema.</summary>
internal sealed class ApiDocument
{
    private ApiDocument(JsonNode json) => Json = json;

    public JsonNode Json { get; }

    /// <summary>Method and path of everything in it.</summary>
    public IReadOnlyList<(string Method, string Path, JsonNode Operation)> Operations =>
        [.. from path in Json["paths"]!.AsObject() from operation in path.Value!.AsObject() select (operation.Key.ToUpperInvariant(), path.Key, operation.Value!)];

    public static async Task<ApiDocument> ReadAsync(TestTandem tandem)
    {
        var answer = await tandem.SendAsync("GET", "/openapi/v1.json", r => r.As(null));
        Assert.Equal((200, "application/json"), (answer.Status, answer.Header("Content-Type")));
        return new(JsonNode.Parse(answer.Body)!);
    }

    /// <summary>That this answer is one that the document announces: its status, its content type, and every member of its body.</summary>
    public async Task ExpectAsync(string method, string path, TestAnswer answer)
    {
        var operation = Json["paths"]![path]?[method.ToLowerInvariant()];
        Assert.True(operation is not null, $"{method} {path} is not in the document.");
        var announced = operation["responses"]![$"{answer.Status}"];
        Assert.True(announced is not null, $"{method} {path} announces no {answer.Status}: {answer.Body}");
        var content = announced["content"]?.AsObject();
        Assert.Equal(content?.Single().Key, answer.Header("Content-Type"));
        if (content is null)
        {
            Assert.Equal("", answer.Body);
            return;
        }

        var schema = await JsonSchema.FromJsonAsync(Strict(content.Single().Value!["schema"]!).ToJsonString());
        var errors = schema.Validate(answer.Body);
        Assert.True(errors.Count == 0, $"{method} {path} {answer.Status}: {string.Join("; ", errors)} in {answer.Body}");
    }

    /// <summary>A schema that stands alone, and by which a member that it does not name is an error.</summary>
    private JsonNode Strict(JsonNode schema)
    {
        var definitions = Json["components"]!["schemas"]!.DeepClone().AsObject();
        foreach (var definition in definitions.Select(d => d.Value!.AsObject()).Where(d => d.ContainsKey("properties")))
        {
            definition["additionalProperties"] = false;
        }

        var alone = (schema["$ref"] is { } reference ? definitions[((string)reference!).Split('/')[^1]]! : schema).DeepClone().AsObject();
        alone["definitions"] = definitions;
        return JsonNode.Parse(alone.ToJsonString().Replace("#/components/schemas/", "#/definitions/", StringComparison.Ordinal))!;
    }
}
