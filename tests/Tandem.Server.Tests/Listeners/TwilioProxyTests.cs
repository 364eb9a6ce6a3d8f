using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Tandem.Server.Tests.Listeners;

public sealed class TwilioProxyTests
{
    private const string Established = "HTTP/1.1 200 Connection established\r\n\r\n";

    [Theory]
    [InlineData("CONNECT example.com:443 HTTP/1.1", 403)]
    [InlineData("CONNECT api.twilio.com.evil:443 HTTP/1.1", 403)]
    [InlineData("CONNECT eviltwilio.com:443 HTTP/1.1", 403)]
    [InlineData("CONNECT twilio.com:443 HTTP/1.1", 403)]
    [InlineData("CONNECT .twilio.com:443 HTTP/1.1", 403)]
    [InlineData("CONNECT a..twilio.com:443 HTTP/1.1", 403)]
    [InlineData("CONNECT a/b.twilio.com:443 HTTP/1.1", 403)]
    [InlineData("CONNECT \u00fc.twilio.com:443 HTTP/1.1", 403)]
    [InlineData("CONNECT [::1].twilio.com:443 HTTP/1.1", 403)]
    [InlineData("CONNECT api.twilio.com:80 HTTP/1.1", 403)]
    [InlineData("CONNECT api.twilio.com:0443 HTTP/1.1", 403)]
    [InlineData("CONNECT api.twilio.com:+443 HTTP/1.1", 403)]
    [InlineData("CONNECT api.twilio.com HTTP/1.1", 403)]
    [InlineData("GET http://api.twilio.com/ HTTP/1.1", 405)]
    [InlineData("connect api.twilio.com:443 HTTP/1.1", 405)]
    [InlineData("CONNECT api.twilio.com:443 HTTP/2.0", 400)]
    [InlineData("CONNECT  api.twilio.com:443 HTTP/1.1", 400)]
    [InlineData("CONNECT api.twilio.com:443", 400)]
    [InlineData("CONNECT", 400)]
    [InlineData("\u0016\u0003\u0001", 400)]
    public async Task Anything_but_a_tunnel_to_Twilio_is_refused_and_closed(string line, int status)
    {
        await using var host = await ListenerHost.StartAsync();
        await using var stream = await Wire.ConnectAsync(host.Addresses.TwilioProxy!);
        await stream.WriteAsync(Encoding.Latin1.GetBytes(line + "\r\nHost: x\r\n\r\n"), TestContext.Current.CancellationToken);
        var head = await Wire.ReadHeadAsync(stream);
        Assert.StartsWith($"HTTP/1.1 {status} ", head, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", head, StringComparison.Ordinal);
        Assert.EndsWith(".\n", await Wire.ReadToEndAsync(stream), StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_than_8_KiB_of_headers_are_431_and_the_answer_arrives()
    {
        await using var host = await ListenerHost.StartAsync();
        var answer = await Wire.AskAsync(host.Addresses.TwilioProxy!, "CONNECT api.twilio.com:443 HTTP/1.1\r\nX: " + new string('x', 40_000));
        Assert.StartsWith("HTTP/1.1 431 ", answer, StringComparison.Ordinal);
        var complete = await Wire.AskAsync(host.Addresses.TwilioProxy!, $"CONNECT api.twilio.com:443 HTTP/1.1\r\nX: {new string('x', 9_000)}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 431 ", complete, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("CONNECT api.twilio.com:443 HT")]
    public async Task A_client_that_does_not_finish_is_closed_after_ten_seconds(string begun)
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var host = await ListenerHost.StartAsync(time: time);
        await using var stream = await Wire.ConnectAsync(host.Addresses.TwilioProxy!);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(begun), TestContext.Current.CancellationToken);
        var closed = stream.ReadAsync(new byte[1], TestContext.Current.CancellationToken).AsTask();
        // Advances again until the server has accepted, too: the limit runs from there.
        await Wire.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(5));
            return Task.FromResult(closed.IsCompleted);
        });
        Assert.Equal(0, await closed);
    }

    [Fact]
    public async Task An_open_tunnel_outlives_the_limit_of_its_preamble()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var host = await ListenerHost.StartAsync(time: time);
        await using var stream = await Wire.ConnectAsync(host.Addresses.TwilioProxy!);
        await stream.WriteAsync("CONNECT api.twilio.com:443 HTTP/1.0\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.Equal(Established, await Wire.ReadHeadAsync(stream));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Contains("TwilioProxy - HTTP/1.1", await AskThroughAsync(host, stream, "api.twilio.com"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(7)]
    public async Task No_byte_is_lost_whatever_the_segments(int size)
    {
        await using var host = await ListenerHost.StartAsync();
        await using var stream = await Wire.ConnectAsync(host.Addresses.TwilioProxy!);
        await using var client = new EarlyClient(stream, "CONNECT accounts.twilio.com:443 HTTP/1.1\r\nHost: accounts.twilio.com:443\r\n\r\n", Established, size);
        Assert.Contains("TwilioProxy - HTTP/1.1 https 127.0.0.1 x 0", await AskThroughAsync(host, client, "accounts.twilio.com"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handshake_for_another_host_than_the_tunnels_is_ended_and_one_for_none_gets_the_tunnels()
    {
        await using var host = await ListenerHost.StartAsync();
        await using var other = await TunnelAsync(host, "api.twilio.com");
        await using var refused = Wire.TrustingAnybody(other);
        var ended = await Record.ExceptionAsync(() => refused.AuthenticateAsClientAsync("accounts.twilio.com"));
        Assert.True(ended is IOException or AuthenticationException, ended?.ToString());

        await using var unnamed = await TunnelAsync(host, "API.us1.Twilio.com");
        await using var tls = Wire.TrustingAnybody(unnamed);
        await tls.AuthenticateAsClientAsync("");
        using var shown = X509CertificateLoader.LoadCertificate(tls.RemoteCertificate!.GetRawCertData());
        Assert.True(shown.MatchesHostname("api.us1.twilio.com"));
        Assert.False(shown.MatchesHostname("api.twilio.com"));
    }

    [Theory]
    [InlineData("--http1.1", "https://accounts.twilio.com/v1/AuthTokens/Secondary", "TwilioProxy - HTTP/1.1 https 127.0.0.1 accounts.twilio.com 3")]
    [InlineData("--http2", "https://api.twilio.com/2010-04-01/Accounts.json", "TwilioProxy - HTTP/2 https 127.0.0.1 api.twilio.com 3")]
    [InlineData("--http2", "https://api.us1.twilio.com/", "TwilioProxy - HTTP/2 https 127.0.0.1 api.us1.twilio.com 3")]
    public async Task Curl_reaches_Tandem_in_Twilios_place(string protocol, string url, string expected)
    {
        await using var host = await ListenerHost.StartAsync();
        var (code, output) = await Wire.CurlAsync(protocol, "--proxy", host.Addresses.TwilioProxy!.ToString(), "--cacert", host.CaFile, "--data", "a=b", url);
        Assert.Equal((0, expected), (code, output));
    }

    [Theory]
    [InlineData("https://example.com/", true, 56)] // the tunnel is refused
    [InlineData("https://api.twilio.com/", false, 60)] // the authority is not trusted
    public async Task Curl_is_refused_otherwise(string url, bool trusted, int code)
    {
        await using var host = await ListenerHost.StartAsync();
        string[] trust = trusted ? ["--cacert", host.CaFile] : [];
        Assert.Equal(code, (await Wire.CurlAsync(["--proxy", host.Addresses.TwilioProxy!.ToString(), .. trust, url])).Code);
    }

    private static async Task<Stream> TunnelAsync(ListenerHost host, string name)
    {
        var stream = await Wire.ConnectAsync(host.Addresses.TwilioProxy!);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"CONNECT {name}:443 HTTP/1.1\r\nHost: x\r\n\r\n"));
        Assert.Equal(Established, await Wire.ReadHeadAsync(stream));
        return stream;
    }

    private static async Task<string> AskThroughAsync(ListenerHost host, Stream stream, string name)
    {
        using var authority = X509CertificateLoader.LoadCertificateFromFile(host.CaFile);
        await using var tls = new SslStream(stream);
        await tls.AuthenticateAsClientAsync(Wire.Trusting(authority, name));
        await tls.WriteAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray());
        return await Wire.ReadToEndAsync(tls);
    }
}
