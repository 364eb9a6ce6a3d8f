using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Tandem.Server.Console;

/// <summary>What every answer of the console tells the browser, errors and files included.</summary>
internal static class ConsoleHeaders
{
    /// <summary>Nothing from elsewhere, nothing inline: markup that found its way into a page could neither run nor send anything.</summary>
    private const string ContentSecurityPolicy =
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public static Task AddAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers["Referrer-Policy"] = "same-origin"; // "no-referrer" would also blank the Origin of our own forms
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (ConsoleCookies.IsSecure(context))
        {
            headers[HeaderNames.StrictTransportSecurity] = "max-age=31536000; includeSubDomains"; // a year, as OWASP's ASVS asks
        }

        return next(context);
    }
}
