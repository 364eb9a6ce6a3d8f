using System.Security.Cryptography;
using System.Text;

namespace Tandem.Client;

/// <summary>A webhook as it was received, as far as its signature is about it.</summary>
/// <param name="Url">The URL that Twilio called, exactly as it was called: scheme, host, path and query.</param>
/// <param name="Form">The decoded fields of a form; empty for any other body and for GET.</param>
/// <param name="Body">The raw body when it is no form, for which the URL carries a hash; null for a form and for GET.</param>
public sealed record WebhookRequest(string Url, IReadOnlyList<KeyValuePair<string, string>> Form, ReadOnlyMemory<byte>? Body)
{
    /// <summary>A request with a raw body: a form unless the URL carries the hash of something else.</summary>
    /// <param name="url">The URL that Twilio called.</param>
    /// <param name="body">The bytes of the body; empty for GET.</param>
    public static WebhookRequest Of(string url, ReadOnlyMemory<byte> body) =>
        WebhookUrl.Query(url, WebhookSignature.BodyHashParameter) is not null ? new(url, [], body) : new(url, ReadForm(body.Span), null);

    /// <summary>The fields of an <c>application/x-www-form-urlencoded</c> body, in their order.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> ReadForm(ReadOnlySpan<byte> body) =>
    [
        .. from field in Encoding.UTF8.GetString(body).Split('&', StringSplitOptions.RemoveEmptyEntries)
           let sign = field.IndexOf('=', StringComparison.Ordinal)
           select KeyValuePair.Create(Decode(sign < 0 ? field : field[..sign]), sign < 0 ? "" : Decode(field[(sign + 1)..])),
    ];

    /// <summary>Whether the body is the one whose hash the URL carries; true for a form, which is signed itself.</summary>
    internal bool HasItsBody() => Body is not { } body || (WebhookUrl.Query(Url, WebhookSignature.BodyHashParameter) is { } hash
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(hash), Encoding.UTF8.GetBytes(WebhookSignature.BodyHash(body.Span))));

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
