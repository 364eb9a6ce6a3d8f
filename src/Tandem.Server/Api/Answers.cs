using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Tandem.Server.Api;

/// <summary>How a JSON answer is written: whole in memory first, with its length, in one piece.</summary>
internal static class Answers
{
    public const string Json = "application/json";

    public static Task WriteAsync<T>(HttpContext context, int status, T value, JsonTypeInfo<T> type) =>
        WriteAsync(context, status, JsonSerializer.SerializeToUtf8Bytes(value, type));

    /// <summary>Writes the body and zeroes it: it may hold a token.</summary>
    public static async Task WriteAsync(HttpContext context, int status, byte[] body)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = Json;
        response.ContentLength = body.Length;

        // Not cancelled when the client is gone: Kestrel drops the bytes, and there is nobody left to be told of an exception.
        await response.Body.WriteAsync(body, CancellationToken.None);
        CryptographicOperations.ZeroMemory(body);
    }
}
