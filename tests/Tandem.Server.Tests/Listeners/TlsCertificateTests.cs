using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Tandem.Server.Listeners;
using Xunit;

namespace Tandem.Server.Tests.Listeners;

public sealed class TlsCertificateTests : IDisposable
{
    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("tandem-tls-");
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());

    private string CertificateFile => Path.Combine(_files.FullName, "cert.pem");

    private string KeyFile => Path.Combine(_files.FullName, "key.pem");

    [Fact]
    public async Task A_changed_pair_is_shown_to_the_next_connection_without_a_restart()
    {
        using var first = Pem.Write(CertificateFile, KeyFile);
        await using var host = await StartAsync();
        Assert.Equal(first.Thumbprint, await ShownAsync(host));

        using var second = Pem.Write(CertificateFile, KeyFile);
        Assert.Equal(first.Thumbprint, await ShownAsync(host));
        _time.Advance(TlsCertificate.Period);
        await Wire.UntilAsync(async () => second.Thumbprint.Equals(await ShownAsync(host), StringComparison.Ordinal));
        Assert.Contains(host.Log.At(LogLevel.Information), l => l.Contains("changed TLS certificate", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_pair_that_is_swapped_by_a_link_is_noticed()
    {
        string[] folders = [_files.CreateSubdirectory("a").FullName, _files.CreateSubdirectory("b").FullName];
        var certificates = folders.Select(f => Pem.Write(Path.Combine(f, "cert.pem"), Path.Combine(f, "key.pem"))).ToArray();
        var link = Path.Combine(_files.FullName, "data");
        Directory.CreateSymbolicLink(link, folders[0]);
        await using var host = await StartAsync(Path.Combine(link, "cert.pem"), Path.Combine(link, "key.pem"));
        Assert.Equal(certificates[0].Thumbprint, await ShownAsync(host));

        Directory.Delete(link);
        Directory.CreateSymbolicLink(link, folders[1]);
        _time.Advance(TlsCertificate.Period);
        await Wire.UntilAsync(async () => certificates[1].Thumbprint.Equals(await ShownAsync(host), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("other key")]
    [InlineData("no PEM")]
    [InlineData("expired")]
    [InlineData("gone")]
    public async Task A_bad_pair_keeps_the_one_before_and_is_named_once(string what)
    {
        using var first = Pem.Write(CertificateFile, KeyFile);
        await using var host = await StartAsync();
        Spoil(what);
        _time.Advance(TlsCertificate.Period);
        _time.Advance(TlsCertificate.Period);
        Assert.Equal(first.Thumbprint, await ShownAsync(host));
        Assert.Single(host.Log.At(LogLevel.Warning), l => l.Contains("the one before it stays", StringComparison.Ordinal));

        using var good = Pem.Write(CertificateFile, KeyFile);
        _time.Advance(TlsCertificate.Period);
        await Wire.UntilAsync(async () => good.Thumbprint.Equals(await ShownAsync(host), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("other key", "do not make a pair")]
    [InlineData("no PEM", "holds no PEM certificate")]
    [InlineData("expired", "expired on")]
    [InlineData("not yet", "valid only from")]
    [InlineData("gone", "does not exist")]
    public async Task A_pair_that_is_bad_at_the_start_stops_it_with_a_sentence(string what, string sentence)
    {
        Pem.Write(CertificateFile, KeyFile).Dispose();
        Spoil(what);
        var refused = await Assert.ThrowsAsync<ListenerException>(() => StartAsync());
        Assert.Contains(sentence, refused.Message, StringComparison.Ordinal);
        Assert.Contains("--tls-cert", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE KEY", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_whole_chain_is_sent()
    {
        using var intermediate = Pem.WriteSigned(CertificateFile, KeyFile);
        await using var host = await StartAsync();
        List<string> sent = [];
        await ShownAsync(host, chain => sent.AddRange(chain.ChainPolicy.ExtraStore.Select(c => c.Thumbprint)));
        Assert.Contains(sent, s => s.Equals(intermediate.Thumbprint, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Old_protocols_are_refused_and_HTTP_2_is_offered()
    {
        using var certificate = Pem.Write(CertificateFile, KeyFile);
        await using var host = await StartAsync();
        var address = new Uri($"https://localhost:{host.Addresses.Api[0].Port}/");
        var http2 = await Wire.CurlAsync("--cacert", CertificateFile, "--http2", address.ToString());
        Assert.Equal(0, http2.Code);
        Assert.StartsWith("Api - HTTP/2 https 127.0.0.1", http2.Output, StringComparison.Ordinal);
        var http1 = await Wire.CurlAsync("--cacert", CertificateFile, "--http1.1", address.ToString());
        Assert.StartsWith("Api - HTTP/1.1 https", http1.Output, StringComparison.Ordinal);
        // The security level only lets the client try; 35 is "the handshake failed".
        var old = await Wire.CurlAsync("--cacert", CertificateFile, "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", address.ToString());
        Assert.Equal(35, old.Code);
    }

    public void Dispose() => _files.Delete(recursive: true);

    private static async Task<string> ShownAsync(ListenerHost host, Action<X509Chain>? look = null)
    {
        await using var stream = await Wire.ConnectAsync(host.Addresses.Api[0]);
        await using var tls = Wire.TrustingAnybody(stream, look);
        await tls.AuthenticateAsClientAsync("localhost");
        Assert.True(tls.SslProtocol is SslProtocols.Tls12 or SslProtocols.Tls13);
        return tls.RemoteCertificate!.GetCertHashString();
    }

    private Task<ListenerHost> StartAsync(string? certificateFile = null, string? keyFile = null) =>
        ListenerHost.StartAsync(o => o with { TlsCertificateFile = certificateFile ?? CertificateFile, TlsKeyFile = keyFile ?? KeyFile }, _time);

    private void Spoil(string what)
    {
        var now = _time.GetUtcNow();
        switch (what)
        {
            case "other key":
                Pem.Write(CertificateFile, KeyFile + ".other").Dispose();
                break;
            case "no PEM":
                File.WriteAllText(CertificateFile, "nothing");
                break;
            case "expired":
                Pem.Write(CertificateFile, KeyFile, now.AddDays(-2), now.AddDays(-1)).Dispose();
                break;
            case "not yet":
                Pem.Write(CertificateFile, KeyFile, now.AddDays(1), now.AddDays(2)).Dispose();
                break;
            default:
                File.Delete(KeyFile);
                break;
        }
    }
}
