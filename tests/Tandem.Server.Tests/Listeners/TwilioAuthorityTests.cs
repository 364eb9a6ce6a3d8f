using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tandem.Server.Listeners;
using Xunit;

namespace Tandem.Server.Tests.Listeners;

public sealed class TwilioAuthorityTests : IDisposable
{
    private const string Server = "1.3.6.1.5.5.7.3.1";

    /// <summary>What OpenSSL calls the uses that others than a server's ask for.</summary>
    private static readonly Dictionary<string, string> Purposes = new(StringComparer.Ordinal)
    {
        [Server] = "sslserver",
        ["1.3.6.1.5.5.7.3.2"] = "sslclient",
        ["1.3.6.1.5.5.7.3.3"] = "smimesign", // code signing; OpenSSL 3.0 has no purpose of its own for it
        ["1.3.6.1.5.5.7.3.4"] = "smimesign",
    };

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("tandem-ca-");
    private readonly FakeTimeProvider _time = new(new(2027, 3, 1, 12, 0, 0, TimeSpan.Zero));

    private string CertificateFile => Path.Combine(_directory.FullName, "twilio-proxy-ca.pem");

    private string KeyFile => Path.Combine(_directory.FullName, "twilio-proxy-ca.key");

    [Fact]
    public void It_is_made_once_and_its_key_is_the_owners_alone()
    {
        Open().Dispose();
        var (certificate, key) = (File.ReadAllText(CertificateFile), File.ReadAllText(KeyFile));
        Open().Dispose();
        Assert.Equal((certificate, key), (File.ReadAllText(CertificateFile), File.ReadAllText(KeyFile)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
        Assert.DoesNotContain("PRIVATE", certificate, StringComparison.Ordinal);
        Assert.Equal(2, _directory.GetFiles().Length);
    }

    [Fact]
    public void It_can_vouch_for_nothing_but_twilio_com()
    {
        using var authority = Open();
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(CertificateFile);
        var constraints = Assert.Single(certificate.Extensions, e => e.Oid!.Value is "2.5.29.30");
        Assert.True(constraints.Critical);
        // permitted: DNS twilio.com, e-mail and URI of tandem.invalid; excluded: 0.0.0.0/0 and ::/0
        Assert.Equal(
            "3066A032300C820A7477696C696F2E636F6D"
            + "3010810E74616E64656D2E696E76616C69643010860E74616E64656D2E696E76616C6964"
            + "A130300A87080000000000000000302287200000000000000000000000000000000000000000000000000000000000000000",
            Convert.ToHexString(constraints.RawData));
        var usage = Assert.Single(certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>());
        Assert.Equal(Server, Assert.Single(usage.EnhancedKeyUsages.Cast<Oid>()).Value);
        var basic = Assert.Single(certificate.Extensions.OfType<X509BasicConstraintsExtension>());
        Assert.True(basic is { Critical: true, CertificateAuthority: true, HasPathLengthConstraint: true, PathLengthConstraint: 0 });
        Assert.Equal(X509KeyUsageFlags.KeyCertSign, Assert.Single(certificate.Extensions.OfType<X509KeyUsageExtension>()).KeyUsages);
        Assert.Equal(_time.GetUtcNow().AddYears(10).UtcDateTime, certificate.NotAfter.ToUniversalTime());
    }

    /// <summary>Judged by .NET and by OpenSSL, which stands behind Node, Python, PHP, Ruby and curl.</summary>
    [Theory]
    [InlineData("dns accounts.twilio.com", Server, true)]
    [InlineData("dns api.us1.twilio.com", Server, true)]
    [InlineData("dns example.com", Server, false)]
    [InlineData("dns eviltwilio.com", Server, false)]
    [InlineData("ip 10.0.0.1", Server, false)]
    [InlineData("ip ::1", Server, false)]
    [InlineData("email ceo@example.com", Server, false)]
    [InlineData("email ceo@twilio.com", Server, false)]
    [InlineData("email ceo@twilio.com", "1.3.6.1.5.5.7.3.4", false)]
    [InlineData("uri https://example.com/", Server, false)]
    [InlineData("uri spiffe://twilio.com/x", Server, false)]
    [InlineData("dns api.twilio.com", "1.3.6.1.5.5.7.3.2", false)]
    [InlineData("dns api.twilio.com", "1.3.6.1.5.5.7.3.3", false)]
    public async Task A_stolen_key_signs_nothing_that_is_believed_elsewhere(string name, string usage, bool believed)
    {
        using var authority = Open();
        using var ca = X509Certificate2.CreateFromPemFile(CertificateFile, KeyFile);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=thief", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(Named(name));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(ca, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        using var leaf = request.Create(ca, _time.GetUtcNow(), _time.GetUtcNow().AddDays(1), [1]);
        Assert.Equal(believed, Believed(leaf, ca, usage));
        Assert.Equal(believed, await BelievedByOpenSslAsync(leaf, Purposes[usage]));
    }

    [Fact]
    public async Task OpenSSL_in_its_strict_mode_believes_a_hosts_certificate_as_a_servers_and_as_nothing_else()
    {
        using var authority = Open();
        var leaf = authority.For("api.twilio.com").ServerCertificateContext!.TargetCertificate;
        Assert.True(await BelievedByOpenSslAsync(leaf, "sslserver"));
        Assert.False(await BelievedByOpenSslAsync(leaf, "sslclient"));
        Assert.False(await BelievedByOpenSslAsync(leaf, "smimesign"));
    }

    [Fact]
    public void An_authority_of_an_earlier_version_goes_on_and_a_warning_says_how_to_renew_it()
    {
        Open().Dispose();
        using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP256))
        {
            var request = new CertificateRequest("CN=earlier", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(
                new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
            using var earlier = request.CreateSelfSigned(_time.GetUtcNow(), _time.GetUtcNow().AddYears(1));
            File.WriteAllText(CertificateFile, earlier.ExportCertificatePem());
            File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
        }

        var log = new Lines();
        using (TwilioAuthority.Open(_directory.FullName, _time, log))
        {
            Assert.Contains($"delete {CertificateFile} and {KeyFile}, start again", Assert.Single(log.At(LogLevel.Warning)), StringComparison.Ordinal);
        }

        File.Delete(CertificateFile);
        File.Delete(KeyFile);
        log = new();
        TwilioAuthority.Open(_directory.FullName, _time, log).Dispose();
        TwilioAuthority.Open(_directory.FullName, _time, log).Dispose();
        Assert.Empty(log.At(LogLevel.Warning));
    }

    [Fact]
    public void A_hosts_certificate_is_kept_and_renewed_before_it_ends()
    {
        using var authority = Open();
        using var ca = X509CertificateLoader.LoadCertificateFromFile(CertificateFile);
        var first = authority.For("api.twilio.com").ServerCertificateContext!.TargetCertificate;
        Assert.Equal(TwilioAuthority.LeafLifetime, first.NotAfter.ToUniversalTime() - _time.GetUtcNow().UtcDateTime);
        Assert.True(Believed(first, ca));
        _time.Advance(TwilioAuthority.LeafLifetime - TwilioAuthority.LeafRenewal - TimeSpan.FromSeconds(1));
        Assert.Same(first, authority.For("api.twilio.com").ServerCertificateContext!.TargetCertificate);
        _time.Advance(TimeSpan.FromSeconds(1));
        var second = authority.For("api.twilio.com").ServerCertificateContext!.TargetCertificate;
        Assert.NotSame(first, second);
        Assert.True(Believed(second, ca));
    }

    [Fact]
    public void A_hosts_certificate_never_outlives_the_authority()
    {
        using var authority = Open();
        _time.Advance(_time.GetUtcNow().AddYears(10).AddDays(-3) - _time.GetUtcNow());
        var leaf = authority.For("api.twilio.com").ServerCertificateContext!.TargetCertificate;
        Assert.Equal(_time.GetUtcNow().AddDays(3).UtcDateTime, leaf.NotAfter.ToUniversalTime());
    }

    [Fact]
    public void A_start_that_was_cut_off_between_the_files_is_repeated()
    {
        File.WriteAllText(KeyFile, "left over");
        Open().Dispose();
        Open().Dispose();
    }

    [Fact]
    public void What_cannot_be_used_stops_the_start_with_a_sentence()
    {
        Open().Dispose();
        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.Contains("chmod 600", Refused(), StringComparison.Ordinal);
        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _time.Advance(TimeSpan.FromDays(3660));
        Assert.Contains("expired on", Refused(), StringComparison.Ordinal);
        File.WriteAllText(KeyFile, "nothing");
        Assert.Contains("do not make a pair", Refused(), StringComparison.Ordinal);
        File.Delete(KeyFile);
        Assert.Contains("is gone", Refused(), StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private TwilioAuthority Open() => TwilioAuthority.Open(_directory.FullName, _time, NullLogger.Instance);

    private string Refused() => Assert.Throws<ListenerException>(Open).Message;

    private static X509Extension Named(string name)
    {
        var (names, value) = (new SubjectAlternativeNameBuilder(), name.Split(' ')[1]);
        switch (name.Split(' ')[0])
        {
            case "ip":
                names.AddIpAddress(IPAddress.Parse(value));
                break;
            case "email":
                names.AddEmailAddress(value);
                break;
            case "uri":
                names.AddUri(new Uri(value));
                break;
            default:
                names.AddDnsName(value);
                break;
        }

        return names.Build();
    }

    private async Task<bool> BelievedByOpenSslAsync(X509Certificate2 leaf, string purpose)
    {
        var file = Path.Combine(_directory.FullName, "leaf.pem");
        await File.WriteAllTextAsync(file, leaf.ExportCertificatePem());
        string[] arguments =
        [
            "verify", "-x509_strict", "-purpose", purpose, "-attime", $"{_time.GetUtcNow().ToUnixTimeSeconds() + 1}",
            "-CAfile", CertificateFile, file,
        ];
        var start = new ProcessStartInfo("openssl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using var openssl = Process.Start(start)!;
        await openssl.WaitForExitAsync(TestContext.Current.CancellationToken);
        return openssl.ExitCode == 0;
    }

    private bool Believed(X509Certificate2 leaf, X509Certificate2 authority, string usage = Server)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(usage));
        chain.ChainPolicy.VerificationTime = _time.GetUtcNow().UtcDateTime;
        return chain.Build(leaf);
    }
}
