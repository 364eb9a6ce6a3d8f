using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Tandem.Server.Listeners;

/// <summary>Makes the authority of the Twilio proxy and reads it again.</summary>
internal static partial class TwilioAuthorityFiles
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Years. Clients that trust it are told once; it can vouch for nothing but names under twilio.com meanwhile.</summary>
    private const int Lifetime = 10;

    private const string NameConstraints = "2.5.29.30";

    private const string Nobody = "tandem.invalid";

    /// <summary>Reads the two files, or makes them when there is no certificate.</summary>
    /// <exception cref="ListenerException">They cannot be used.</exception>
    public static X509Certificate2 Open(string directory, TimeProvider time, ILogger logger)
    {
        var certificateFile = Path.Combine(directory, TwilioAuthority.CertificateFileName);
        var keyFile = Path.Combine(directory, TwilioAuthority.KeyFileName);
        try
        {
            if (!File.Exists(certificateFile))
            {
                Create(certificateFile, keyFile, time); // A key without a certificate is left from a start that was cut off: nobody trusts it.
            }

            var authority = Read(certificateFile, keyFile, time);
            if (!IsConstrained(authority))
            {
                Outdated(logger, certificateFile, keyFile);
            }

            return authority;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ListenerException($"The Twilio proxy's authority in {directory} cannot be read or made: {e.Message} Make the directory this user's own, then start again.");
        }
    }

    private static X509Certificate2 Read(string certificateFile, string keyFile, TimeProvider time)
    {
        if (!File.Exists(keyFile))
        {
            throw new ListenerException($"{keyFile} is gone, so the Twilio proxy cannot sign for the clients that trust {certificateFile}. "
                + $"Bring it back, or delete {certificateFile}, start again, and have the clients trust the new one.");
        }

        if ((File.GetUnixFileMode(keyFile) & ~OwnerOnly) != UnixFileMode.None)
        {
            throw new ListenerException($"{keyFile} may be used by others than its owner, and so may sign as Twilio for every client that trusts it. "
                + $"Run: chmod 600 {keyFile}");
        }

        if (!PemPair.TryRead(certificateFile, keyFile, out var pair, out var problem))
        {
            throw Unusable(problem);
        }

        using (pair)
        {
            if (!pair.TryParse(out var chain, out problem))
            {
                throw Unusable(problem);
            }

            var ends = new DateTimeOffset(chain[0].NotAfter);
            return ends > time.GetUtcNow() ? chain[0] : throw Unusable($"It expired on {ends:u}.");
        }

        ListenerException Unusable(string why) => new($"The Twilio proxy's authority {certificateFile} cannot be used. {why} "
            + $"Delete it and {keyFile}, start again, and have the clients trust the new one.");
    }

    private static void Create(string certificateFile, string keyFile, TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // The number tells this machine's authority from another's in a client's list.
        var number = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        var request = new CertificateRequest($"CN=Tandem's authority for its Twilio proxy {number}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(TwilioAuthority.ServersOnly());
        request.CertificateExtensions.Add(new X509Extension(NameConstraints, OnlyTwilio(), critical: true));
        var now = time.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddYears(Lifetime));

        var keyText = key.ExportPkcs8PrivateKeyPem().ToCharArray();
        var keyBytes = Encoding.ASCII.GetBytes(keyText);
        DurableFile.Erase(keyFile);
        _ = DurableFile.TryCreate(keyFile, keyBytes); // The key first: a certificate without it would be offered to clients in vain.
        CryptographicOperations.ZeroMemory(keyBytes);
        _ = DurableFile.TryCreate(certificateFile, Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"), OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }

    /// <summary>
    /// NameConstraints (RFC 5280 §4.2.1.10): DNS names only under twilio.com, and no IP address at all, since a permitted DNS name
    /// alone would leave addresses free. E-mail addresses and URIs only of a host that cannot exist (RFC 6761 §6.4), which excludes all of
    /// them: verifiers disagree on how to exclude a whole type. No directory names, because Go refuses every certificate under a
    /// constraint of that type; these are left to the extended key usage. Critical, so that a verifier that does not know it refuses.
    /// </summary>
    private static byte[] OnlyTwilio()
    {
        var der = new AsnWriter(AsnEncodingRules.DER);
        using (der.PushSequence())
        {
            using (der.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0))) // permittedSubtrees
            {
                Permit(2, "twilio.com"); // dNSName
                Permit(1, Nobody); // rfc822Name
                Permit(6, Nobody); // uniformResourceIdentifier
            }

            using (der.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 1))) // excludedSubtrees
            {
                foreach (var addressAndMask in (int[])[8, 32]) // all of IPv4, all of IPv6: zeros under a mask of zeros
                {
                    using (der.PushSequence())
                    {
                        der.WriteOctetString(new byte[addressAndMask], new Asn1Tag(TagClass.ContextSpecific, 7)); // iPAddress
                    }
                }
            }
        }

        return der.Encode();

        void Permit(int kindOfName, string name)
        {
            using (der.PushSequence())
            {
                der.WriteCharacterString(UniversalTagNumber.IA5String, name, new Asn1Tag(TagClass.ContextSpecific, kindOfName));
            }
        }
    }

    /// <summary>Whether an authority has the constraints of those made today: of an earlier version's, a stolen key could sign more.</summary>
    private static bool IsConstrained(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Any()
        && certificate.Extensions.FirstOrDefault(e => e.Oid?.Value is NameConstraints) is { } names
        && CryptographicOperations.FixedTimeEquals(names.RawData, OnlyTwilio());

    [LoggerMessage(4, LogLevel.Warning, "The Twilio proxy's authority {CertificateFile} was made by an earlier version: a stolen key could also sign "
        + "e-mail and client certificates. To renew it, stop the server, delete {CertificateFile} and {KeyFile}, start again, and have the clients "
        + "trust the new one.")]
    private static partial void Outdated(ILogger logger, string certificateFile, string keyFile);
}
