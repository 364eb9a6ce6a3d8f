using System.Net;
using System.Net.Sockets;
using System.Text;
using Tandem.Testing;
using Xunit;

namespace Tandem.Compat.Proxies;

/// <summary>A check that gives no answer, or no sensible one, lets nobody through, whatever they present.</summary>
public sealed class OutageTests
{
    [Theory]
    [InlineData(Recipe.Nginx)]
    [InlineData(Recipe.Caddy)]
    [InlineData(Recipe.HAProxy)]
    public async Task Tandem_hung_or_dead_lets_nobody_through(Recipe recipe)
    {
        await using var api = await GuardedApi.StartAsync(recipe);
        Assert.Equal(200, (await api.GetAsync(api.Sid, api.Token)).Status);
        api.Backend.Take();

        await api.SignalTandemAsync("STOP");
        await AssertClosedAsync(api);
        await api.SignalTandemAsync("CONT");
        await AssertOpenAgainAsync(api);

        await api.Tandem.KillAsync();
        await AssertClosedAsync(api);
        await api.Tandem.StartAgainAsync();
        await AssertOpenAgainAsync(api);
    }

    /// <summary>Callers with a wrong token all the while: at no moment of the going down and coming up does one of them get through.</summary>
    [Theory]
    [InlineData(Recipe.Nginx)]
    [InlineData(Recipe.Caddy)]
    [InlineData(Recipe.HAProxy)]
    public async Task A_wrong_token_passes_at_no_moment_of_a_restart(Recipe recipe)
    {
        await using var api = await GuardedApi.StartAsync(recipe);
        var (ended, answers) = (0, 0);
        var callers = Enumerable.Range(0, 4).Select(i => Task.Run(async () =>
        {
            List<int> seen = [];
            while (Volatile.Read(ref ended) == 0)
            {
                seen.Add((await api.GetAsync(i == 0 ? null : new(api.Sid, new((char)('a' + i), 32)))).Status);
                Interlocked.Increment(ref answers);
            }

            return seen;
        })).ToList();
        for (var round = 0; round < 3; round++)
        {
            await MoreAnswersAsync();
            await api.Tandem.KillAsync();
            await MoreAnswersAsync();
            await api.Tandem.StartAgainAsync();
        }

        await MoreAnswersAsync();
        Volatile.Write(ref ended, 1);
        var statuses = (await Task.WhenAll(callers)).SelectMany(s => s).ToHashSet();
        Assert.Subset(new HashSet<int> { 401, 429, 503 }, statuses);
        Assert.Contains(401, statuses);
        Assert.Equal(0, api.Backend.Count);

        Task MoreAnswersAsync()
        {
            var enough = Volatile.Read(ref answers) + 20;
            return Until.TrueAsync(() => Volatile.Read(ref answers) >= enough);
        }
    }

    /// <summary>Something else at Tandem's address.</summary>
    [Theory]
    [InlineData(Recipe.Nginx)]
    [InlineData(Recipe.Caddy)]
    [InlineData(Recipe.HAProxy)]
    public async Task Garbage_lets_nobody_through(Recipe recipe)
    {
        await using var backend = await RecordingBackend.StartAsync();
        foreach (var garbage in (string[])
            [
                "", "\0\u0016\u0003\u0001", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nX-Account-Sid: AC1\r\n",
                "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
            ])
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            using var stop = new CancellationTokenSource();
            var answering = AnswerAsync(listener, garbage, stop.Token);
            await using var proxy = await ProxyProcess.StartAsync(recipe, ((IPEndPoint)listener.LocalEndpoint).Port, backend.Port);
            await using var connection = await RawConnection.OpenAsync(new IPEndPoint(IPAddress.Loopback, proxy.Port));
            await connection.SendAsync($"GET / HTTP/1.1\r\nHost: api.test\r\nAuthorization: {TestCredential.Unknown.Basic}\r\n\r\n");
            var status = (await connection.ReadAsync()).Status;

            Assert.True(status is >= 300 and <= 599, $"{garbage} was answered with {status}.");
            await stop.CancelAsync();
            await answering;
        }

        Assert.Equal(0, backend.Count);
    }

    private static async Task AssertClosedAsync(GuardedApi api)
    {
        foreach (var answer in await Task.WhenAll(((TestCredential?[])[new(api.Sid, api.Token), TestCredential.Unknown, null]).Select(c => api.GetAsync(c))))
        {
            Assert.Equal((503, "1"), (answer.Status, answer.Header("Retry-After")));
            Assert.Equal(20503, answer.Json.GetProperty("code").GetInt32());
            Assert.Null(answer.Header("WWW-Authenticate"));
        }

        Assert.Equal(0, api.Backend.Count);
    }

    private static async Task AssertOpenAgainAsync(GuardedApi api)
    {
        await Until.TrueAsync(async () => (await api.GetAsync(api.Sid, api.Token)).Status == 200);
        Assert.Equal(401, (await api.GetAsync(TestCredential.Unknown)).Status);
        Assert.Single(api.Backend.Take());
    }

    /// <summary>Waits for the head of a request, sends this, and closes.</summary>
    private static async Task AnswerAsync(TcpListener listener, string garbage, CancellationToken stop)
    {
        var buffer = new byte[8192];
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using var client = await listener.AcceptTcpClientAsync(stop);
                var stream = client.GetStream();
                if (await stream.ReadAsync(buffer, stop) > 0)
                {
                    await stream.WriteAsync(Encoding.Latin1.GetBytes(garbage), stop);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // The end, or a proxy that had heard enough.
            }
        }
    }
}
