using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Tandem.Server.Listeners;

namespace Tandem.Server.Reference;

/// <summary>
/// <c>/openapi/v1.json</c>, and <c>/openapi/</c>, the same to read. For anyone: neither holds a secret, and but for the public address both
/// are alike in every installation. Made when first asked for, so that a start pays nothing for it.
/// </summary>
/// <param name="routed">What is routed to.</param>
/// <param name="unrouted">What is answered before routing.</param>
/// <param name="environment">The host's.</param>
/// <param name="server">The address of the API; null for wherever the reference was found.</param>
internal sealed class ApiReference(
    EndpointDataSource routed, IEnumerable<EndpointDataSource> unrouted, IHostEnvironment environment, Uri? server)
{
    /// <summary>The page.</summary>
    public const string PagePath = "/openapi/";

    /// <summary>The document.</summary>
    public const string DocumentPath = "/openapi/v1.json";

    private readonly Lock _lock = new();
    private Task<(byte[] Document, byte[] Page)>? _made;

    public Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        // Not on the Twilio proxy: whoever thinks it talks to Twilio finds there what Twilio has.
        var (method, door) = (context.Request.Method, context.Features.Get<IListenerFeature>());
        return (HttpMethods.IsGet(method) || HttpMethods.IsHead(method)) && door is { Kind: ListenerKind.Api } ? context.Request.Path.Value switch
        {
            DocumentPath => WriteAsync(context, page: false),
            PagePath or "/openapi" => WriteAsync(context, page: true),
            _ => next(context),
        }
        : next(context);
    }

    private async Task WriteAsync(HttpContext context, bool page)
    {
        var made = await Made();
        var body = page ? made.Page : made.Document;
        if (page)
        {
            context.Response.Headers.ContentSecurityPolicy = ReferencePage.Policy;
        }

        context.Response.ContentType = page ? "text/html; charset=utf-8" : "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, CancellationToken.None);
    }

    /// <summary>Made once, whoever asks meanwhile; after a fault, again.</summary>
    private Task<(byte[] Document, byte[] Page)> Made()
    {
        lock (_lock)
        {
            return _made is null or { IsFaulted: true } ? _made = Task.Run(MakeAsync) : _made;
        }
    }

    private async Task<(byte[] Document, byte[] Page)> MakeAsync()
    {
        var routes = new DefaultEndpointDataSource(unrouted.Prepend(routed).SelectMany(r => r.Endpoints));
        var document = await ReferenceDocument.CreateAsync(routes, environment, server, CancellationToken.None);
        return (document, ReferencePage.Of(document));
    }
}
