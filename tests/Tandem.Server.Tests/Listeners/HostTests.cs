using System.Diagnostics;
using System.Net;
using Xunit;

namespace Tandem.Server.Tests.Listeners;

public sealed class HostTests
{
    [Fact]
    public async Task It_listens_where_it_was_told_to_and_says_where_that_is()
    {
        await using var host = await ListenerHost.StartAsync(o => o with { Listen = [ListenerHost.FreePort, new(IPAddress.IPv6Loopback, 0)] });
        var addresses = host.Addresses;
        Assert.Equal(2, addresses.Api.Count);
        Assert.All([.. addresses.Api, addresses.TwilioProxy!], a => Assert.NotInRange(a.Port, 0, 1));
        Assert.Equal(4, host.App.Urls.Count);
        foreach (var address in addresses.Api)
        {
            Assert.Contains("Api - HTTP/1.1 http", await Wire.AskAsync(address, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Neither_addresses_nor_endpoints_of_a_configuration_are_added()
    {
        await using var host = await ListenerHost.StartAsync(configure: builder =>
        {
            builder.Configuration["urls"] = "http://127.0.0.1:0";
            builder.Configuration["http_ports"] = "0";
            builder.Configuration["preferHostingUrls"] = "false";
            builder.Configuration["Kestrel:Endpoints:Other:Url"] = "http://127.0.0.1:0";
        });
        Assert.Equal(3, host.App.Urls.Count);
    }

    [Theory]
    [InlineData("line", 414)]
    [InlineData("headers", 431)]
    [InlineData("count", 431)]
    [InlineData("body", 413)]
    public async Task What_is_too_large_is_refused(string what, int status)
    {
        await using var host = await ListenerHost.StartAsync();
        var answer = await Wire.AskAsync(host.Addresses.Api[0], what switch
        {
            "line" => $"GET /{new string('a', 8200)} HTTP/1.1\r\nHost: x\r\n\r\n",
            "headers" => $"GET / HTTP/1.1\r\nHost: x\r\nX: {new string('a', 16_400)}\r\n\r\n",
            "count" => $"GET / HTTP/1.1\r\nHost: x\r\n{string.Concat(Enumerable.Range(0, 64).Select(i => $"X-{i}: a\r\n"))}\r\n",
            "body" => "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 16385\r\n\r\n",
            _ => throw new ArgumentOutOfRangeException(nameof(what)),
        });
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("\r\nServer:", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HTTP_2_without_TLS_is_told_to_use_HTTP_1_1()
    {
        await using var host = await ListenerHost.StartAsync();
        var answer = await Wire.AskAsync(host.Addresses.Api[0], "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        Assert.Equal("\0\0\b\a\0\0\0\0\0\0\0\0\0\0\0\0\r", answer); // GOAWAY with HTTP_1_1_REQUIRED
    }

    [Fact]
    public async Task What_is_just_small_enough_is_taken()
    {
        await using var host = await ListenerHost.StartAsync();
        var headers = string.Concat(Enumerable.Range(0, 61).Select(i => $"X-{i}: {new string('a', 200)}\r\n"));
        var answer = await Wire.AskAsync(
            host.Addresses.Api[0],
            $"POST /{new string('a', 8000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 16384\r\n{headers}\r\n{new string('b', 16_384)}");
        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        Assert.Contains(" 16384", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("silent")]
    [InlineData("idle")]
    [InlineData("half a request")]
    [InlineData("half a CONNECT")]
    [InlineData("tunnel before TLS")]
    [InlineData("idle tunnel")]
    [InlineData("administrator")]
    public async Task A_stop_takes_less_than_two_seconds_whoever_is_connected(string who)
    {
        await using var host = await ListenerHost.StartAsync();
        await using var api = await Wire.ConnectAsync(host.Addresses.Api[0]);
        await using var proxy = await Wire.ConnectAsync(host.Addresses.TwilioProxy!);
        await using var tls = Wire.TrustingAnybody(proxy);
        using var admin = host.AdminClient();
        var connect = "CONNECT api.twilio.com:443 HTTP/1.1\r\n\r\n"u8.ToArray();
        var cancel = TestContext.Current.CancellationToken;
        switch (who)
        {
            case "idle":
                await api.WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), cancel);
                await Wire.ReadHeadAsync(api);
                break;
            case "half a request":
                await api.WriteAsync("GET / HTTP/1.1\r\nHo"u8.ToArray(), cancel);
                break;
            case "half a CONNECT":
                await proxy.WriteAsync(connect.AsMemory(0, 20), cancel);
                break;
            case "tunnel before TLS":
                await proxy.WriteAsync(connect, cancel);
                await Wire.ReadHeadAsync(proxy);
                break;
            case "idle tunnel":
                await proxy.WriteAsync(connect, cancel);
                await Wire.ReadHeadAsync(proxy);
                await tls.AuthenticateAsClientAsync("api.twilio.com");
                await tls.WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), cancel);
                await Wire.ReadHeadAsync(tls);
                break;
            case "administrator":
                await admin.GetStringAsync("/", cancel);
                break;
            default:
                break;
        }

        var watch = Stopwatch.StartNew();
        await host.App.StopAsync(cancel);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"{who}: {watch.Elapsed}");
    }

    [Fact]
    public async Task A_request_under_way_is_finished_before_the_stop()
    {
        await using var host = await ListenerHost.StartAsync();
        await using var stream = await Wire.ConnectAsync(host.Addresses.Api[0]);
        var cancel = TestContext.Current.CancellationToken;
        await stream.WriteAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n"u8.ToArray(), cancel);
        Assert.StartsWith("HTTP/1.1 100 ", await Wire.ReadHeadAsync(stream), StringComparison.Ordinal); // It is being handled.
        var stopped = host.App.StopAsync(cancel);
        await stream.WriteAsync("0123456789"u8.ToArray(), cancel);
        var answer = await Wire.ReadToEndAsync(stream);
        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        Assert.Contains("x 10", answer, StringComparison.Ordinal);
        await stopped;
    }

    [Theory]
    [InlineData("127.0.0.0/8", "203.0.113.7", "203.0.113.7")]
    [InlineData("127.0.0.0/8", "198.51.100.1, 203.0.113.7, 127.0.0.3", "203.0.113.7")]
    [InlineData("10.0.0.0/8", "203.0.113.7", "127.0.0.1")]
    [InlineData(null, "203.0.113.7", "127.0.0.1")]
    public async Task The_clients_address_comes_from_a_trusted_proxy_alone(string? trusted, string forwarded, string source)
    {
        await using var host = await ListenerHost.StartAsync(o => o with { TrustedProxies = trusted is null ? [] : [IPNetwork.Parse(trusted)] });
        var request = $"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {forwarded}\r\nX-Forwarded-Host: evil\r\nConnection: close\r\n\r\n";
        Assert.Contains($"http {source} x 0", await Wire.AskAsync(host.Addresses.Api[0], request), StringComparison.Ordinal);
    }
}
