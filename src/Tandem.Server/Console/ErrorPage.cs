using Microsoft.AspNetCore.Http;

namespace Tandem.Server.Console;

/// <summary>What the error page shows.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Title">What happened.</param>
/// <param name="Text">What it means and what to do.</param>
/// <param name="RequestId">The id under which the log has it.</param>
public sealed record ErrorModel(int Status, string Title, string Text, string RequestId) : PageModel(Title);

/// <summary>Every error of the console, in one place. The texts are fixed: nothing of the request is repeated.</summary>
internal static class ErrorPage
{
    public static Task WriteAsync(HttpContext context, int status)
    {
        var (title, text) = TextOf(status);
        return WriteAsync(context, status, title, text);
    }

    /// <summary>The page that tells a refusal of the domain.</summary>
    public static Task WriteAsync(HttpContext context, ErrorKind refusal)
    {
        var (status, text) = refusal switch
        {
            ErrorKind.Unavailable => (StatusCodes.Status503ServiceUnavailable, null),
            ErrorKind.InvalidInput =>
                (StatusCodes.Status400BadRequest, "A name or a reason is missing, too long, or has control or invisible characters. Nothing was changed."),
            ErrorKind.AccountNotFound or ErrorKind.UserNotFound => (StatusCodes.Status404NotFound, "It was removed meanwhile, or never was. Nothing was changed."),
            ErrorKind.NoSecondary => (StatusCodes.Status409Conflict, "There is no secondary token (any more). Nothing was changed."),
            ErrorKind.SecondaryExists => (StatusCodes.Status409Conflict, "A secondary token exists already. Promote or delete it first. Nothing was changed."),
            ErrorKind.AccountClosed => (StatusCodes.Status409Conflict, "The account is closed, which is final. Nothing was changed."),
            ErrorKind.GenerationChanged => (StatusCodes.Status409Conflict, "The tokens have changed since you looked. Nothing was changed. Look again, then decide."),
            ErrorKind.NotReady => (StatusCodes.Status409Conflict, "The promote guard is on, and not everyone is seen to have moved. Nothing was changed."),
            ErrorKind.LimitReached => (StatusCodes.Status409Conflict, "There are as many of these as there may be. Nothing was changed."),
            ErrorKind.AccountExists or ErrorKind.UserExists => (StatusCodes.Status409Conflict, "There is one of this name already. Nothing was changed."),
            ErrorKind.LastAdministrator => (StatusCodes.Status409Conflict, "This is the last administrator. Make somebody else one first. Nothing was changed."),
            ErrorKind.NotPermitted => (StatusCodes.Status409Conflict, "This cannot be done here. Nothing was changed."),
            _ => (StatusCodes.Status403Forbidden, (string?)null),
        };
        var (title, usual) = TextOf(status);
        return WriteAsync(context, status, title, text ?? usual);
    }

    private static Task WriteAsync(HttpContext context, int status, string title, string text)
    {
        if (status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests
            && context.Response.Headers.RetryAfter.Count == 0)
        {
            context.Response.Headers.RetryAfter = Throttle.RetryAfter;
        }

        return new PageRequest(context).ShowAsync(Pages.Error.Create(new(status, title, text, context.TraceIdentifier)), status);
    }

    private static (string Title, string Text) TextOf(int status) => status switch
    {
        StatusCodes.Status400BadRequest => ("This form could not be taken",
            "It was not one that this page had given out, or it had been open for too long. Nothing was changed. Go back, reload the page, and send it again."),
        StatusCodes.Status403Forbidden => ("You may not do this",
            "Your role does not allow it, or the request came from another website. Nothing was changed. An administrator can change your role."),
        StatusCodes.Status404NotFound => ("There is no such page",
            "It may have been moved or removed, or the address is mistyped."),
        StatusCodes.Status405MethodNotAllowed => ("This page cannot be used like that",
            "The address is right, but not what was done with it. Nothing was changed."),
        StatusCodes.Status409Conflict => ("That did not work",
            "Something stands in the way. Nothing was changed."),
        StatusCodes.Status413PayloadTooLarge => ("That was too much",
            "The form was larger than any of ours. Nothing was changed."),
        StatusCodes.Status429TooManyRequests => ("Too many attempts",
            "Wait a moment, then try again. Nothing was changed."),
        StatusCodes.Status503ServiceUnavailable => ("It cannot be stored now",
            "Nothing was changed, and trying again is safe. Is the disk full?"),
        >= 500 => ("Something went wrong here",
            "The server's log has the reason, under the number below. If something was to be changed, look whether it was before you try again."),
        _ => ("This request could not be read", "Nothing was changed. Go back and try again."),
    };
}
