using Tandem.Server;

namespace Tandem.Cli;

/// <summary>
/// The lines that send one unmodified Twilio client through the proxy: each client reads other variables for the proxy and for the
/// certificates it trusts, and is disturbed by others that may be set already.
/// </summary>
internal static class ClientRecipes
{
    /// <summary>The clients, as <c>tandem env</c> calls them.</summary>
    public static readonly IReadOnlyList<string> Clients = ["node", "python", "csharp", "java", "go", "php", "ruby", "cli", "curl"];

    /// <summary>The lines for a POSIX shell.</summary>
    /// <param name="client">One of <see cref="Clients"/>.</param>
    /// <param name="proxy">The proxy, <c>host:port</c>.</param>
    /// <param name="ca">The file of its CA certificate.</param>
    public static IReadOnlyList<string> For(string client, string proxy, string ca)
    {
        var quoted = Shell.Quote(ca);
        return client switch
        {
            // Both read the upper-case HTTP_PROXY alone, even for https, and ignore TWILIO_CA_BUNDLE when there is a proxy.
            "node" or "cli" =>
            [
                "unset NO_PROXY no_proxy",
                $"export HTTP_PROXY={Shell.Quote($"http://{proxy}")}",
                $"export NODE_EXTRA_CA_CERTS={quoted}",
            ],
            "python" =>
            [
                .. HttpsProxy(proxy),
                "unset CURL_CA_BUNDLE",
                $"export REQUESTS_CA_BUNDLE={quoted}",
                "# twilio 7 and older ignore that variable. There, in the program:",
                $"#   http = TwilioHttpClient(); http.session.verify = {Python(ca)}; client = Client(http_client=http)",
            ],
            "csharp" or "go" or "ruby" => [.. HttpsProxy(proxy), "unset SSL_CERT_DIR", $"export SSL_CERT_FILE={quoted}"],
            "php" => [.. HttpsProxy(proxy), "# The CA is a setting of PHP, not of the environment, so for this shell:", $"php() {{ command php -d curl.cainfo={quoted} \"$@\"; }}"],
            "curl" => [.. HttpsProxy(proxy), "unset SSL_CERT_DIR SSL_CERT_FILE", $"export CURL_CA_BUNDLE={quoted}"],
            _ => Java(proxy, ca),
        };
    }

    /// <summary>Some look at the one spelling first, some at the other.</summary>
    private static string[] HttpsProxy(string proxy) =>
        ["unset NO_PROXY no_proxy", $"export HTTPS_PROXY={Shell.Quote($"http://{proxy}")} https_proxy={Shell.Quote($"http://{proxy}")}"];

    private static string[] Java(string proxy, string ca)
    {
        var colon = proxy.LastIndexOf(':');
        var store = Path.ChangeExtension(ca, ".p12");
        var options = $"-Dhttps.proxyHost={proxy[..colon].Trim('[', ']')} -Dhttps.proxyPort={proxy[(colon + 1)..]} -Dhttp.nonProxyHosts= "
            + $"-Djavax.net.ssl.trustStore={Java(store)} -Djavax.net.ssl.trustStorePassword=changeit";
        return
        [
            "# Java reads no PEM file: this makes a trust store of it, once. Its password guards nothing; a certificate is no secret.",
            $"test -f {Shell.Quote(store)} || keytool -importcert -noprompt -alias tandem -file {Shell.Quote(ca)} -keystore {Shell.Quote(store)} -storetype PKCS12 -storepass changeit",
            $"export JAVA_TOOL_OPTIONS={Shell.Quote(options)}",
        ];
    }

    /// <summary>JAVA_TOOL_OPTIONS is split at blanks, and quotes hold a word together.</summary>
    private static string Java(string path) => path.Contains(' ', StringComparison.Ordinal) ? $"\"{path}\"" : path;

    private static string Python(string path) =>
        $"'{path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
}
