using Microsoft.AspNetCore.Http;

namespace Tandem.Server.Usage;

/// <summary>What a request says about its caller, beside the credential. It allocates nothing.</summary>
internal static class Sightings
{
    /// <summary>The caller of this request, as of now; which token it was is for others to say.</summary>
    public static Sighting Of(HttpContext context, CallKind kind, TimeProvider time)
    {
        var headers = context.Request.Headers;
        return new()
        {
            Source = ClientNetwork.Of(context.Connection.RemoteIpAddress),
            Route = headers["X-Forwarded-Host"] is [{ Length: > 0 } reported] ? reported : headers.Host.ToString(),
            Client = ClientFamilies.Parse(headers.UserAgent.ToString()),
            ClientName = headers["X-Client-Name"] is [{ Length: > 0 } name] ? name : null,
            Kind = kind,
            Second = (uint)time.GetUtcNow().ToUnixTimeSeconds(),
        };
    }
}
