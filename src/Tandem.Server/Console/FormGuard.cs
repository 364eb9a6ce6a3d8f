using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Tandem.Server.Console;

/// <summary>
/// Stands before every page: whatever is not a GET must come from a form of ours, in this browser. Three locks: the browser's own word on
/// where the request comes from, the antiforgery token, and cookies that other sites' requests do not carry.
/// </summary>
internal sealed class FormGuard(Browsers browsers)
{
    /// <summary>The name of the field that holds the token.</summary>
    public const string Field = "form-token";

    public async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        var method = context.Request.Method;
        if (HttpMethods.IsGet(method) || HttpMethods.IsHead(method))
        {
            await next(context);
        }
        else if (!HttpMethods.IsPost(method))
        {
            await ErrorPage.WriteAsync(context, StatusCodes.Status405MethodNotAllowed);
        }
        else if (browsers.IsFromElsewhere(context.Request))
        {
            await ErrorPage.WriteAsync(context, StatusCodes.Status403Forbidden);
        }
        else if (!await HasTokenAsync(context))
        {
            await ErrorPage.WriteAsync(context, StatusCodes.Status400BadRequest);
        }
        else
        {
            await next(context);
        }
    }

    private static async Task<bool> HasTokenAsync(HttpContext context)
    {
        try
        {
            return context.Request.HasFormContentType
                && (await context.Request.ReadFormAsync(context.RequestAborted)).Files.Count == 0
                && await context.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(context);
        }
        catch (InvalidDataException)
        {
            return false; // no form that can be read
        }
    }
}
