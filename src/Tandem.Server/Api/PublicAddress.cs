using Microsoft.AspNetCore.Http;

namespace Tandem.Server.Api;

/// <summary>The address of a resource as its caller can use it.</summary>
internal static class PublicAddress
{
    /// <summary>
    /// <c>https://</c> and the host named, for a client that thinks it talks to Twilio; else the configured address; else the one the client
    /// used. Clients do not follow it, but Java parses it, so that it is always a valid URI.
    /// </summary>
    public static string Of(HttpRequest request, TandemOptions options, string path) =>
        IsTwilio(request.Host.Host) ? $"https://{request.Host.ToUriComponent()}{path}"
        : options.PublicUrl is { } url ? url.AbsoluteUri.TrimEnd('/') + path
        : $"{request.Scheme}://{Named(request)}{path}";

    private static bool IsTwilio(string host) =>
        host.EndsWith(".twilio.com", StringComparison.OrdinalIgnoreCase) || host.Equals("twilio.com", StringComparison.OrdinalIgnoreCase);

    /// <summary>HTTP/1.0 may name no host: then it is the address the connection was made to.</summary>
    private static string Named(HttpRequest request) => request.Host.HasValue
        ? request.Host.ToUriComponent()
        : new HostString(request.HttpContext.Connection.LocalIpAddress?.ToString() ?? "localhost", request.HttpContext.Connection.LocalPort).ToUriComponent();
}
