using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace Tandem.Server.Reference;

/// <summary>Where a parameter stands in a request.</summary>
internal enum ParameterPlace
{
    Path,
    Query,
    Form,
}

/// <summary>A parameter of a route.</summary>
/// <param name="Place">Where it stands.</param>
/// <param name="Name">Its name.</param>
/// <param name="Text">What it says, a sentence.</param>
internal sealed record ParameterDescription(ParameterPlace Place, string Name, string Text)
{
    /// <summary>Whether it is a whole number; else it is text.</summary>
    public bool IsNumber { get; init; }

    /// <summary>Smallest and largest number.</summary>
    public (long Least, long Most)? Range { get; init; }

    /// <summary>A regular expression for the text.</summary>
    public string? Pattern { get; init; }

    /// <summary>The only values; null for any.</summary>
    public IReadOnlyList<string>? Values { get; init; }

    /// <summary>An Account SID in the path.</summary>
    public static ParameterDescription Sid(string text) => new(ParameterPlace.Path, "sid", text) { Pattern = "^AC[0-9A-Fa-f]{32}$" };

    /// <summary>A whole number in the query, which may be left out.</summary>
    public static ParameterDescription Number(string name, long least, long most, string text) =>
        new(ParameterPlace.Query, name, text) { IsNumber = true, Range = (least, most) };
}

/// <summary>One reason for which a route refuses.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Reason">The reason as the body names it: a word, or Twilio's number.</param>
/// <param name="Text">The reason as a sentence.</param>
internal sealed record RefusalDescription(int Status, string Reason, string Text);

/// <summary>A header of a route's answer.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Text">What it says.</param>
internal sealed record HeaderDescription(string Name, string Text);

/// <summary>Who may ask.</summary>
internal enum Door
{
    /// <summary>Whoever presents a valid credential, by HTTP Basic.</summary>
    Credential,

    /// <summary>Anyone.</summary>
    Open,

    /// <summary>An operator, on the administration socket.</summary>
    Socket,
}

/// <summary>
/// What a route says of itself for the API reference. Routes are plain delegates, of which nothing can be read, so that each says it here:
/// <see cref="ReferenceDocument"/> takes in the routes that do.
/// </summary>
internal static class RouteDescription
{
    /// <summary>What the framework looks for before it describes a route; that it takes a context and nothing else is true of all of ours.</summary>
    private static readonly MethodInfo Signature = ((RequestDelegate)Ignore).Method;

    /// <summary>Describes a route: its name for generated clients, its chapter, what it does in a few words, and what else to know.</summary>
    public static IEndpointConventionBuilder Describe(
        this IEndpointConventionBuilder route, string chapter, string name, string summary, string? more = null)
    {
        route.WithMetadata(
            Signature,
            new EndpointNameMetadata(name),
            new TagsAttribute(chapter),
            new EndpointSummaryAttribute(summary));
        return more is null ? route : route.WithMetadata(new EndpointDescriptionAttribute(more));
    }

    /// <summary>Says who may ask; without it, whoever presents a credential.</summary>
    public static IEndpointConventionBuilder Through(this IEndpointConventionBuilder route, Door door) => route.WithMetadata((object)door);

    /// <summary>The body that it takes; it may be left out when nothing in it is required.</summary>
    public static IEndpointConventionBuilder Takes<T>(this IEndpointConventionBuilder route, bool optional = false) =>
        route.WithMetadata(new AcceptsMetadata(["application/json"], typeof(T), optional));

    /// <summary>The parameters that it takes.</summary>
    public static IEndpointConventionBuilder Takes(this IEndpointConventionBuilder route, params object[] parameters) => route.WithMetadata(parameters);

    /// <summary>What it answers.</summary>
    public static IEndpointConventionBuilder Answers<T>(this IEndpointConventionBuilder route, int status = StatusCodes.Status200OK) =>
        route.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(T), ["application/json"]));

    /// <summary>That it answers without a body.</summary>
    public static IEndpointConventionBuilder AnswersNothing(this IEndpointConventionBuilder route, int status, params HeaderDescription[] headers) =>
        route.WithMetadata([new ProducesResponseTypeMetadata(status, typeof(void)), .. headers]);

    /// <summary>Why it refuses, with a body of this form.</summary>
    public static IEndpointConventionBuilder Refuses<T>(
        this IEndpointConventionBuilder route, string contentType, params IEnumerable<RefusalDescription> refusals)
    {
        foreach (var refusal in refusals)
        {
            route.WithMetadata(refusal, new ProducesResponseTypeMetadata(refusal.Status, typeof(T), [contentType]));
        }

        return route;
    }

    /// <summary>Why it refuses, without a body.</summary>
    public static IEndpointConventionBuilder Refuses(this IEndpointConventionBuilder route, params IEnumerable<RefusalDescription> refusals)
    {
        foreach (var refusal in refusals)
        {
            route.WithMetadata(refusal, new ProducesResponseTypeMetadata(refusal.Status, typeof(void)));
        }

        return route;
    }

    private static Task Ignore(HttpContext context) => Task.CompletedTask;
}
