using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Tandem.Server.Api;

namespace Tandem.Server;

/// <summary>
/// Browsers keep Basic credentials and send them along with a plain form of any website. A mutation that a browser marks as coming from
/// another site is therefore refused, unless its origin is listed. Preflights are answered as Twilio answers them, save
/// <c>Access-Control-Allow-Credentials</c>: scripts elsewhere may name a credential, but never use one that the browser keeps.
/// </summary>
internal sealed class Browsers(TandemOptions options)
{
    public static readonly TwilioRefusal CrossSite = new(
        403, 20403, "Forbidden: a browser sent this from another website. Its origin can be allowed with --cors-origin.");

    private readonly HashSet<string> _allowed = new(
        options.CorsOrigins.Select(o => o.TrimEnd('/')), StringComparer.OrdinalIgnoreCase);

    private readonly string? _publicOrigin = options.PublicUrl?.GetLeftPart(UriPartial.Authority);

    public Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.AccessControlAllowOrigin = "*";
        headers.AccessControlAllowMethods = "GET, POST, DELETE, OPTIONS";
        headers.AccessControlAllowHeaders =
            "Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since, Idempotency-Key";
        headers.AccessControlExposeHeaders = "ETag";

        var method = context.Request.Method;
        if (HttpMethods.IsOptions(method))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }

        return HttpMethods.IsGet(method) || HttpMethods.IsHead(method)
            || _allowed.Contains(context.Request.Headers.Origin.ToString())
            || !IsFromElsewhere(context.Request)
            ? next(context)
            : Rooms.WriteAsync(context, CrossSite);
    }

    /// <summary>
    /// Whether a browser says that another website sent it. No header: no browser, or one too old to send either; those send no cross-site
    /// mutation without an Origin.
    /// </summary>
    public bool IsFromElsewhere(HttpRequest request)
    {
        if (request.Headers.TryGetValue("Sec-Fetch-Site", out var site))
        {
            return site.ToString() is not ("same-origin" or "none");
        }

        var origin = request.Headers.Origin.ToString();
        return origin.Length > 0
            && !Same(origin, $"{request.Scheme}://{request.Headers[HeaderNames.Host]}")
            && !Same(origin, _publicOrigin);
    }

    private static bool Same(string origin, string? own) => origin.Equals(own, StringComparison.OrdinalIgnoreCase);
}
