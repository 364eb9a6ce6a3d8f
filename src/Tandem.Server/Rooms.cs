using Microsoft.AspNetCore.Http;
using Tandem.Server.Api;
using Tandem.Server.Listeners;

namespace Tandem.Server;

/// <summary>
/// The two rooms of the server: our own API, on the administration socket alone, and Twilio's, on every other listener. Which room a request
/// is in decides in what form the server's own errors are written.
/// </summary>
internal static class Rooms
{
    /// <summary>Whether it came through the administration socket: no header, path or port takes part.</summary>
    public static bool IsAdmin(HttpContext context) => context.Features.Get<IListenerFeature>() is { Kind: ListenerKind.Admin };

    /// <summary>Neither room's paths exist in the other: they are answered like any unknown path.</summary>
    public static Task KeepApartAsync(HttpContext context, RequestDelegate next) =>
        IsAdmin(context) == context.Request.Path.StartsWithSegments(TandemApi.Root, StringComparison.OrdinalIgnoreCase)
            ? next(context)
            : WriteAsync(context, TwilioErrors.NotFound(context));

    /// <summary>Writes an error of the server itself: problem details in our own room, Twilio's form in Twilio's.</summary>
    public static Task WriteAsync(HttpContext context, TwilioRefusal refusal) => IsAdmin(context)
        ? TandemProblems.WriteAsync(context, TandemProblems.Of(refusal.Status, KindOf(refusal.Status), $"{refusal.Message}."))
        : TwilioErrors.WriteAsync(context, refusal);

    private static string KindOf(int status) => status switch
    {
        StatusCodes.Status404NotFound => "not_found",
        StatusCodes.Status405MethodNotAllowed => "method_not_allowed",
        StatusCodes.Status500InternalServerError => "fault",
        _ => "invalid_request",
    };
}
