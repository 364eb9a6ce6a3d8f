using System.Net;
using Tandem.Testing;
using Xunit;

namespace Tandem.Compat.Proxies;

/// <summary>Requests that a proxy and an API might read differently: nothing in them becomes another request or another identity.</summary>
public sealed class SmugglingTests
{
    private const string Smuggled = "GET /smuggled HTTP/1.1\r\nHost: api.test\r\nX-Account-Sid: forged\r\n\r\n";
    private const string Last = "GET /last HTTP/1.1\r\nHost: api.test\r\nConnection: close\r\n\r\n";
    private const string Post = "POST /first HTTP/1.1";
    private const string Get = "GET /first HTTP/1.1";

    /// <summary>A request line, fields, and a body.</summary>
    private static readonly (string Line, string Fields, string Body)[] Doubtful =
    [
        ("CONNECT api.test:80 HTTP/1.1", "", ""), ("CONNECT /first HTTP/1.1", "", ""), ("connect /first HTTP/1.1", "", ""),
        ("CONNECT api.test:80 HTTP/1.0", "", ""), (Post, "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"),
        (Post, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), (Post, "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
        (Post, "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), (Post, "Transfer-Encoding: identity\r\nContent-Length: 0\r\n", ""),
        (Post, "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
        (Post, "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
        (Post, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        (Post, "Transfer-Encoding:\u000bchunked\r\nContent-Length: 0\r\n", ""), (Post, "Transfer-Encoding : chunked\r\nContent-Length: 0\r\n", ""),
        (Post, "Transfer_Encoding: chunked\r\nContent-Length: 0\r\n", ""),
        (Post, "X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", ""),
        (Post, "Transfer-Encoding: \"chunked\"\r\nContent-Length: 0\r\n", ""), (Post, "Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"),
        ("POST /first HTTP/1.0", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        ("POST /first HTTP/1.0", "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n", ""),
        (Post, "Content-Length: 0\r\nContent-Length: 70\r\n", ""), (Post, "Content-Length: 0, 0\r\n", ""), (Post, "Content-Length: +0\r\n", ""),
        (Post, "Content-Length: 0x0\r\n", ""), (Post, "Content-Length: -1\r\n", ""), (Post, "Content_Length: 70\r\nContent-Length: 0\r\n", ""),
        (Post, "Content-Length : 70\r\nContent-Length: 0\r\n", ""), (Post, "Transfer-Encoding: chunked\r\n", "0;a=b\r\n\r\n"),
        (Post, "Transfer-Encoding: chunked\r\n", "00000000000000000\r\n\r\n"), (Post, "Transfer-Encoding: chunked\r\n", "0\n\n"),
        (Post, "Transfer-Encoding: chunked\r\n", "1\nZ\n0\r\n\r\n"), (Post, "Transfer-Encoding: chunked\r\n", "2\r\nZZ0\r\n\r\n"),
        (Post, "Transfer-Encoding: chunked\r\n", "-0\r\n\r\n"), (Post, "Transfer-Encoding: chunked\r\n", "1;\nxx\r\nZ\r\n0\r\n\r\n"),
        (Post, "Expect: 100-continue\r\nContent-Length: 0\r\n", ""), (Post, "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        (Post, "Expect: x 100-continue\r\nContent-Length: 0\r\n", ""), ("HEAD /first HTTP/1.1", "Expect: 100-continue\r\n", ""),
        (Get, "Content-Length: 0\r\n", ""), ("OPTIONS * HTTP/1.1", "", ""), ("GET http://other.test/first HTTP/1.1", "", ""),
        ("GET http://u:p@other.test/first HTTP/1.1", "", ""), ("GET  /first HTTP/1.1", "", ""), ("GET /first HTTP/1.1 HTTP/1.1", "", ""),
        ("GET /first HTTP/2.0", "", ""), ("GET /first HTTP/0.9", "", ""), ("GET /first\tHTTP/1.1", "", ""), ("GET /first\rX HTTP/1.1", "", ""),
        ("GET /%0d%0aX-Account-Sid:%20forged HTTP/1.1", "", ""), ("GET /\u00ff?\u00ff HTTP/1.1", "", ""),
        (Get, "X: y\r\n X-Account-Sid: forged\r\n", ""), (Get, "X: y\r\n\tX-Account-Sid: forged\r\n", ""),
        (Get, "X: y\rX-Account-Sid: forged\r\n", ""), (Get, "X: y\nX-Account-Sid: forged\n", ""), (Get, "X-Account-Sid : forged\r\n", ""),
        (Get, "X-Account-Sid\t: forged\r\n", ""), (Get, "\u000bX-Account-Sid: forged\r\n", ""), (Get, "X-Account-Sid\0: forged\r\n", ""),
        (Get, "X-Account\u00adSid: forged\r\n", ""), (Get, "X-Account-Sid: forged\r\nX-Account-Sid: forged\r\n", ""), (Get, "X: \0\r\n", ""),
        (Get, "Early-Data: 1\r\n", ""), (Get, "Host: other.test\r\n", ""), (Get, "Proxy-Connection: X-Account-Sid\r\nTE: X-Account-Sid\r\n", ""),
        (Get, "Connection: close, X-Account-Sid\r\nConnection: X-Token-Slot\r\nKeep-Alive: X-Account-Sid\r\n", ""),
        (Get, "Connection: X-Account-Sid;upgrade\r\n", ""),
    ];

    /// <summary>The control for CONNECT below: Kestrel takes it for any other method, so that bytes in its tunnel are requests.</summary>
    [Fact]
    public async Task Kestrel_itself_answers_a_request_behind_a_CONNECT()
    {
        await using var backend = await RecordingBackend.StartAsync();
        await using var connection = await RawConnection.OpenAsync(new IPEndPoint(IPAddress.Loopback, backend.Port));
        await connection.SendAsync("CONNECT api.test:80 HTTP/1.1\r\nHost: api.test:80\r\n\r\n" + Smuggled);
        Assert.Equal(200, (await connection.ReadAsync()).Status);
        Assert.Equal(200, (await connection.ReadAsync()).Status);
        Assert.Equal(["CONNECT", "GET"], backend.Take().Select(r => r.Method));
    }

    [Theory]
    [InlineData(Recipe.Nginx)]
    [InlineData(Recipe.Caddy)]
    [InlineData(Recipe.HAProxy)]
    public async Task A_doubtful_request_carries_no_other_one(Recipe recipe)
    {
        await using var hypercorn = await HypercornBackend.StartAsync();
        await using var api = await GuardedApi.StartAsync(recipe);
        await using var proxy = await ProxyProcess.StartAsync(recipe, api.Tandem.Port, hypercorn.Port);
        var field = $"Host: api.test\r\nAuthorization: {new TestCredential(api.Sid, api.Token).Basic}\r\n";
        foreach (var (line, fields, body) in Doubtful)
        {
            foreach (var port in (int[])[api.Proxy.Port, proxy.Port])
            {
                if (recipe == Recipe.Caddy && port == api.Proxy.Port && line.StartsWith("CONNECT", StringComparison.Ordinal))
                {
                    continue; // Caddy waits for the end of Kestrel's answer, which has none; hypercorn's has
                }

                await using var connection = await RawConnection.OpenAsync(new IPEndPoint(IPAddress.Loopback, port));
                await connection.SendAsync($"{line}\r\n{field}{fields}\r\n{body}{Smuggled}{Last}");
                await connection.ReadToEndAsync();
            }

            var seen = api.Backend.Take().Select(r => (Sid: IdentityTests.SeenAs(r, "X-Account-Sid"), r.Target))
                .Concat((await hypercorn.TakeAsync()).Select(s => (Sid: s.Identity, Target: s.Request)));
            Assert.All(seen, s => Assert.True(s.Sid == api.Sid && !s.Target.Contains("smuggled", StringComparison.Ordinal), $"{line} {fields}: {s}"));
        }
    }

    /// <summary>
    /// Fields behind the body. nginx and Caddy drop them; HAProxy drops them from 3.2 on and passes them before that, behind the body as they
    /// came: its page says what that means for an API that takes them for headers.
    /// </summary>
    [Theory]
    [InlineData(Recipe.Nginx)]
    [InlineData(Recipe.Caddy)]
    [InlineData(Recipe.HAProxy)]
    public async Task A_trailer_is_never_a_header(Recipe recipe)
    {
        await using var api = await GuardedApi.StartAsync(recipe);
        var basic = new TestCredential(api.Sid, api.Token).Basic;
        foreach (var announced in (string[])["", "Trailer: X-Account-Sid\r\n", "Trailer: X-Account-Sid\r\nTE: trailers\r\nConnection: TE\r\n"])
        {
            var answer = await api.SendRawAsync(
                $"{Post}\r\nHost: api.test\r\nAuthorization: {basic}\r\nTransfer-Encoding: chunked\r\n{announced}\r\n"
                + "3\r\nabc\r\n0\r\nX-Account-Sid: forged\r\nX_Account_Sid: forged\r\n\r\n");
            Assert.Equal(200, answer.Status);
            var received = Assert.Single(api.Backend.Take());
            Assert.Equal(("abc", api.Sid), (received.Body, IdentityTests.SeenAs(received, "X-Account-Sid")));
            if (recipe != Recipe.HAProxy)
            {
                Assert.Empty(received.Trailers);
            }
        }
    }
}
