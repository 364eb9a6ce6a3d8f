using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Tandem.Server.Reference;

/// <summary>Adds to an operation what the framework cannot know of a route: parameters, who may ask, and why it refuses.</summary>
internal static class ReferenceOperations
{
    public static Task CompleteAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        var told = context.Description.ActionDescriptor.EndpointMetadata;
        var parameters = told.OfType<ParameterDescription>().ToList();
        operation.Parameters = [.. parameters.Where(p => p.Place != ParameterPlace.Form).Select(Parameter)];
        if (parameters.Where(p => p.Place == ParameterPlace.Form).ToList() is { Count: > 0 } fields)
        {
            operation.RequestBody = Form(fields);
        }

        foreach (var reasons in told.OfType<RefusalDescription>().GroupBy(r => r.Status))
        {
            ((OpenApiResponse)operation.Responses![reasons.Key.ToString(CultureInfo.InvariantCulture)]).Description =
                string.Join('\n', reasons.Select(r => $"- `{r.Reason}`: {r.Text}"));
        }

        operation.Responses = Sorted(operation.Responses!);
        if (told.OfType<HeaderDescription>().ToList() is { Count: > 0 } headers)
        {
            var answer = (OpenApiResponse)operation.Responses.First(r => r.Key[0] == '2').Value;
            answer.Headers = headers.ToDictionary(h => h.Name, Header, StringComparer.Ordinal);
        }

        Guard(operation, told.OfType<Door>().LastOrDefault());
        return Task.CompletedTask;
    }

    private static OpenApiResponses Sorted(OpenApiResponses responses)
    {
        var sorted = new OpenApiResponses();
        foreach (var (status, response) in responses.OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            sorted.Add(status, response);
        }

        return sorted;
    }

    private static void Guard(OpenApiOperation operation, Door door)
    {
        if (door == Door.Credential)
        {
            return;
        }

        operation.Security = [];
        if (door == Door.Socket)
        {
            operation.Servers = [new() { Url = "http://localhost", Description = "For operators alone, over the Unix socket `admin.sock` in the data directory. On the network this path does not exist." }];
        }
    }

    private static OpenApiParameter Parameter(ParameterDescription parameter) => new()
    {
        Name = parameter.Name,
        In = parameter.Place == ParameterPlace.Path ? ParameterLocation.Path : ParameterLocation.Query,
        Required = parameter.Place == ParameterPlace.Path,
        Description = parameter.Text,
        Schema = Schema(parameter),
    };

    private static OpenApiRequestBody Form(IEnumerable<ParameterDescription> fields) => new()
    {
        Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
        {
            ["application/x-www-form-urlencoded"] = new OpenApiMediaType
            {
                Schema = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Properties = fields.ToDictionary(f => f.Name, f => (IOpenApiSchema)Schema(f, f.Text), StringComparer.Ordinal),
                },
            },
        },
    };

    private static OpenApiSchema Schema(ParameterDescription parameter, string? text = null) => new()
    {
        Type = parameter.IsNumber ? JsonSchemaType.Integer : JsonSchemaType.String,
        Description = text,
        Pattern = parameter.Pattern,
        Minimum = parameter.Range?.Least.ToString(CultureInfo.InvariantCulture),
        Maximum = parameter.Range?.Most.ToString(CultureInfo.InvariantCulture),
        Enum = parameter.Values is { } values ? [.. values.Select(v => (JsonNode)v)] : null,
    };

    private static IOpenApiHeader Header(HeaderDescription header) =>
        new OpenApiHeader { Description = header.Text, Required = true, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
}
