using System.Security.Cryptography;
using System.Text;

namespace Tandem.Client;

/// <summary>A request that would have been signed, had it been seen a little differently: the usual causes, tried one by one and together.</summary>
/// <param name="Token">The place among the tokens of the one that would have signed it, from 0.</param>
/// <param name="Url">The URL that would have been signed.</param>
/// <param name="Causes">What differs, a sentence each.</param>
/// <remarks>For people who look for a mistake. It tries some thousand signatures, so it is nothing to do for every request that is refused.</remarks>
public sealed record SignatureMismatch(int Token, string Url, IReadOnlyList<string> Causes)
{
    /// <summary>More causes than this at once are a coincidence nobody believes.</summary>
    private const int MostCauses = 3;

    private static readonly string[] s_ports = [":443", ":80", ":8443", ":8080", ":3000", ":5000", ":8000"];

    /// <summary>Looks for what would explain that no token has signed the request; null when nothing usual does.</summary>
    /// <param name="tokens">The tokens, the likeliest first.</param>
    /// <param name="request">What was received.</param>
    /// <param name="signature">The header's value.</param>
    public static SignatureMismatch? Explain(IReadOnlyList<string> tokens, WebhookRequest request, string signature)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(signature);
        var bodies = request.Body is { } body && !request.HasItsBody() ? [BodyCause(request, body)] : Array.Empty<string>();
        var tries = tokens.Select((_, i) => new Attempt(i, request.Url, WebhookSignature.Joined(request.Form), signature, "", bodies)).ToList();
        for (var causes = 0; causes <= MostCauses; causes++)
        {
            if (tries.Find(t => t.Matches(tokens)) is { } found)
            {
                return new(found.Token, found.Url, found.Causes);
            }

            tries = [.. tries.SelectMany(t => Further(t, request))];
        }

