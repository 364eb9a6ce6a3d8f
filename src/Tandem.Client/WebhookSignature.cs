using System.Security.Cryptography;
using System.Text;

namespace Tandem.Client;

/// <summary>
/// The signature that Twilio puts into the header <c>X-Twilio-Signature</c> of a webhook: the base64 of HMAC-SHA-1 under the account's primary
/// Auth Token, over the URL and, of a form, its fields. Of any other body the URL carries a hash (<c>bodySHA256</c>) and is signed alone.
/// Source: twilio.com/docs/usage/security; held to the validators of Twilio's libraries by the tests.
/// </summary>
public static class WebhookSignature
{
    /// <summary>The header that carries it.</summary>
    public const string Header = "X-Twilio-Signature";

    /// <summary>The query parameter that carries the hash of a body that is no form.</summary>
    public const string BodyHashParameter = "bodySHA256";

    /// <summary>Whether a token has signed this request.</summary>
    /// <param name="token">The Auth Token; never logged, never part of an exception.</param>
    /// <param name="request">What was received.</param>
    /// <param name="signature">The header's value.</param>
    /// <exception cref="ArgumentException">The token is empty: anybody can sign with that.</exception>
    /// <remarks>
    /// As Twilio's own libraries do, it takes the URL with its port and without: both are found in signed URLs. The comparison takes a time that does
    /// not depend on where the two differ.
    /// </remarks>
    public static bool Matches(string token, WebhookRequest request, string? signature)
    {
        ArgumentException.ThrowIfNullOrEmpty(token);
        ArgumentNullException.ThrowIfNull(request);
        if (signature is null || !request.HasItsBody())
        {
            return false;
        }

        // Both always: which of the two it was is nobody's business.
        var form = request.Form;
        return IsSigned(token, WebhookUrl.WithPort(request.Url), form, signature) | IsSigned(token, WebhookUrl.WithoutPort(request.Url), form, signature);
    }

    /// <summary>The signature of a URL and a form's fields; of no fields when the request has another body.</summary>
    /// <param name="token">The Auth Token.</param>
    /// <param name="url">The URL exactly as it was called, query and all.</param>
    /// <param name="form">The decoded fields, in any order.</param>
    /// <exception cref="ArgumentException">The token is empty: anybody can sign with that.</exception>
    public static string Compute(string token, string url, IEnumerable<KeyValuePair<string, string>> form)
    {
        ArgumentException.ThrowIfNullOrEmpty(token);
        return Convert.ToBase64String(Sign(token, $"{url}{Joined(form)}"));
    }

    /// <summary>What Twilio puts into <c>bodySHA256</c>: the SHA-256 of the body as 64 lower-case hexadecimal digits.</summary>
    public static string BodyHash(ReadOnlySpan<byte> body) => Convert.ToHexStringLower(SHA256.HashData(body));

    /// <summary>HMAC-SHA-1 of a text, which is what Twilio signs with.</summary>
    internal static byte[] Sign(string token, string text)
    {
        var key = Encoding.UTF8.GetBytes(token);
#pragma warning disable CA5350 // Twilio's choice. HMAC does not rest on what is broken in SHA-1.
        var mac = HMACSHA1.HashData(key, Encoding.UTF8.GetBytes(text));
#pragma warning restore CA5350
        CryptographicOperations.ZeroMemory(key);
        return mac;
    }

    /// <summary>Names and values without anything between them, in the order of the names' code units; a name's values once each, in theirs.</summary>
    internal static string Joined(IEnumerable<KeyValuePair<string, string>> form) => string.Concat(form
        .GroupBy(field => field.Key, field => field.Value, StringComparer.Ordinal)
        .OrderBy(values => values.Key, StringComparer.Ordinal)
        .SelectMany(values => values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal), (values, value) => values.Key + value));

    private static bool IsSigned(string token, string url, IEnumerable<KeyValuePair<string, string>> form, string signature) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Compute(token, url, form)), Encoding.UTF8.GetBytes(signature));
}
