using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Tandem.Testing;
using Xunit;

namespace Tandem.Compat.Proxies;

/// <summary>
/// A client may switch to WebSocket and to nothing else. In a tunnel of another protocol it would send the API requests that nobody has
/// checked, with any identity, for as long as it likes.
/// </summary>
public sealed class UpgradeTests
{
    private const string Handshake = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";

    /// <summary>Ways of asking for a protocol that no client must get.</summary>
    private static readonly string[] Forbidden =
    [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk", "Connection: upgrade\r\nUpgrade: H2C",
        "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk", "Connection: Upgrade\r\nupgrade:h2c",
        "Connection: keep-alive\r\nConnection: Upgrade\r\nUpgrade: h2c", "Connection: Upgrade, close\r\nUpgrade: h2c",
        "Connection: Upgrade\r\nUpgrade: websocket, h2c", "Connection: Upgrade\r\nUpgrade: h2c, websocket",
        $"Connection: Upgrade\r\nUpgrade: websocket,h2c\r\n{Handshake}", "Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket",
        $"Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n{Handshake}", "Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c",
        $"Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n{Handshake}", "Connection: Upgrade, Upgrade\r\nUpgrade: \r\nUpgrade: h2c",
        "Connection: Upgrade\r\nUpgrade: TLS/1.0", "Connection: Upgrade\r\nUpgrade: HTTP/2.0", "Connection: Upgrade\r\nUpgrade: websocket/13",
        "Connection: Upgrade\r\nUpgrade: websocketh2c", "Connection: Upgrade\r\nUpgrade: xwebsocket", "Connection: Upgrade\r\nUpgrade: *",
        "Connection: HTTP2-Settings\r\nUpgrade: h2c",
    ];

    /// <summary>The control for the test below: what hypercorn does when nothing stands in front of it.</summary>
    [Fact]
    public async Task Hypercorn_itself_opens_an_h2c_tunnel_in_which_anyone_is_anyone()
    {
        await using var hypercorn = await HypercornBackend.StartAsync();
        await using var connection = await hypercorn.ConnectAsync();
        await connection.SendAsync($"GET /first HTTP/1.1\r\nHost: api.test\r\nX-Account-Sid: own\r\n{Forbidden[0]}\r\n\r\n");
        Assert.Equal(101, (await connection.ReadAsync()).Status);
        await connection.SendAsync(Tunnelled);

        List<SeenRequest> seen = [];
        await Until.TrueAsync(async () =>
        {
            seen.AddRange(await hypercorn.TakeAsync());
            return seen.Any(s => s is { Version: "2", Request: "GET /tunnelled", Identity: "forged" });
        });
    }

    [Theory]
    [InlineData(Recipe.Nginx)]
    [InlineData(Recipe.Caddy)]
    [InlineData(Recipe.HAProxy)]
    public async Task No_other_protocol_is_switched_to(Recipe recipe)
    {
        await using var hypercorn = await HypercornBackend.StartAsync();
        await using var api = await GuardedApi.StartAsync(recipe, hypercorn.Port);
        var field = $"Authorization: {new TestCredential(api.Sid, api.Token).Basic}\r\n";
        foreach (var upgrade in Forbidden)
        {
            await using var connection = await api.ConnectAsync();
            await connection.SendAsync($"GET /first HTTP/1.1\r\nHost: api.test\r\n{field}{upgrade}\r\n\r\n");
            var answer = await connection.ReadAsync();
            var switchedTo = answer.Status == 101 ? answer.Header("Upgrade") : "websocket";
            Assert.True("websocket".Equals(switchedTo, StringComparison.OrdinalIgnoreCase), $"{upgrade}: switched to {switchedTo}");
            await connection.SendAsync(Tunnelled);
            await connection.ReadToEndAsync();

            var seen = await hypercorn.TakeAsync();
            Assert.DoesNotContain(seen, s => s.Version != "1.1" || s.Identity != api.Sid);
            Assert.DoesNotContain(seen, s => s.Headers.Any(h => h.Name is "upgrade" or "http2-settings"));
            Assert.DoesNotContain(seen, s => s.Headers.Any(h => h.Name == "connection" && h.Value.Contains("pgrade", StringComparison.Ordinal)));
        }
    }