        return null;
    }

    /// <summary>A try with one cause more; each kind once, and in one order, so that no two tries are the same.</summary>
    private static IEnumerable<Attempt> Further(Attempt soFar, WebhookRequest request) =>
        Headers(soFar).Concat(Tokens(soFar)).Concat(Schemes(soFar)).Concat(Ports(soFar)).Concat(Slashes(soFar)).Concat(Queries(soFar)).Concat(Forms(soFar, request))
            .Where(t => t.Last > soFar.Last);

    private static IEnumerable<Attempt> Headers(Attempt soFar)
    {
        const int kind = 1;
        if (soFar.Signature.Trim() is var trimmed && trimmed.Length != soFar.Signature.Length)
        {
            yield return soFar.With(kind, "the header's value had no blanks or line ends around it", signature: trimmed);
        }

        if (soFar.Signature.Contains(' ', StringComparison.Ordinal) || soFar.Signature.Contains('%', StringComparison.Ordinal))
        {
            var decoded = Uri.UnescapeDataString(soFar.Signature.Trim().Replace(' ', '+'));
            yield return soFar.With(kind, "the header's value had not been through URL decoding or encoding", signature: decoded);
        }
    }

    private static IEnumerable<Attempt> Tokens(Attempt soFar) =>
        from lineEnd in (string[])["\n", "\r\n"]
        select soFar.With(2, "the signer's token ended with a line end: whoever signed has read it from a file without cutting that", suffix: lineEnd);

    private static IEnumerable<Attempt> Schemes(Attempt soFar)
    {
        if (WebhookUrl.Split(soFar.Url) is not { } url)
        {
            yield break;
        }

        var (scheme, cause) = url.Scheme.Equals("https://", StringComparison.OrdinalIgnoreCase)
            ? ("http://", "the URL begun with http://: Twilio calls it without TLS")
            : ("https://", "the URL begun with https://: something in front of the application ends TLS, and the application sees plain http");
        yield return soFar.With(3, cause, url: scheme + url.Host + url.Port + url.Path);
    }

    private static IEnumerable<Attempt> Ports(Attempt soFar) => WebhookUrl.Split(soFar.Url) is not { } url ? [] :
        from port in s_ports
        where !string.Equals(port, url.Port, StringComparison.Ordinal)
        select soFar.With(4, $"the URL named the port {port[1..]}: Twilio calls that one", url: url.Scheme + url.Host + port + url.Path);

    private static IEnumerable<Attempt> Slashes(Attempt soFar)
    {
        var end = soFar.Url.AsSpan().IndexOfAny('?', '#');
        var (path, rest) = end < 0 ? (soFar.Url, "") : (soFar.Url[..end], soFar.Url[end..]);
        yield return path.EndsWith('/')
            ? soFar.With(5, "the path ended without a slash", url: path[..^1] + rest)
            : soFar.With(5, "the path ended with a slash", url: $"{path}/{rest}");
    }

    private static IEnumerable<Attempt> Queries(Attempt soFar)
    {
        const int kind = 6;
        var mark = soFar.Url.IndexOf('?', StringComparison.Ordinal);
        if (mark < 0)
        {
            yield break;
        }

        var (path, query) = (soFar.Url[..(mark + 1)], soFar.Url[(mark + 1)..]);
        yield return soFar.With(kind, "the URL had no query", url: soFar.Url[..mark]);
        yield return soFar.With(kind, "the query not been escaped", url: path + Uri.UnescapeDataString(query));
        yield return soFar.With(kind, "blanks in the query been written %20 and not +", url: path + query.Replace("+", "%20", StringComparison.Ordinal));
    }

    private static IEnumerable<Attempt> Forms(Attempt soFar, WebhookRequest request)
    {
        const int kind = 7;
        if (request.Form.Count == 0)
        {
            yield break;
        }

        var fromQuery = request.Form.Where(f => WebhookUrl.Query(request.Url, f.Key) is not null).ToList();
        if (fromQuery.Count > 0)
        {
            var names = string.Join(", ", fromQuery.Select(f => f.Key));
            yield return soFar.With(kind, $"the fields of the query ({names}) not been taken for fields of the form", signed: WebhookSignature.Joined(request.Form.Except(fromQuery)));
        }

        var plus = WebhookSignature.Joined(request.Form.Select(f => KeyValuePair.Create(f.Key, f.Value.Replace(' ', '+'))));
        yield return soFar.With(kind, "the body not been signed: only a form's fields are, of anything else the URL carries bodySHA256", signed: "");
        yield return soFar.With(kind, "each + in the fields not been read as a blank", signed: plus);
        yield return soFar.With(
            kind, "the fields been joined in the order in which they came: whoever signed does not sort them, as Twilio does", signed: string.Concat(request.Form.Select(f => f.Key + f.Value)));
    }

    private static string BodyCause(WebhookRequest request, ReadOnlyMemory<byte> body)
    {
        var hash = WebhookUrl.Query(request.Url, WebhookSignature.BodyHashParameter);
        if (hash is null)
        {
            return "the URL carried bodySHA256, the hash of a body that is no form";
        }

        var text = Encoding.UTF8.GetString(body.Span);
        return IsHashOf(text.TrimEnd('\r', '\n')) ? "the body had no line end behind it, which a file or a shell has added"
            : IsHashOf(text.ReplaceLineEndings("\n")) || IsHashOf(text.ReplaceLineEndings("\r\n")) ? "the line ends of the body been left as they were"
            : "the body been the one that was sent: its hash is another, so it was read and written again, or cut";

        bool IsHashOf(string other) => string.Equals(WebhookSignature.BodyHash(Encoding.UTF8.GetBytes(other)), hash, StringComparison.OrdinalIgnoreCase);
    }

    /// <param name="Token">The place of the token.</param>
    /// <param name="Url">The URL as tried.</param>
    /// <param name="Signed">The fields as they are joined to it.</param>
    /// <param name="Signature">The header's value as tried.</param>
    /// <param name="Suffix">What is added to the token.</param>
    /// <param name="Causes">What was changed.</param>
    private sealed record Attempt(int Token, string Url, string Signed, string Signature, string Suffix, IReadOnlyList<string> Causes)
    {
        public int Last { get; private init; }

        public Attempt With(int kind, string cause, string? url = null, string? signed = null, string? signature = null, string? suffix = null) => this with
        {
            Last = kind,
            Causes = [.. Causes, cause],
            Url = url ?? Url,
            Signed = signed ?? Signed,
            Signature = signature ?? Signature,
            Suffix = suffix ?? Suffix,
        };

        public bool Matches(IReadOnlyList<string> tokens) => ((string[])[Url, WebhookUrl.WithoutPort(Url), WebhookUrl.WithPort(Url)]).Any(url => CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(Convert.ToBase64String(WebhookSignature.Sign(tokens[Token] + Suffix, url + Signed))), Encoding.UTF8.GetBytes(Signature)));
    }
}
