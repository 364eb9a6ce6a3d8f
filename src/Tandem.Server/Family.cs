namespace Tandem.Server;

/// <summary>Who asks whether a credential is valid, hence which answers it understands.</summary>
internal enum Family
{
    /// <summary>Not the check's: the request goes on through the pipeline.</summary>
    None,

    /// <summary>nginx's <c>auth_request</c>: 2xx, 401 and 403; anything else becomes a 500.</summary>
    Nginx,

    /// <summary>Caddy, Traefik, HAProxy: the whole answer of a refusal goes to the client.</summary>
    Forward,

    /// <summary>Envoy's <c>ext_authz</c>: 200 alone is a yes; the client's method, and its path behind ours.</summary>
    Envoy,

    /// <summary>An application: a JSON verdict.</summary>
    Verify,

    /// <summary>A client of Twilio's paths.</summary>
    Twilio,

    /// <summary>A client of our own API.</summary>
    Own,
}
