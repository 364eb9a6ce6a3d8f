using Microsoft.AspNetCore.Http;
using Tandem.Server.Api;

namespace Tandem.Server;

/// <summary>Gives what routing leaves without a body, 404 and 405, the body that every error has.</summary>
internal static class Misses
{
    public static async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        if (context.Response is { HasStarted: false, ContentLength: null } response)
        {
            await (response.StatusCode switch
            {
                StatusCodes.Status404NotFound => Rooms.WriteAsync(context, TwilioErrors.NotFound(context)),
                StatusCodes.Status405MethodNotAllowed => Rooms.WriteAsync(context, TwilioErrors.MethodNotAllowed),
                _ => Task.CompletedTask,
            });
        }
    }
}
