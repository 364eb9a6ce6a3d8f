using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Tandem.Server.Api;
using Tandem.Server.Reference;

namespace Tandem.Server;

/// <summary>The body of <c>/health</c> and <c>/alive</c>.</summary>
/// <param name="Status"><c>ready</c>, <c>stopping</c> or <c>alive</c>.</param>
/// <param name="Alarms">What needs an eye, by name; null where it is not told.</param>
internal sealed record HealthAnswer(
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("alarms"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Alarms);

/// <summary>
/// <c>/health</c> says whether to send requests here, <c>/alive</c> whether the process answers at all. No credential is needed, and nothing
/// about any account is told. An alarm needs a person; it does not make the server unready.
/// </summary>
internal sealed class Health(Alarms alarms, IHostApplicationLifetime lifetime)
{
    private static readonly HealthAnswer Alive = new("alive", null);

    public Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            return next(context);
        }

        return request.Path.Value switch
        {
            "/health" => Ready(context),
            "/alive" => Answers.WriteAsync(context, 200, Alive, HealthWire.Default.HealthAnswer),
            _ => next(context),
        };
    }

    /// <summary>Tells both to the API reference: they are answered before routing.</summary>
    public static void Describe(UnroutedPaths paths)
    {
        const string chapter = "Health";
        paths.Answered("GET", "/health")
            .Describe(chapter, "health", "Whether to send requests here", "An alarm needs a person; it does not make the server unready.")
            .Through(Door.Open).Answers<HealthAnswer>().Answers<HealthAnswer>(StatusCodes.Status503ServiceUnavailable);
        paths.Answered("GET", "/alive")
            .Describe(chapter, "alive", "Whether the process answers at all").Through(Door.Open).Answers<HealthAnswer>();
    }

    private Task Ready(HttpContext context)
    {
        var stopping = lifetime.ApplicationStopping.IsCancellationRequested;
        return Answers.WriteAsync(context, stopping ? 503 : 200, new(stopping ? "stopping" : "ready", alarms.Up()), HealthWire.Default.HealthAnswer);
    }
}

[JsonSerializable(typeof(HealthAnswer))]
internal sealed partial class HealthWire : JsonSerializerContext;
