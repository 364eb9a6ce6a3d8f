using System.Net;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Tandem.Client;
using Tandem.Server.Listeners;

namespace Tandem.Server;

/// <summary>What a server that has started says of itself.</summary>
public static class RunningServer
{
    /// <summary>The version of the program.</summary>
    public static string Version { get; } =
        typeof(RunningServer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    /// <summary>Describes the server that these services run, with the ports that it got.</summary>
    public static ServerInfo Describe(IServiceProvider services)
    {
        var options = services.GetRequiredService<TandemOptions>();
        var (api, proxy, _) = TandemHost.Addresses(services);
        return new()
        {
            Version = Version,
            DataDirectory = options.DataDirectory,
            Listen = [.. api.Select(a => a.GetLeftPart(UriPartial.Authority))],
            TwilioProxy = proxy is null ? null : $"{proxy.Host}:{proxy.Port}",
            TwilioProxyCa = proxy is null ? null : Path.Combine(options.DataDirectory, TwilioAuthority.CertificateFileName),
            Alarms = services.GetRequiredService<Alarms>().Up(),
        };
    }

    /// <summary>An address that a client on this machine can use, for one that may say "all addresses".</summary>
    public static string ReachableFromHere(string url)
    {
        var uri = new Uri(url);
        return !IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) ? url
            : address.Equals(IPAddress.Any) ? $"{uri.Scheme}://127.0.0.1:{uri.Port}"
            : address.Equals(IPAddress.IPv6Any) ? $"{uri.Scheme}://[::1]:{uri.Port}"
            : url;
    }
}
