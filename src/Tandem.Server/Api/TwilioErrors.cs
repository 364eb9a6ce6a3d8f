using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tandem.Client;

namespace Tandem.Server.Api;

/// <summary>A refusal in Twilio's terms.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">Twilio's error number.</param>
/// <param name="Message">What is wrong. Never holds anything of a credential.</param>
internal readonly record struct TwilioRefusal(int Status, int Code, string Message);

/// <summary>The one place that writes errors on Twilio's paths, and the one table from kinds of refusal to what Twilio calls them.</summary>
internal static class TwilioErrors
{
    public static readonly TwilioRefusal NoCredentials = new(401, 20003, "Authentication Error - No credentials provided");
    public static readonly TwilioRefusal InvalidUserName = new(401, 20003, "Authentication Error - invalid username");
    public static readonly TwilioRefusal WrongCredential = new(401, 20003, "Authenticate");
    public static readonly TwilioRefusal NotPermitted = new(403, 20006, "Access Denied");
    public static readonly TwilioRefusal MethodNotAllowed = new(405, 20004, "Method not allowed");
    public static readonly TwilioRefusal SecondaryExists = new(
        400, 70002, "A secondary Auth Token already exists: promote or delete it before creating another");
    public static readonly TwilioRefusal TooManySubaccounts = new(400, 21480, "Reached maximum number of subaccounts");
    public static readonly TwilioRefusal AccountClosed = new(400, 20001, "The account is closed, and closing is final");
    public static readonly TwilioRefusal InvalidFriendlyName = new(400, 20002, "Invalid FriendlyName");
    public static readonly TwilioRefusal PageSizeTooLarge = new(400, 20007, "Page size too large");
    public static readonly TwilioRefusal UnclearPath = new(400, 20001, "Bad Request: the path has dot segments, empty segments or needless escapes");
    public static readonly TwilioRefusal InvalidPageToken = new(400, 21481, "Invalid PageToken");
    public static readonly TwilioRefusal TooManyRequests = new(429, 20429, "Too Many Requests");
    public static readonly TwilioRefusal InternalError = new(500, 20500, "Internal Server Error");
    public static readonly TwilioRefusal Unavailable = new(503, 20503, "Service is unavailable, please try again");

    public static TwilioRefusal Conflict(string message) => new(409, 20409, message);

    public static TwilioRefusal Invalid(string parameter) => new(400, 20001, $"Invalid {parameter}.");

    /// <summary>
    /// A request that cannot be read as HTTP, or is larger than the limits. The texts are fixed: what the server found wrong may quote the request.
    /// </summary>
    public static TwilioRefusal Unreadable(int status) => status switch
    {
        405 => MethodNotAllowed,
        408 => new(408, 20001, "Request Timeout"),
        411 => new(411, 20001, "Length Required"),
        413 => new(413, 20413, "Request Entity Too Large"),
        414 => new(414, 20413, "Request-URI Too Long"),
        431 => new(431, 20413, "Request Header Fields Too Large"),
        505 => new(505, 20426, "HTTP Version Not Supported"),
        _ => new(400, 20001, "Bad Request"),
    };

    public static Task WriteAsync(HttpContext context, TwilioRefusal refusal)
    {
        var headers = context.Response.Headers;
        if (refusal.Status == StatusCodes.Status401Unauthorized)
        {
            headers.WWWAuthenticate = AnswerHeaders.Challenge;
        }
        else if (refusal.Status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
        {
            headers.RetryAfter = Throttle.RetryAfter;
        }

        return Answers.WriteAsync(context, refusal.Status, Body(refusal));
    }

    public static Task WriteAsync(HttpContext context, ErrorKind kind) => WriteAsync(context, kind switch
    {
        ErrorKind.AccountNotFound or ErrorKind.NoSecondary => NotFound(context),
        _ => Of(kind),
    });

    public static TwilioRefusal NotFound(HttpContext context) =>
        new(404, 20404, $"The requested resource {Resource(context.Request.Path.Value ?? "")} was not found");

    public static byte[] Body(TwilioRefusal refusal) => JsonSerializer.SerializeToUtf8Bytes(
        new TwilioError(refusal.Code, refusal.Message, $"https://www.twilio.com/docs/errors/{refusal.Code}", refusal.Status),
        TwilioWire.Plain.TwilioError);

    private static TwilioRefusal Of(ErrorKind kind) => kind switch
    {
        ErrorKind.WrongCredential => WrongCredential,
        ErrorKind.NotPermitted => NotPermitted,
        ErrorKind.SecondaryExists => SecondaryExists,
        ErrorKind.AccountClosed => AccountClosed,
        ErrorKind.InvalidInput => Invalid("parameter"),
        ErrorKind.TooManySubaccounts => TooManySubaccounts,
        ErrorKind.Unavailable => Unavailable,
        ErrorKind.AccountExists or ErrorKind.GenerationChanged or ErrorKind.NotReady => Conflict("Conflict"),
        _ => InternalError,
    };

    /// <summary>Twilio's product APIs name a resource without their version (<c>/v1</c>); 2010-04-01 names the whole path.</summary>
    private static string Resource(string path)
    {
        var end = path.IndexOf('/', 1);
        return end > 2 && path.StartsWith("/v", StringComparison.OrdinalIgnoreCase) && !path.AsSpan(2, end - 2).ContainsAnyExceptInRange('0', '9')
            ? path[end..]
            : path;
    }
}
