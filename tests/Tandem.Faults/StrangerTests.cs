using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using Tandem.Cli.Claims;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults;

/// <summary>
/// What somebody without a credential can do to a listening server: from another address the check answers and a promote goes through meanwhile,
/// the log stays short, and nothing of what the stranger sent is in it.
/// </summary>
public sealed class StrangerTests
{
    private const int Connections = 8;

    /// <summary>What the stranger writes wherever it can, to be looked for in the log.</summary>
    private const string Mark = "stranger-was-here";

    private static readonly byte[] s_connect = "CONNECT api.twilio.com:443 HTTP/1.1\r\n\r\n"u8.ToArray();

    private static readonly TimeSpan s_length = TimeSpan.FromSeconds(LongRun.Of(1, 20));

    private static readonly Dictionary<string, Func<ServerProcess, CancellationToken, Task>> s_floods = new(StringComparer.Ordinal)
    {
        ["connections reset at once"] = static async (s, _) => (await DialAsync(s.Port)).Socket.Close(0),
        ["requests that cannot be read"] = static (s, c) => PlainAsync(s, $"{Mark}\r\n\r\n", hold: false, c),
        ["headers that are too large"] = static (s, c) =>
            PlainAsync(s, $"GET / HTTP/1.1\r\nHost: x\r\nA: {Mark}{new string('a', 20_000)}\r\n\r\n", hold: false, c),
        ["bodies that break off"] = static (s, c) =>
            PlainAsync(s, $"POST /v1/AuthTokens/Secondary HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{Mark[..4]}", hold: false, c),
        ["upgrades"] = static (s, c) =>
            PlainAsync(s,
                $"GET /{Mark} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: {Mark}\r\n\r\n",
                hold: false, c),
        ["queries of many parameters"] = static (s, c) =>
            PlainAsync(s, $"GET /sign-in?{string.Concat(Enumerable.Repeat("a=b&", 1900))}{Mark} HTTP/1.1\r\nHost: x\r\n\r\n", hold: false, c),
        ["preflights"] = static (s, c) =>
            PlainAsync(s,
                $"OPTIONS /{Mark} HTTP/1.1\r\nHost: x\r\nOrigin: https://{Mark}\r\nAccess-Control-Request-Method: POST\r\n\r\n",
                hold: false, c),
        ["forged cookies"] = static (s, c) =>
            PlainAsync(s, $"GET /sign-in HTTP/1.1\r\nHost: x\r\nCookie: tandem-form=CfDJ8{Mark}; tandem-session={Mark}\r\n\r\n", hold: false, c),
        ["answers that nobody reads"] = static (s, c) =>
            PlainAsync(s, string.Concat(Enumerable.Repeat("GET /openapi HTTP/1.1\r\nHost: x\r\n\r\n", 100)), hold: true, c),
        ["malformed handshakes"] = static async (s, c) =>
        {
            await using var tunnel = await TunnelAsync(s, c);
            await tunnel.WriteAsync(RandomNumberGenerator.GetBytes(500), c);
            await tunnel.ReadExactlyAsync(new byte[1], c);
        },
        ["handshakes for another host"] = static async (s, c) => await (await TlsAsync(s, $"{Mark}.example.com", c)).DisposeAsync(),
        ["HTTP/2 streams opened and reset"] = static (s, c) => Http2Async(s, Pairs, c),
        ["HTTP/2 streams without end"] = static (s, c) =>
            Http2Async(s, static round => [.. Streams(round).SelectMany(i => Http2Frames.Get(i, "/auth/forward"))], c),
        ["HTTP/2 pings"] = static (s, c) => Http2Async(s, _ => Many(Http2Frames.Frame(Http2FrameType.Ping, 0, 0, new byte[8])), c),
        ["HTTP/2 settings"] = static (s, c) => Http2Async(s, _ => Many(Http2Frames.Frame(Http2FrameType.Settings, 0, 0, [])), c),
        ["HTTP/2 headers without end"] = static (s, c) => Http2Async(s, round => Continued(round, [0, 1, (byte)'a', 1, (byte)'b']), c),
        ["HTTP/2 empty continuations"] = static (s, c) => Http2Async(s, round => Continued(round, []), c),
        ["HTTP/2 references to one large header"] = static (s, c) => Http2Async(s, Bomb, c),
        ["malformed HTTP/2 frames"] = static (s, c) => Http2Async(s, _ => RandomNumberGenerator.GetBytes(10_000), c),
    };

