using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Tandem.Client;

namespace Tandem.Server.Api;

/// <summary>Ends a request of our own API before anything was asked of the domain: the request itself cannot be read.</summary>
internal sealed class TandemRefusal(TandemProblem problem) : Exception(problem.Detail)
{
    public TandemProblem Problem { get; } = problem;
}

/// <summary>Reads and writes the JSON of our own API; every refusal as problem details (RFC 9457).</summary>
internal static class TandemProblems
{
    public const string ContentType = "application/problem+json";

    public static TandemProblem Of(int status, string kind, string detail) =>
        new() { Title = ReasonPhrases.GetReasonPhrase(status), Status = status, Kind = kind, Detail = detail };

    public static TandemProblem Invalid(string detail) => Of(StatusCodes.Status400BadRequest, "invalid_request", detail);

    /// <summary>The problem that tells a refusal of the domain.</summary>
    public static TandemProblem Of(ErrorKind error) => error switch
    {
        ErrorKind.WrongCredential => Of(401, "unauthenticated", "The credential is not valid (any more)."),
        ErrorKind.AccountNotFound => Of(404, "account_not_found", "There is no such account."),
        ErrorKind.NoSecondary => Of(404, "no_secondary", "There is no secondary token."),
        ErrorKind.SecondaryExists => Of(409, "secondary_exists", "A secondary token exists already. Promote or delete it first."),
        ErrorKind.AccountClosed => Of(409, "account_closed", "The account is closed, which is final."),
        ErrorKind.GenerationChanged => Of(409, "generation_changed", "The tokens have changed since you looked. Nothing was promoted."),
        ErrorKind.NotReady => Of(409, "not_ready", "The promote guard is on, and not everyone is seen to have moved. Nothing was promoted."),
        ErrorKind.NotPaused => Of(409, "not_paused", "The primary is not paused (any more)."),
        ErrorKind.LimitReached => Of(409, "limit_reached", "The account has as many of these as it may have."),
        ErrorKind.TooManySubaccounts => Of(
            409,
            "too_many_subaccounts",
            "The account has as many subaccounts as it may have. Close those that are not needed, or raise the limit: tandem serve --subaccounts N."),
        ErrorKind.AccountExists => Of(409, "account_exists", "An account with this SID exists already."),
        ErrorKind.NotPermitted => Of(409, "not_permitted", "A subaccount has no subaccounts."),
        ErrorKind.RotationRunning => Of(409, "rotation_running", "Another rotation of this account runs."),
        ErrorKind.NoRotation => Of(404, "no_rotation", "No rotation of this account was told of."),
        ErrorKind.UserNotFound => Of(404, "user_not_found", "There is no such user."),
        ErrorKind.UserExists => Of(409, "user_exists", "There is a user of this name already."),
        ErrorKind.LastAdministrator => Of(409, "last_administrator", "This is the last administrator. Make somebody else one first."),
        ErrorKind.InvalidInput => Invalid("A value cannot be stored: a name or a reason is too long, holds control or invisible characters, or is missing."),
        ErrorKind.Unavailable => Of(503, "unavailable", "It cannot be stored now, so nothing was changed. Is the disk full? Trying again is safe."),
        _ => throw new ArgumentOutOfRangeException(nameof(error), error, "No refusal."),
    };

    /// <summary>The problem that tells an error of the server itself.</summary>
    public static TandemProblem Of(TwilioRefusal refusal) => Of(refusal.Status, KindOf(refusal.Status), $"{refusal.Message.TrimEnd('.')}.");

    public static Task WriteAsync(HttpContext http, TandemProblem problem)
    {
        if (problem.Status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
        {
            http.Response.Headers.RetryAfter = Throttle.RetryAfter;
        }
        else if (problem.Status == StatusCodes.Status401Unauthorized)
        {
            http.Response.Headers.WWWAuthenticate = AnswerHeaders.Challenge;
        }

        return WriteAsync(http, problem.Status, problem, TandemJson.Default.TandemProblem, ContentType);
    }

    /// <summary>Writes an answer of known length, in one piece.</summary>
    public static async Task WriteAsync<T>(HttpContext http, int status, T value, JsonTypeInfo<T> type, string contentType = "application/json")
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(value, type);
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body);
    }

    /// <summary>Reads a JSON body; no body is an empty object.</summary>
    /// <exception cref="TandemRefusal">It is no such JSON.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext http, JsonTypeInfo<T> type)
        where T : class, new()
    {
        try
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body, http.RequestAborted);
            return body.Length == 0 ? new() : JsonSerializer.Deserialize(body.GetBuffer().AsSpan(0, (int)body.Length), type) ?? new();
        }
        catch (JsonException)
        {
            throw new TandemRefusal(Invalid("The body is not the JSON object that this call takes."));
        }
    }

    private static string KindOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "unauthenticated",
        StatusCodes.Status403Forbidden => "cross_site",
        StatusCodes.Status429TooManyRequests => "throttled",
        StatusCodes.Status404NotFound => "not_found",
        StatusCodes.Status405MethodNotAllowed => "method_not_allowed",
        StatusCodes.Status500InternalServerError => "fault",
        StatusCodes.Status503ServiceUnavailable => "unavailable",
        _ => "invalid_request",
    };
}
