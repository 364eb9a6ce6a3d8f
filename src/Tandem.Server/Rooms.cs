using Microsoft.AspNetCore.Http;
using Tandem.Server.Api;
using Tandem.Server.Console;
using Tandem.Server.Listeners;

namespace Tandem.Server;

/// <summary>
/// The rooms of the server: our own API, on the administration socket and beside Twilio's on the API's listeners; the console, on the API's
/// listeners alone; and Twilio's, on every listener but the socket. Which room a request is in decides in what form the server's own errors
/// are written.
/// </summary>
internal static class Rooms
{
    /// <summary>Whether it came through the administration socket: no header, path or port takes part.</summary>
    public static bool IsAdmin(HttpContext context) => context.Features.Get<IListenerFeature>() is { Kind: ListenerKind.Admin };

    /// <summary>Whether it is for our own API: a client that thinks it talks to Twilio never is.</summary>
    public static bool IsOwn(HttpContext context) => IsAdmin(context)
        || (context.Features.Get<IListenerFeature>() is { Kind: ListenerKind.Api } && IsOwnPath(context));

    /// <summary>Whether it is for the console: a client that thinks it talks to Twilio never is.</summary>
    public static bool IsConsole(HttpContext context) =>
        context.Features.Get<IListenerFeature>() is { Kind: ListenerKind.Api } && ConsolePaths.Contains(context.Request.Path);

    /// <summary>No room's paths exist in another: they are answered like any unknown path.</summary>
    public static Task KeepApartAsync(HttpContext context, RequestDelegate next) =>
        IsOwn(context) == IsOwnPath(context) && IsConsole(context) == ConsolePaths.Contains(context.Request.Path)
            ? next(context)
            : WriteAsync(context, TwilioErrors.NotFound(context));

    /// <summary>Writes an error of the server itself: problem details in our own room, a page in the console, Twilio's form in Twilio's.</summary>
    public static Task WriteAsync(HttpContext context, TwilioRefusal refusal) => IsConsole(context)
        ? ErrorPage.WriteAsync(context, refusal.Status)
        : IsOwn(context)
        ? TandemProblems.WriteAsync(context, TandemProblems.Of(refusal))
        : TwilioErrors.WriteAsync(context, refusal);

    private static bool IsOwnPath(HttpContext context) =>
        context.Request.Path.StartsWithSegments(TandemApi.Root, StringComparison.OrdinalIgnoreCase);
}
