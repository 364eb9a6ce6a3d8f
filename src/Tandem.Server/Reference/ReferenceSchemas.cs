using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Tandem.Server.Reference;

/// <summary>Adds to a schema what the framework leaves out: the values that a text is one of, and that our answers hold all their members.</summary>
internal static class ReferenceSchemas
{
    public static Task CompleteAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancel)
    {
        var allowed = context.JsonPropertyInfo?.AttributeProvider?.GetCustomAttributes(typeof(AllowedValuesAttribute), inherit: false);
        if (allowed is [AllowedValuesAttribute values])
        {
            schema.Enum = [.. values.Values.Select(v => v is null ? null! : (JsonNode)(string)v)];
        }

        // What is null is written; only in what is sent to us may it be left out.
        if (context.JsonTypeInfo.Kind == JsonTypeInfoKind.Object && schema.Properties is not null && !context.JsonTypeInfo.Type.Name.EndsWith("Request", StringComparison.Ordinal))
        {
            schema.Required = context.JsonTypeInfo.Properties.Where(p => p.ShouldSerialize is null).Select(p => p.Name).ToHashSet(StringComparer.Ordinal);
        }

        return Task.CompletedTask;
    }
}
