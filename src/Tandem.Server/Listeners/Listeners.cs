using System.Security.Authentication;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Tandem.Server.Refusals;

namespace Tandem.Server.Listeners;

/// <summary>The doors of a server: the API, the administration socket, the Twilio proxy.</summary>
public static class TandemListeners
{
    /// <summary>
    /// Makes the server listen exactly where <paramref name="options"/> say, with limits for a server that faces strangers. Neither the
    /// environment nor a configuration file adds an address.
    /// </summary>
    /// <exception cref="ListenerException">The settings break a rule of <see cref="ListenerRules"/>.</exception>
    public static void ConfigureTandemListeners(this IWebHostBuilder web, TandemOptions options)
    {
        if (ListenerRules.Check(options) is { Count: > 0 } broken)
        {
            throw new ListenerException(string.Join('\n', broken));
        }

        var adminSocket = AdminSocket.PathIn(options.DataDirectory);
        web.UseKestrelHttpsConfiguration(); // Not in the slim builders, which without it refuse UseHttps.
        web.PreferHostingUrls(false); // ASPNETCORE_PREFERHOSTINGURLS would put ASPNETCORE_URLS in place of the addresses below.
        web.UseSetting(WebHostDefaults.ServerUrlsKey, "");
        web.UseSockets(transport => AdminSocket.Guard(transport, adminSocket));
        web.ConfigureServices(services =>
        {
            services.TryAddSingleton(TimeProvider.System);
            services.AddSingleton(new BoundListeners(adminSocket));
            services.AddSingleton(_ => new ConnectionGate(ConnectionLimits.For(OpenFiles.Raise()), options.TrustedProxies));
            services.AddHostedService<ConnectionLog>();
            if (options is { TlsCertificateFile: { } certificate, TlsKeyFile: { } key })
            {
                services.AddSingleton(all => TlsCertificate.Load(certificate, key, all.GetRequiredService<TimeProvider>(), Logger(all)));
            }

            if (options.TwilioProxy is not null)
            {
                services.AddSingleton(all => TwilioAuthority.Open(options.DataDirectory, all.GetRequiredService<TimeProvider>(), Logger(all)));
            }
        });
        web.ConfigureKestrel(server => Listen(server, options, adminSocket));
    }

    /// <summary>Reads certificates now, so that what is wrong with them is said before anything starts.</summary>
    /// <exception cref="ListenerException">A certificate, a key or the proxy's authority cannot be used.</exception>
    internal static void Prepare(IServiceProvider services)
    {
        services.GetService<TlsCertificate>();
        services.GetService<TwilioAuthority>();
    }

    private static void Listen(KestrelServerOptions server, TandemOptions options, string adminSocket)
    {
        var all = server.ApplicationServices;
        var (bound, gate) = (all.GetRequiredService<BoundListeners>(), all.GetRequiredService<ConnectionGate>());
        var time = all.GetRequiredService<TimeProvider>();
        ListenerLimits.Apply(server);
        server.Configure(); // An empty configuration in place of one that a host's own builder may have bound: its section can hold addresses.
        foreach (var address in options.Listen)
        {
            server.Listen(address, listener =>
            {
                bound.Api.Add(listener);
                listener.Use(gate.Before);
                Api(listener, all.GetService<TlsCertificate>(), time);
            });
        }

        if (options.TwilioProxy is { } proxy)
        {
            server.Listen(proxy, listener =>
            {
                bound.TwilioProxy = listener;
                listener.Use(gate.Before);
                TwilioProxy(listener, all.GetRequiredService<TwilioAuthority>(), time);
            });
        }

        var administration = ConnectionGate.ForAdministration(gate.Limits);
        AdminSocket.Listen(server, adminSocket, Logger(all), listener =>
        {
            listener.Use(administration.Before);
            Last(listener, time);
        });
    }

    private static void Api(ListenOptions listener, TlsCertificate? certificate, TimeProvider time)
    {
        // Without TLS there is no negotiation, and HTTP/2 by prior knowledge would be one more door that nobody asked for.
        listener.Protocols = certificate is null ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2;
        listener.Use(ListenerTag.Each(ListenerKind.Api));
        if (certificate is not null)
        {
            listener.UseHttps(new TlsHandshakeCallbackOptions
            {
                HandshakeTimeout = ListenerLimits.HeaderTime,
                OnConnection = _ => ValueTask.FromResult(certificate.Current),
            });
        }

        Last(listener, time);
    }

    private static void TwilioProxy(ListenOptions listener, TwilioAuthority authority, TimeProvider time)
    {
        listener.Protocols = HttpProtocols.Http1AndHttp2;
        listener.Use(ListenerTag.Each(ListenerKind.TwilioProxy));
        listener.Use(new ConnectPreamble(time).Before);
        listener.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = ListenerLimits.HeaderTime,
            OnConnection = handshake =>
            {
                var host = handshake.Connection.Features.Get<Tunnel>()!.Host;
                // A client that names no server means the one it tunnelled to.
                return handshake.ClientHelloInfo.ServerName is { Length: > 0 } name && !name.Equals(host, StringComparison.OrdinalIgnoreCase)
                    ? throw new AuthenticationException("The tunnel is for another host than the handshake.")
                    : ValueTask.FromResult(authority.For(host));
            },
        });
        Last(listener, time);
    }

    /// <summary>What stands next to HTTP on every listener, behind the end of TLS.</summary>
    private static void Last(ListenOptions listener, TimeProvider time)
    {
        listener.Use(new FirstByte(time).Before);
        listener.UseOwnRefusals();
    }

    private static ILogger Logger(IServiceProvider services) => services.GetRequiredService<ILoggerFactory>().CreateLogger("Tandem.Listeners");
}

/// <summary>The listeners once Kestrel has them: it writes the port that it got into their end points.</summary>
/// <param name="adminSocket">The administration socket's path.</param>
internal sealed class BoundListeners(string adminSocket)
{
    public List<ListenOptions> Api { get; } = [];

    public ListenOptions? TwilioProxy { get; set; }

    public string AdminSocket { get; } = adminSocket;
}