    /// <summary>HTTP/2 begun without being asked for, on a fresh connection. HAProxy speaks it, and checks each request in it.</summary>
    [Theory]
    [InlineData(Recipe.Nginx)]
    [InlineData(Recipe.Caddy)]
    [InlineData(Recipe.HAProxy)]
    public async Task Nothing_passes_unchecked_in_HTTP2_without_TLS(Recipe recipe)
    {
        await using var hypercorn = await HypercornBackend.StartAsync();
        await using var api = await GuardedApi.StartAsync(recipe, hypercorn.Port);
        var basic = new TestCredential(api.Sid, api.Token).Basic;
        (string, string)[] common = [(":scheme", "http"), (":authority", "api.test"), ("x-account-sid", "forged"), ("authorization", basic)];
        foreach (var request in (string[])
            [
                Tunnelled,
                Http2Client.Preface + Http2Client.Request(1, true, [(":method", "GET"), (":path", "/credential"), .. common]),
                Http2Client.Preface + Http2Client.Request(1, false, [(":method", "CONNECT"), (":protocol", "h2c"), (":path", "/x"), .. common]),
                Http2Client.Preface + Http2Client.Request(1, false, (":method", "CONNECT"), (":authority", "api.test:80"), ("authorization", basic)),
                $"PRI * HTTP/2.0\r\nHost: api.test\r\nAuthorization: {basic}\r\n\r\nSM\r\n\r\n",
                $"PRI * HTTP/1.1\r\nHost: api.test\r\nAuthorization: {basic}\r\n\r\nSM\r\n\r\n",
            ])
        {
            await using var connection = await api.ConnectAsync();
            await connection.SendAsync(request + Http2Client.GoAway); // the proxy closes when it has answered
            await connection.ReadToEndAsync();

            var seen = await hypercorn.TakeAsync();
            Assert.DoesNotContain(seen, s => s.Version != "1.1" || s.Identity != api.Sid || s.Headers.Any(h => h.Name == "upgrade"));
        }
    }

    /// <summary>A 101 for a request that asked for no upgrade any more. nginx goes by the client's request; its page says so.</summary>
    [Theory]
    [InlineData(Recipe.Caddy)]
    [InlineData(Recipe.HAProxy)]
    public async Task A_switch_that_was_not_asked_for_opens_no_tunnel(Recipe recipe)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var api = await GuardedApi.StartAsync(recipe, ((IPEndPoint)listener.LocalEndpoint).Port);
        var basic = new TestCredential(api.Sid, api.Token).Basic;
        foreach (var upgrade in (string[])["", Forbidden[0] + "\r\n"])
        {
            await using var connection = await api.ConnectAsync();
            await connection.SendAsync($"GET / HTTP/1.1\r\nHost: api.test\r\nAuthorization: {basic}\r\n{upgrade}\r\n");
            using var backend = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
            var stream = backend.GetStream();
            Assert.NotEqual(0, await stream.ReadAsync(new byte[8192], TestContext.Current.CancellationToken));
            await stream.WriteAsync(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
            await connection.SendAsync("GET /tunnelled HTTP/1.1\r\nHost: api.test\r\nConnection: close\r\n\r\n");
            backend.Client.Shutdown(SocketShutdown.Send);
            var answer = await connection.ReadToEndAsync();

            Assert.DoesNotContain("HTTP/1.1 101", answer, StringComparison.Ordinal);
            Assert.Equal(0, backend.Available);
        }
    }

