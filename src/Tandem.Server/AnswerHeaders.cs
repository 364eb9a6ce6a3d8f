using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Tandem.Server;

/// <summary>The headers of every answer.</summary>
internal static class AnswerHeaders
{
    public const string RequestIdName = "Twilio-Request-Id";

    /// <summary>What every 401 asks for.</summary>
    public const string Challenge = "Basic realm=\"Twilio API\"";

    /// <summary>
    /// Gives the request its id (in the answer, in the audit entry and in the log the same) and keeps its answer, which may hold a token,
    /// out of every cache.
    /// </summary>
    public static Task AddAsync(HttpContext context, RequestDelegate next)
    {
        context.TraceIdentifier = CreateRequestId();
        var headers = context.Response.Headers;
        headers[RequestIdName] = context.TraceIdentifier;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        return next(context);
    }

    /// <summary>As Twilio forms it: <c>RQ</c> and 32 hexadecimal digits.</summary>
    public static string CreateRequestId()
    {
        Span<byte> random = stackalloc byte[16];
        RandomNumberGenerator.Fill(random);
        return "RQ" + Convert.ToHexStringLower(random);
    }
}
