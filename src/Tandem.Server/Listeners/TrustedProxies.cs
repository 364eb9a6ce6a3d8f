using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;

namespace Tandem.Server.Listeners;

/// <summary>Who may say on whose behalf a request comes.</summary>
public static class TrustedProxies
{
    /// <summary>
    /// Makes <c>Connection.RemoteIpAddress</c> and <c>Request.Scheme</c> those of the client behind the trusted proxies; from anybody
    /// else <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> are ignored. For audit entries and for counting failures; whether an answer is
    /// yes never depends on it.
    /// </summary>
    public static IApplicationBuilder UseTrustedProxies(this IApplicationBuilder app, TandemOptions options)
    {
        if (options.TrustedProxies.Count == 0)
        {
            return app; // The framework's middleware takes empty lists for "believe everybody".
        }

        var forwarded = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            ForwardLimit = null, // Through a chain of trusted proxies, up to the first address that is not one of them.
        };
        forwarded.KnownProxies.Clear(); // Loopback is trusted by default: on a shared machine that is everybody.
        forwarded.KnownIPNetworks.Clear();
        foreach (var network in options.TrustedProxies)
        {
            forwarded.KnownIPNetworks.Add(network);
        }

        // Only there: a Unix socket has no address, which the middleware takes for a trusted one, and a tunnel's client is its own end.
        return app.UseWhen(
            static context => context.Features.Get<IListenerFeature>() is { Kind: ListenerKind.Api },
            branch => branch.UseForwardedHeaders(forwarded));
    }

    /// <summary>The same as a step of its own, for who needs the client's address only now and then.</summary>
    internal static RequestDelegate ClientAddress(this IApplicationBuilder app, TandemOptions options)
    {
        var step = app.New();
        step.UseTrustedProxies(options);
        step.Run(static _ => Task.CompletedTask);
        return step.Build();
    }
}
