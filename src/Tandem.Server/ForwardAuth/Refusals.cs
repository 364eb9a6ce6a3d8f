using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tandem.Client;

namespace Tandem.Server.ForwardAuth;

/// <summary>What a caller is told of a no. Why a credential is not valid is not among it.</summary>
internal enum Refusal
{
    /// <summary>No valid credential.</summary>
    Unauthorized,

    /// <summary>No valid credential, and too many of them from there.</summary>
    Throttled,

    /// <summary>It could not be checked.</summary>
    Unavailable,
}

/// <summary>Writes a no in the form that the family understands. One answer for each of the three, made once.</summary>
internal static class Refusals
{
    private static readonly byte[] UnauthorizedBody = Body(401, 20003, "Authenticate");
    private static readonly byte[] ThrottledBody = Body(429, 20429, "Too Many Requests");
    private static readonly byte[] UnavailableBody = Body(503, 20503, "Service is unavailable, please try again");
    private static readonly byte[] MethodNotAllowedBody = Body(405, 20004, "Method not allowed");

    public static void Write(HttpResponse response, Family family, Refusal refusal)
    {
        var headers = response.Headers;
        CredentialCheck.KeepOutOfCaches(headers);
        if (refusal == Refusal.Unauthorized)
        {
            headers.WWWAuthenticate = AnswerHeaders.Challenge;
            Write(response, StatusCodes.Status401Unauthorized, UnauthorizedBody);
            return;
        }

        var isThrottled = refusal == Refusal.Throttled;
        headers.RetryAfter = Throttle.RetryAfter;
        if (family == Family.Nginx)
        {
            // The recipe turns the reason back into 429 or 503. The body would be dropped on the way.
            headers["X-Tandem-Reason"] = isThrottled ? "throttled" : "unavailable";
            response.StatusCode = StatusCodes.Status403Forbidden;
            response.ContentLength = 0;
            return;
        }

        Write(
            response,
            isThrottled ? StatusCodes.Status429TooManyRequests : StatusCodes.Status503ServiceUnavailable,
            isThrottled ? ThrottledBody : UnavailableBody);
    }

    /// <summary>405, for what takes a POST alone.</summary>
    public static void WriteMethodNotAllowed(HttpResponse response)
    {
        CredentialCheck.KeepOutOfCaches(response.Headers);
        response.Headers.Allow = HttpMethods.Post;
        Write(response, StatusCodes.Status405MethodNotAllowed, MethodNotAllowedBody);
    }

    private static void Write(HttpResponse response, int status, byte[] body)
    {
        response.StatusCode = status;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        response.BodyWriter.Write(body); // sent when the request ends
    }

    private static byte[] Body(int status, int code, string message) => JsonSerializer.SerializeToUtf8Bytes(
        new TwilioError(code, message, $"https://www.twilio.com/docs/errors/{code}", status), TwilioWire.Plain.TwilioError);
}
