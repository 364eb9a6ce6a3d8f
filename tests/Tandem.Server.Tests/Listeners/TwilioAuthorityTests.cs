using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;
using Tandem.Server.Listeners;
using Xunit;

namespace Tandem.Server.Tests.Listeners;

public sealed class TwilioAuthorityTests : IDisposable
{
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
        // permitted: DNS twilio.com; excluded: 0.0.0.0/0 and ::/0
        Assert.Equal(
            "3042A00E300C820A7477696C696F2E636F6DA130300A87080000000000000000302287200000000000000000000000000000000000000000000000000000000000000000",
            Convert.ToHexString(constraints.RawData));
        var basic = Assert.Single(certificate.Extensions.OfType<X509BasicConstraintsExtension>());
        Assert.True(basic is { Critical: true, CertificateAuthority: true, HasPathLengthConstraint: true, PathLengthConstraint: 0 });
        Assert.Equal(X509KeyUsageFlags.KeyCertSign, Assert.Single(certificate.Extensions.OfType<X509KeyUsageExtension>()).KeyUsages);
        Assert.Equal(_time.GetUtcNow().AddYears(10).UtcDateTime, certificate.NotAfter.ToUniversalTime());
    }

    [Theory]
    [InlineData("accounts.twilio.com", true)]
    [InlineData("api.us1.twilio.com", true)]
    [InlineData("example.com", false)]
    [InlineData("eviltwilio.com", false)]
    [InlineData("10.0.0.1", false)]
    [InlineData("::1", false)]
    public void A_stolen_key_signs_nothing_that_is_believed_elsewhere(string name, bool believed)
    {
        using var authority = Open();
        using var ca = X509Certificate2.CreateFromPemFile(CertificateFile, KeyFile);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=thief", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(name, out var address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(name);
        }

        request.CertificateExtensions.Add(names.Build());
        using var leaf = request.Create(ca, _time.GetUtcNow(), _time.GetUtcNow().AddDays(1), [1]);
        Assert.Equal(believed, Believed(leaf, ca));
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

    private TwilioAuthority Open() => TwilioAuthority.Open(_directory.FullName, _time);

    private string Refused() => Assert.Throws<ListenerException>(Open).Message;

    private bool Believed(X509Certificate2 leaf, X509Certificate2 authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = _time.GetUtcNow().UtcDateTime;
        return chain.Build(leaf);
    }
}
