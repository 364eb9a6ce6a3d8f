namespace Tandem.Client;

/// <summary>
/// The URL of a webhook, cut where it must be and otherwise left to the letter: the signature is over its characters, so nothing may put it into
/// another form that means the same.
/// </summary>
internal static class WebhookUrl
{
    /// <summary>With the port that its scheme implies, when it names none.</summary>
    public static string WithPort(string url) => Split(url) is { Port: "" } parts
        ? $"{parts.Scheme}{parts.Host}{(parts.Scheme.Equals("https://", StringComparison.OrdinalIgnoreCase) ? ":443" : ":80")}{parts.Path}"
        : url;

    /// <summary>Without a port.</summary>
    public static string WithoutPort(string url) => Split(url) is { } parts ? parts.Scheme + parts.Host + parts.Path : url;

    /// <summary>The decoded value of a query parameter; null when there is none.</summary>
    public static string? Query(string url, string name)
    {
        var query = url.IndexOf('?', StringComparison.Ordinal);
        var found = query < 0 ? null : url[(query + 1)..].Split('#')[0].Split('&').FirstOrDefault(p => p.StartsWith(name + "=", StringComparison.Ordinal));
        return found is null ? null : Uri.UnescapeDataString(found[(name.Length + 1)..]);
    }

    /// <summary>Scheme with its slashes, host with who is before it, port with its colon, and all that follows; null for what is no absolute URL.</summary>
    public static (string Scheme, string Host, string Port, string Path)? Split(string url)
    {
        var scheme = url.IndexOf("://", StringComparison.Ordinal) + 3;
        if (scheme < 3)
        {
            return null;
        }

        var end = url.AsSpan(scheme).IndexOfAny('/', '?', '#');
        var authority = end < 0 ? url[scheme..] : url.Substring(scheme, end);
        var colon = authority.IndexOf(':', Math.Max(authority.LastIndexOf('@'), authority.LastIndexOf(']')) + 1);
        return colon < 0 ? (url[..scheme], authority, "", url[(scheme + authority.Length)..])
            : (url[..scheme], authority[..colon], authority[colon..], url[(scheme + authority.Length)..]);
    }
}
