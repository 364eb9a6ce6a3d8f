using System.Net;

namespace Tandem.Server.Listeners;

/// <summary>What must hold before a server listens, because otherwise credentials would cross a network in clear or a setting would mean nothing.</summary>
public static class ListenerRules
{
    private const string ForwardedHeaders = "FORWARDEDHEADERS_ENABLED";

    /// <summary>All rules that the settings and this process's environment break, a sentence each; empty when there are none.</summary>
    public static IReadOnlyList<string> Check(TandemOptions options) => Check(options, Environment.GetEnvironmentVariable);

    internal static IReadOnlyList<string> Check(TandemOptions options, Func<string, string?> environment) =>
        [.. Listening(options).Concat(Tls(options)).Concat(Public(options)).Concat(Switches(environment))];

    private static IEnumerable<string> Listening(TandemOptions options)
    {
        if (options.Listen.Count == 0)
        {
            yield return "No address to listen on was given. Name at least one with --listen.";
        }

        var plain = options.TlsCertificateFile is null && options.TlsKeyFile is null;
        if (plain && !options.PlainHttp && options.TrustedProxies.Count == 0)
        {
            foreach (var address in options.Listen.Where(IsOffLoopback))
            {
                yield return $"{address} can be reached from other machines, and without TLS credentials would cross the network in clear. "
                    + "Give --tls-cert and --tls-key; or --trusted-proxies when a proxy in front ends TLS; or --plain-http when the network may read them.";
            }
        }

        if (options.TwilioProxy is { } proxy && IsOffLoopback(proxy) && !options.PlainHttp)
        {
            yield return $"The Twilio proxy at {proxy} can be reached from other machines; it is meant for this one. "
                + "Use a loopback address, or give --plain-http when the network may reach it.";
        }

        if (AdminSocket.Violation(options.DataDirectory) is { } tooLong)
        {
            yield return tooLong;
        }
    }

    private static IEnumerable<string> Tls(TandemOptions options)
    {
        if (options.TlsCertificateFile is not null && options.TlsKeyFile is null)
        {
            yield return $"The certificate {options.TlsCertificateFile} was given without its private key. Name the key's file with --tls-key.";
        }

        if (options.TlsKeyFile is not null && options.TlsCertificateFile is null)
        {
            yield return $"The private key {options.TlsKeyFile} was given without its certificate. Name the certificate's file with --tls-cert.";
        }
    }

    private static IEnumerable<string> Public(TandemOptions options)
    {
        if (options.PublicUrl is { } url && !IsOrigin(url))
        {
            // Not repeated: somebody may have put a password into it.
            yield return "The public URL is not a server's address. Give --public-url as https://host or https://host:port, with no path.";
        }
    }

    /// <summary>ASP.NET Core's switch adds a middleware of its own that believes <c>X-Forwarded-*</c> from anybody: it clears the lists of trusted proxies.</summary>
    private static IEnumerable<string> Switches(Func<string, string?> environment) =>
        from prefix in (string[])["ASPNETCORE_", "DOTNET_", ""]
        let name = prefix + ForwardedHeaders
        where environment(name) is { Length: > 0 } value && !value.Equals("false", StringComparison.OrdinalIgnoreCase)
        select $"{name} is set, which makes ASP.NET Core believe forwarded addresses from anybody. Unset it, and name your proxies with --trusted-proxies.";

    private static bool IsOffLoopback(IPEndPoint endpoint) => !IPAddress.IsLoopback(endpoint.Address);

    private static bool IsOrigin(Uri url) =>
        url.IsAbsoluteUri
        && url.Scheme is "https" or "http"
        && url is { AbsolutePath: "/", Query: "", Fragment: "", UserInfo: "", Host.Length: > 0 };
}
