using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Tandem.Server.Listeners;

/// <summary>
/// The certificate that new connections are shown. Its files are looked at every ten seconds; a changed pair that is good takes over
/// without a restart, a bad one is named in the log and the last good one stays.
/// </summary>
internal sealed partial class TlsCertificate : IDisposable
{
    /// <summary>How often the files are looked at. By their contents, not by notification: mounted secrets are swapped by links.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    private readonly string _certificateFile;
    private readonly string _keyFile;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private volatile SslServerAuthenticationOptions _current;
    private string _seen;

    private TlsCertificate(string certificateFile, string keyFile, TimeProvider time, ILogger logger)
    {
        (_certificateFile, _keyFile, _time, _logger) = (certificateFile, keyFile, time, logger);
        if (!TryLoad(seen: null, out var loaded, out _seen, out var problem))
        {
            throw new ListenerException($"The TLS certificate cannot be used. {problem} Correct --tls-cert and --tls-key, then start again.");
        }

        _current = loaded!;
        _timer = time.Repeat(Check, Period, Period, logger);
    }

    /// <summary>What a handshake that begins now uses.</summary>
    public SslServerAuthenticationOptions Current => _current;

    /// <summary>Reads the pair and keeps watching it.</summary>
    /// <exception cref="ListenerException">It cannot be read, does not belong together, or is not valid now.</exception>
    public static TlsCertificate Load(string certificateFile, string keyFile, TimeProvider time, ILogger logger) =>
        new(certificateFile, keyFile, time, logger);

    /// <summary>The handshake with a certificate: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1, and nothing that is fetched.</summary>
    public static SslServerAuthenticationOptions Handshake(SslStreamCertificateContext context) => new()
    {
        ServerCertificateContext = context,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13, // A system's own default may be older.
        AllowRenegotiation = false,
        ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11], // Kestrel sets none when a callback answers.
    };

    /// <inheritdoc />
    public void Dispose() => _timer.Dispose();

    private void Check()
    {
        lock (_gate)
        {
            var before = _seen;
            if (TryLoad(before, out var loaded, out _seen, out var problem))
            {
                if (loaded is not null)
                {
                    _current = loaded; // The old one is left to the collector: handshakes under way still use it.
                    LogChanged(_logger, _certificateFile);
                }
            }
            else if (!string.Equals(before, _seen, StringComparison.Ordinal))
            {
                LogBad(_logger, problem!); // Once for each state of the files, not every ten seconds.
            }
        }
    }

    /// <summary>Loads what the files hold unless it is what was seen last, in which case there is nothing loaded and no problem.</summary>
    private bool TryLoad(string? seen, out SslServerAuthenticationOptions? loaded, out string identity, out string? problem)
    {
        loaded = null;
        if (!PemPair.TryRead(_certificateFile, _keyFile, out var pair, out problem))
        {
            identity = problem;
            return false;
        }

        using (pair)
        {
            identity = pair.Identity;
            if (string.Equals(identity, seen, StringComparison.Ordinal))
            {
                return true;
            }

            if (!pair.TryParse(out var chain, out problem) || !IsValidNow(chain[0], out problem))
            {
                return false;
            }

            try
            {
                var intermediates = new X509Certificate2Collection(chain.Skip(1).ToArray());
                loaded = Handshake(SslStreamCertificateContext.Create(chain[0], intermediates, offline: true));
                return true;
            }
            catch (Exception e) when (e is CryptographicException or AuthenticationException or NotSupportedException)
            {
                problem = $"{_certificateFile} does not serve for TLS: {e.Message}";
                return false;
            }
        }
    }

    private bool IsValidNow(X509Certificate2 certificate, out string? problem)
    {
        var now = _time.GetUtcNow();
        var (from, until) = (new DateTimeOffset(certificate.NotBefore), new DateTimeOffset(certificate.NotAfter));
        problem = now > until ? $"{_certificateFile} expired on {until:u}."
            : now < from ? $"{_certificateFile} is valid only from {from:u}."
            : null;
        return problem is null;
    }

    [LoggerMessage(2, LogLevel.Information, "New connections get the changed TLS certificate of {File}.")]
    private static partial void LogChanged(ILogger logger, string file);

    [LoggerMessage(3, LogLevel.Warning, "The changed TLS certificate cannot be used, so the one before it stays. {Problem}")]
    private static partial void LogBad(ILogger logger, string problem);
}