    [Theory]
    [InlineData(Recipe.Nginx)]
    [InlineData(Recipe.Caddy)]
    [InlineData(Recipe.HAProxy)]
    public async Task A_WebSocket_passes_with_the_identity_that_Tandem_gave(Recipe recipe)
    {
        await using var hypercorn = await HypercornBackend.StartAsync();
        await using var api = await GuardedApi.StartAsync(recipe, hypercorn.Port);
        using var socket = Socket(new(api.Sid, api.Token));
        await socket.ConnectAsync(Address(api), TestContext.Current.CancellationToken);
        foreach (var text in (string[])["one", "", new('x', 100_000)])
        {
            Assert.Equal($"{api.Sid}: {text}", await EchoAsync(socket, text));
        }

        foreach (var name in (string[])["websocket", "WebSocket", "WEBSOCKET"])
        {
            var answer = await api.SendRawAsync(
                $"GET /chat HTTP/1.1\r\nHost: api.test\r\nAuthorization: {new TestCredential(api.Sid, api.Token).Basic}\r\n"
                + $"Connection: keep-alive, Upgrade\r\nUpgrade: {name}\r\n{Handshake}\r\n\r\n");
            Assert.Equal((101, "websocket"), (answer.Status, answer.Header("Upgrade")?.ToLowerInvariant()));
        }

        foreach (var refused in (TestCredential?[])[null, new(api.Sid, new('a', 32))])
        {
            using var other = Socket(refused);
            await Assert.ThrowsAsync<WebSocketException>(() => other.ConnectAsync(Address(api), TestContext.Current.CancellationToken));
            Assert.Equal(HttpStatusCode.Unauthorized, other.HttpStatusCode);
        }
    }

    /// <summary>A limit that the pages name: a credential is checked when a WebSocket is opened, and not again.</summary>
    [Theory]
    [InlineData(Recipe.Nginx)]
    [InlineData(Recipe.Caddy)]
    [InlineData(Recipe.HAProxy)]
    public async Task An_open_WebSocket_outlives_its_token_and_a_new_one_is_refused(Recipe recipe)
    {
        await using var hypercorn = await HypercornBackend.StartAsync();
        await using var api = await GuardedApi.StartAsync(recipe, hypercorn.Port);
        using var socket = Socket(new(api.Sid, api.Token));
        await socket.ConnectAsync(Address(api), TestContext.Current.CancellationToken);
        Assert.Equal(201, (await api.Twilio.CreateAsync(api.Sid, api.Token)).Status);
        Assert.Equal(200, (await api.Twilio.PromoteAsync(api.Sid, api.Token)).Status);

        Assert.Equal($"{api.Sid}: still here", await EchoAsync(socket, "still here"));
        using var other = Socket(new(api.Sid, api.Token));
        await Assert.ThrowsAsync<WebSocketException>(() => other.ConnectAsync(Address(api), TestContext.Current.CancellationToken));
        Assert.Equal(HttpStatusCode.Unauthorized, other.HttpStatusCode);
    }

    /// <summary>A request over HTTP/2 with an identity of the client's making and without a credential.</summary>
    private static string Tunnelled => Http2Client.Preface + Http2Client.Request(
        3, true, (":method", "GET"), (":scheme", "http"), (":authority", "api.test"), (":path", "/tunnelled"), ("x-account-sid", "forged"));

    private static Uri Address(GuardedApi api) => new($"ws://127.0.0.1:{api.Proxy.Port}/chat");

    private static ClientWebSocket Socket(TestCredential? credential)
    {
        var socket = new ClientWebSocket();
        socket.Options.Proxy = null;
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.SetRequestHeader("X-Account-Sid", "forged");
        if (credential is not null)
        {
            socket.Options.SetRequestHeader("Authorization", credential.Basic);
        }

        return socket;
    }

    private static async Task<string> EchoAsync(ClientWebSocket socket, string text)
    {
        await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, TestContext.Current.CancellationToken);
        var (buffer, received) = (new byte[8192], new StringBuilder());
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
            received.Append(Encoding.ASCII.GetString(buffer, 0, part.Count));
            if (part.EndOfMessage)
            {
                return received.ToString();
            }
        }
    }
}
