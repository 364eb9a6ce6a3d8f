using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;

namespace Tandem.Server;

/// <summary>
/// What proxies say of the client. Believed from the configured networks alone, for audit entries and addresses in answers; whether a
/// credential is valid never depends on it.
/// </summary>
internal static class TrustedProxies
{
    public static void Use(IApplicationBuilder app, TandemOptions options)
    {
        if (options.TrustedProxies.Count == 0)
        {
            return;
        }

        var forwarded = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            ForwardLimit = null, // as far as trusted hops reach
        };
        forwarded.KnownProxies.Clear(); // the framework begins by trusting loopback
        forwarded.KnownIPNetworks.Clear();
        foreach (var network in options.TrustedProxies)
        {
            forwarded.KnownIPNetworks.Add(network);
        }

        app.UseForwardedHeaders(forwarded);
    }

    /// <summary>The client's address for an audit entry.</summary>
    public static string SourceOf(HttpContext context) => context.Connection.RemoteIpAddress switch
    {
        null => "local",
        { IsIPv4MappedToIPv6: true } mapped => mapped.MapToIPv4().ToString(),
        var address => address.ToString(),
    };
}
