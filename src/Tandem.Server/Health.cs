using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Tandem.Server.Api;
using Tandem.Server.Reference;

namespace Tandem.Server;

/// <summary>The body of <c>/health</c> and <c>/alive</c>. What is not told there is null.</summary>
/// <param name="Status"><c>ready</c>, <c>unavailable</c>, <c>stopping</c> or <c>alive</c>.</param>
/// <param name="Check">Whether checks are answered.</param>
/// <param name="Mutations">Whether changes of accounts and tokens are stored.</param>
/// <param name="Usage">Whether calls are counted and the counts are kept.</param>
internal sealed record HealthAnswer(
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("check"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Check = null,
    [property: JsonPropertyName("mutations"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Mutations = null,
    [property: JsonPropertyName("usage"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Usage = null);

/// <summary>
/// <c>/health</c> says whether to send checks here, <c>/health/mutations</c> and <c>/health/usage</c> the same of changes and of counting,
/// <c>/alive</c> whether the process answers at all. No credential is needed, so nothing is told but yes or no: alarms have names for operators
/// alone. A server that can store nothing goes on answering checks, and stays ready for them.
/// </summary>
internal sealed class Health(Alarms alarms, IHostApplicationLifetime lifetime)
{
    private static readonly HealthAnswer Alive = new("alive");

    public Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            return next(context);
        }

        return request.Path.Value switch
        {
            "/health" => ReadyAsync(context, static now => now.Check),
            "/health/mutations" => ReadyAsync(context, static now => now.Mutations),
            "/health/usage" => ReadyAsync(context, static now => now.Usage),
            "/alive" => Answers.WriteAsync(context, 200, Alive, HealthWire.Default.HealthAnswer),
            _ => next(context),
        };
    }

    /// <summary>Tells the API reference of them: they are answered before routing.</summary>
    public static void Describe(UnroutedPaths paths)
    {
        const string chapter = "Health";
        Readiness("/health", "health", "Whether to send checks here", "Stays 200 while changes cannot be stored: checks are answered from memory.");
        Readiness(
            "/health/mutations",
            "healthOfMutations",
            "Whether to send changes here",
            "503 from the first change that could not be stored, until one can be.");
        Readiness("/health/usage", "healthOfUsage", "Whether calls are counted and the counts are kept", "Also 503 where counting is turned off.");
        paths.Answered("GET", "/alive")
            .Describe(chapter, "alive", "Whether the process answers at all").Through(Door.Open).Answers<HealthAnswer>();

        void Readiness(string path, string id, string summary, string more) => paths.Answered("GET", path)
            .Describe(chapter, id, summary, more)
            .Through(Door.Open).Answers<HealthAnswer>().Answers<HealthAnswer>(StatusCodes.Status503ServiceUnavailable);
    }

    private Task ReadyAsync(HttpContext context, Func<HealthAnswer, bool?> asked)
    {
        var stopping = lifetime.ApplicationStopping.IsCancellationRequested;
        var now = new HealthAnswer("ready", !stopping, !stopping && alarms.StoresChanges, !stopping && alarms.KeepsCounts);
        var isReady = asked(now) == true;
        return Answers.WriteAsync(
            context,
            isReady ? 200 : 503,
            isReady ? now : now with { Status = stopping ? "stopping" : "unavailable" },
            HealthWire.Default.HealthAnswer);
    }
}

[JsonSerializable(typeof(HealthAnswer))]
internal sealed partial class HealthWire : JsonSerializerContext;
