using System.Net;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Tandem.Client;
using Tandem.Server.Listeners;
using Tandem.Server.People;

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

    /// <summary>Whether the console has no user yet, so that a set-up link can be made.</summary>
    public static async Task<bool> NeedsSetUpAsync(IServiceProvider services) =>
        (await services.GetRequiredService<IUserStore>().ListUsersAsync()).Count == 0;

    /// <summary>
    /// Makes the one-time link with which the first administrator is created, good for 30 minutes; earlier ones are void. Null when there is a
    /// user already. It is a secret: show it to whoever may set the server up, and log it nowhere.
    /// </summary>
    public static async Task<SetupLinkInfo?> CreateSetupLinkAsync(IServiceProvider services)
    {
        if (await services.GetRequiredService<SetupLink>().CreateAsync() is not { } secret)
        {
            return null;
        }

        return new()
        {
            Url = $"{Origin(services)}/setup#{secret}",
            ValidUntil = services.GetRequiredService<TimeProvider>().GetUtcNow() + SetupLink.Lasts,
        };
    }

    /// <summary>Where people reach the console: the public address, or where the server listens.</summary>
    public static string Origin(IServiceProvider services) =>
        services.GetRequiredService<TandemOptions>().PublicUrl?.GetLeftPart(UriPartial.Authority)
        ?? ReachableFromHere(TandemHost.Addresses(services).Api[0].GetLeftPart(UriPartial.Authority));

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
