namespace Tandem.Server.ForwardAuth;

/// <summary>Who asks, hence which answers it understands.</summary>
internal enum Family
{
    /// <summary>Not ours: the request goes on through the pipeline.</summary>
    None,

    /// <summary>nginx's <c>auth_request</c>: 2xx, 401 and 403; anything else becomes a 500.</summary>
    Nginx,

    /// <summary>Caddy, Traefik, HAProxy: the whole answer of a refusal goes to the client.</summary>
    Forward,

    /// <summary>Envoy's <c>ext_authz</c>: 200 alone is a yes; the client's method, and its path behind ours.</summary>
    Envoy,

    /// <summary>An application: a JSON verdict.</summary>
    Verify,
}

/// <summary>Finds the family by the request's target.</summary>
internal static class Families
{
    /// <summary>
    /// By the target as it was sent, up to its query. The server's own path will not do: it has dot segments resolved, and what Envoy asks for
    /// a client's <c>/../../health</c>, <c>/auth/envoy/../../health</c>, would be answered 200 by another page and taken for a yes.
    /// </summary>
    public static Family Of(string? target)
    {
        var path = target.AsSpan();
        if (path is ['h' or 'H', ..] && path.IndexOf("://", StringComparison.Ordinal) is var scheme and > 0) // the absolute form
        {
            path = path[(scheme + 3)..];
            path = path.IndexOf('/') is var slash and >= 0 ? path[slash..] : default;
        }

        if (path.IndexOf('?') is var query and >= 0)
        {
            path = path[..query];
        }

        const string Root = "/auth/";
        return !path.StartsWith(Root, StringComparison.Ordinal) ? Family.None : path[Root.Length..] switch
        {
            "nginx" => Family.Nginx,
            "forward" => Family.Forward,
            "verify" => Family.Verify,
            "envoy" => Family.Envoy,
            ['e', 'n', 'v', 'o', 'y', '/', ..] => Family.Envoy,
            _ => Family.None,
        };
    }
}
