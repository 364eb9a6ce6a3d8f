using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tandem.Server;

namespace Tandem.Cli.Doctor;

/// <summary>How clients and browsers come in: TLS, the console's cookies, the proxies that are believed.</summary>
internal sealed class ListenersCheckup(TimeProvider time) : ICheckup
{
    private static readonly TimeSpan s_soon = TimeSpan.FromDays(14);

    public async IAsyncEnumerable<Finding> ExamineAsync(Subject subject, [EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.CompletedTask;
        var options = subject.Options;
        var https = subject.Server is { } server
            ? server.Listen is [var first, ..] && first.StartsWith("https:", StringComparison.Ordinal)
            : options.TlsCertificateFile is not null;
        foreach (var finding in Tls(options, https).Append(Cookies(subject, https)).Concat(Proxies(options)))
        {
            yield return finding;
        }
    }

    private IEnumerable<Finding> Tls(TandemOptions options, bool https)
    {
        if (options is { TlsCertificateFile: { } certificate, TlsKeyFile: { } key })
        {
            yield return Certificate(certificate, key);
            if (File.Exists(key) && (File.GetUnixFileMode(key) & (UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != UnixFileMode.None)
            {
                yield return Finding.Fail("tls", $"{key} has mode {FilesCheckup.Octal(File.GetUnixFileMode(key))}: others can pass for this server.", $"chmod 600 {Shell.Quote(key)}, and have a new certificate made");
            }
        }
        else if (https)
        {
            yield return Finding.Ok("tls", "the running server ends TLS itself.");
        }
        else
        {
            yield return options.Listen.All(l => IPAddress.IsLoopback(l.Address))
                ? Finding.Ok("tls", "none, and nobody but this machine is listened to.")
                : Finding.Warn("tls", "other machines are listened to without TLS: between them and whatever ends TLS, tokens can be read.", "tandem serve --tls-cert FILE --tls-key FILE");
        }
    }

    private Finding Certificate(string certificate, string key)
    {
        try
        {
            using var pair = X509Certificate2.CreateFromPemFile(certificate, key);
            var left = pair.NotAfter.ToUniversalTime() - time.GetUtcNow().UtcDateTime;
            return left <= TimeSpan.Zero ? Finding.Fail("tls", $"the certificate {certificate} has run out: clients refuse it.", "put a new one in its place; the server reads it by itself")
                : left < s_soon ? Finding.Warn("tls", $"the certificate {certificate} runs out in {Print.Span(left)}.", "put a new one in its place; the server reads it by itself")
                : Finding.Ok("tls", $"the certificate {certificate} is good for {Print.Span(left)}.");
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Finding.Fail("tls", $"certificate and key cannot be used ({e.Message}) The server does not start.", "tandem serve --tls-cert FILE --tls-key FILE");
        }
    }

    private static Finding Cookies(Subject subject, bool https)
    {
        const string check = "console cookies";
        return https ? Finding.Ok(check, "__Host- cookies: a browser sends them to this host alone, over TLS alone.")
            : subject.Options is { TrustedProxies.Count: > 0 }
                ? Finding.Ok(check, "__Host- cookies for whoever comes through a trusted proxy that says X-Forwarded-Proto: https; without that word they are plain ones.")
            : subject.Options.PublicUrl is { Scheme: "https" }
                ? Finding.Warn(check, "plain cookies, although the public URL is https: the proxy in front is not trusted, so the server takes every request for plain http.", "tandem serve --trusted-proxies ADDRESS-OF-THE-PROXY")
            : Finding.Ok(check, "plain cookies, because __Host- ones need TLS. Good for this machine alone.");
    }

    private static IEnumerable<Finding> Proxies(TandemOptions options)
    {
        const string check = "trusted proxies";
        if (options.TrustedProxies.Any(n => n.PrefixLength == 0))
        {
            yield return Finding.Fail(check, "everybody is a trusted proxy: whoever calls chooses the address under which failures are counted and audit entries written.", "tandem serve --trusted-proxies ADDRESS-OF-THE-PROXY");
        }
        else if (options.TrustedProxies.Count == 0 && options.PublicUrl is not null)
        {
            yield return Finding.Warn(check, "a public URL is set, so a proxy stands in front, and none is trusted: all clients have the proxy's address, and share its budget of failures.", "tandem serve --trusted-proxies ADDRESS-OF-THE-PROXY");
        }
        else
        {
            yield return Finding.Ok(check, options.TrustedProxies.Count == 0 ? "none: X-Forwarded-For is believed from nobody." : $"X-Forwarded-For is believed from {string.Join(", ", options.TrustedProxies)}.");
        }
    }
}