    public static TheoryData<string> Floods => [.. s_floods.Keys];

    [Theory]
    [MemberData(nameof(Floods))]
    public async Task Costs_the_others_nothing_and_the_log_a_line(string kind)
    {
        await using var server = await ServerProcess.StartAsync();
        using var http = HttpFrom("127.0.0.2", server.Port);
        var (caller, account) = (new TwilioCaller(http), server.FirstAccount());
        var (before, memory) = (server.Output.Length, MemoryOf(server));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        end.CancelAfter(s_length);
        var flooding = Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(() => FloodAsync(server, s_floods[kind], end.Token))));
        var (checks, token) = (0, account.Token);
        while (!flooding.IsCompleted)
        {
            Assert.Equal(200, await caller.ForwardAsync(account.Sid, token));
            checks++;
        }

        var created = await caller.CreateAsync(account.Sid, token);
        Assert.Equal(201, created.Status);
        Assert.Equal(200, (await caller.PromoteAsync(account.Sid, token)).Status);
        Assert.Equal(200, await caller.ForwardAsync(account.Sid, created.Text("secondary_auth_token")));
        var rounds = await flooding;
        var (log, grown) = (server.Output[before..], MemoryOf(server) - memory);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{kind}: {rounds.Sum()} connections, {checks} checks, {log.Length} characters of log, memory {grown / 1024.0 / 1024:+0.0;-0.0;0} MiB");
        Assert.True(rounds.Sum() > 0, "no flood");
        Assert.True(log.Length < 2_000, $"the log grew by {log.Length} characters, beginning with {log[..Math.Min(log.Length, 400)]}");
        Assert.DoesNotContain(Mark, log, StringComparison.Ordinal);
        Assert.True(grown < 128L << 20, $"the memory grew by {grown} bytes");
    }

    [Theory]
    [InlineData("connections")]
    [InlineData("connections to the Twilio proxy")]
    [InlineData("tunnels")]
    public async Task Silent_connections_beyond_the_open_files_shut_nobody_out(string what)
    {
        const int soft = 1024, hard = 2048;
        await using var server = await ServerProcess.StartThroughAsync(["prlimit", $"--nofile={soft}:{hard}"]);
        var limits = await File.ReadAllLinesAsync($"/proc/{server.ProcessId}/limits", TestContext.Current.CancellationToken);
        Assert.Contains(limits, l => l.StartsWith($"Max open files            {hard} ", StringComparison.Ordinal));
        using var http = HttpFrom("127.0.0.2", server.Port);
        var (caller, account) = (new TwilioCaller(http), server.FirstAccount());
        var silent = new List<Stream>();
        try
        {
            for (var i = 0; i < hard; i++)
            {
                silent.Add(await TryDialAsync(what is "connections" ? server.Port : server.ProxyPort, what is "tunnels" ? s_connect : []));
            }

            Assert.Equal(200, await caller.ForwardAsync(account.Sid, account.Token));
            Assert.Equal(201, (await caller.CreateAsync(account.Sid, account.Token)).Status);
            Assert.Equal(200, (await caller.PromoteAsync(account.Sid, account.Token)).Status);
            Assert.InRange(Directory.GetFiles($"/proc/{server.ProcessId}/fd").Length, hard / 4, hard - 1);
        }
        finally
        {
            silent.ForEach(s => s.Dispose());
        }
    }

    /// <summary>Repeats one connection until the time is over; answers how often it got as far as its end, or was cut.</summary>
    private static async Task<int> FloodAsync(ServerProcess server, Func<ServerProcess, CancellationToken, Task> once, CancellationToken end)
    {
        var rounds = 0;
        for (; !end.IsCancellationRequested; rounds++)
        {
            try
            {
                await once(server, end);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or AuthenticationException)
            {
                // cut by the server, or the time is over
            }
        }

        return rounds;
    }

    private static async Task PlainAsync(ServerProcess server, string request, bool hold, CancellationToken cancel)
    {
        await using var stream = await DialAsync(server.Port);
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), cancel);
        if (hold)
        {
            await HoldAsync(stream, cancel);
            return;
        }

        await stream.ReadExactlyAsync(new byte[1], cancel);
        stream.Socket.Close(0); // a reset, whatever is still on its way
    }

    /// <summary>Holds a connection until the time is over.</summary>
    private static async Task HoldAsync(Stream first, CancellationToken cancel)
    {
        await using (first)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancel);
        }
    }

    /// <summary>Sends a thousand rounds of frames and reads nothing.</summary>
    private static async Task Http2Async(ServerProcess server, Func<int, byte[]> frames, CancellationToken cancel)
    {
        await using var tls = await TlsAsync(server, "api.twilio.com", cancel);
        await tls.WriteAsync(Http2Frames.Preface(), cancel);
        for (var round = 0; round < 1_000; round++)
        {
            await tls.WriteAsync(frames(round), cancel);
        }
    }

    /// <summary>The numbers of five hundred new streams.</summary>
    private static IEnumerable<int> Streams(int round) => Enumerable.Range(0, 500).Select(i => (1_000 * round) + (2 * i) + 1);

    private static byte[] Pairs(int round) =>
        [.. Streams(round).SelectMany(stream => (byte[])[.. Http2Frames.Get(stream, "/auth/forward"), .. Http2Frames.Reset(stream)])];

    private static byte[] Many(byte[] frame) => [.. Enumerable.Repeat(frame, 1_000).SelectMany(f => f)];

    /// <summary>Headers in the first round, and continuations of them from then on.</summary>
    private static byte[] Continued(int round, byte[] field) =>
    [
        .. round > 0 ? [] : Http2Frames.Frame(Http2FrameType.Headers, Http2Frames.EndStream, 1, Http2Frames.Block("GET", $"/{Mark}")),
        .. Many(Http2Frames.Frame(Http2FrameType.Continuation, 0, 1, field)),
    ];

    /// <summary>A field of 3,000 bytes is put into the table, and each further byte stands for it: 4 MB in headers of 1.5 KB.</summary>
    private static byte[] Bomb(int round)
    {
        byte[] put = [0x40, 1, (byte)'a', 0x7f, 0xb9, 0x16, .. Enumerable.Repeat((byte)'b', 3_000)];
        return Http2Frames.Frame(
            Http2FrameType.Headers,
            Http2Frames.EndStream | Http2Frames.EndHeaders,
            (2 * round) + 1,
            [.. Http2Frames.Block("GET", "/"), .. put, .. Enumerable.Repeat((byte)0xbe, 1_400)]);
    }

    private static async Task<SslStream> TlsAsync(ServerProcess server, string host, CancellationToken cancel)
    {
#pragma warning disable CA5359 // What certificate is shown plays no part here; nothing is sent to it that matters.
        var tls = new SslStream(await TunnelAsync(server, cancel), leaveInnerStreamOpen: false, static (_, _, _, _) => true);
#pragma warning restore CA5359
        await tls.AuthenticateAsClientAsync(new() { TargetHost = host, ApplicationProtocols = [SslApplicationProtocol.Http2] }, cancel);
        return tls;
    }

    private static async Task<NetworkStream> TunnelAsync(ServerProcess server, CancellationToken cancel)
    {
        var stream = await DialAsync(server.ProxyPort);
        await stream.WriteAsync(s_connect, cancel);
        await stream.ReadExactlyAsync(new byte["HTTP/1.1 200 Connection established\r\n\r\n".Length], cancel);
        return stream;
    }

    private static async Task<Stream> TryDialAsync(int port, byte[] bytes)
    {
        Stream stream = Stream.Null;
        try
        {
            stream = await DialAsync(port);
            await stream.WriteAsync(bytes);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // closed at once, as one that is over the share
        }

        return stream;
    }

    private static async Task<NetworkStream> DialAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return new(socket, ownsSocket: true);
    }

    private static HttpClient HttpFrom(string address, int port) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (target, cancel) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
            await socket.ConnectAsync(IPAddress.Loopback, target.DnsEndPoint.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

    private static long MemoryOf(ServerProcess server) =>
        1024 * long.Parse(
            File.ReadLines($"/proc/{server.ProcessId}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture);
}
