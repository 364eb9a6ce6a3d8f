using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Tandem.Server.Listeners;

/// <summary>
/// The certificate authority behind the Twilio proxy: made on the first start, kept in the data directory, and unable to sign for
/// anything but <c>twilio.com</c>, so that clients can trust it without trusting it with anything else. Certificates for single hosts
/// are made when asked for and live in memory only.
/// </summary>
internal sealed class TwilioAuthority : IDisposable
{
    /// <summary>The authority's certificate, for clients to trust.</summary>
    public const string CertificateFileName = "twilio-proxy-ca.pem";

    /// <summary>Its private key, mode 0600.</summary>
    public const string KeyFileName = "twilio-proxy-ca.key";

    /// <summary>How long a host's certificate is valid: short, because nobody keeps it.</summary>
    public static readonly TimeSpan LeafLifetime = TimeSpan.FromDays(90);

    /// <summary>With less than this left a new one is made; longer than any tunnel lives.</summary>
    public static readonly TimeSpan LeafRenewal = TimeSpan.FromDays(30);

    /// <summary>Twilio has a few dozen host names. Whoever asks for invented ones only empties the cache.</summary>
    private const int MostHosts = 256;

    /// <summary>Clients whose clock is a little behind shall not refuse a certificate for being too new.</summary>
    private static readonly TimeSpan s_clockSkew = TimeSpan.FromHours(1);

    private readonly X509Certificate2 _certificate;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, Leaf> _leaves = new(StringComparer.Ordinal);

    private TwilioAuthority(X509Certificate2 certificate, TimeProvider time) => (_certificate, _time) = (certificate, time);

    /// <summary>The authority of a data directory, made if there is none.</summary>
    /// <exception cref="ListenerException">Its files cannot be used.</exception>
    public static TwilioAuthority Open(string directory, TimeProvider time, ILogger logger) =>
        new(TwilioAuthorityFiles.Open(directory, time, logger), time);

    /// <summary>
    /// Extended key usage (RFC 5280 §4.2.1.12): TLS servers, and neither clients nor e-mail nor code. On the authority it binds what it signs.
    /// </summary>
    public static X509EnhancedKeyUsageExtension ServersOnly() => new([new Oid("1.3.6.1.5.5.7.3.1")], critical: false);

    /// <summary>How to shake hands as <paramref name="host"/>, in lower case.</summary>
    public SslServerAuthenticationOptions For(string host)
    {
        var now = _time.GetUtcNow();
        if (_leaves.TryGetValue(host, out var leaf) && leaf.RenewAt > now)
        {
            return leaf.Handshake;
        }

        if (_leaves.Count >= MostHosts)
        {
            _leaves.Clear();
        }

        leaf = Sign(host, now);
        _leaves[host] = leaf; // Two first connections at once make two good ones; the later stays.
        return leaf.Handshake;
    }

    /// <inheritdoc />
    public void Dispose() => _certificate.Dispose();

    private Leaf Sign(string host, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // The subject is the same for all: the host stands in the alternative name, and a common name ends after 64 characters.
        var request = new CertificateRequest("CN=Tandem's Twilio proxy", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(ServersOnly());
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));

        var authorityEnds = new DateTimeOffset(_certificate.NotAfter);
        var ends = now + LeafLifetime < authorityEnds ? now + LeafLifetime : authorityEnds;
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)(serial[0] & 0x7F | 0x40); // Positive, and of one length.
        using var signed = request.Create(_certificate, now - s_clockSkew, ends, serial);
        var leaf = signed.CopyWithPrivateKey(key);
        // Offline: nothing is fetched to complete a chain whose only other member is sent along.
        var context = SslStreamCertificateContext.Create(leaf, [_certificate], offline: true);
        return new(TlsCertificate.Handshake(context), ends - LeafRenewal);
    }

    private sealed record Leaf(SslServerAuthenticationOptions Handshake, DateTimeOffset RenewAt);
}
