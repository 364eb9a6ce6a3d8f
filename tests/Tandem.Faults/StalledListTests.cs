using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Tandem.Cli.Claims;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults;

/// <summary>A client that asks for a long list and never reads it holds nothing that an erasure would wait for.</summary>
public sealed class StalledListTests
{
    private const int Subaccounts = 1200;
    private const int Promotes = 200;

    [Fact]
    public async Task Promotes_under_stalled_account_lists_leave_nothing_behind()
    {
        await using var server = await ServerProcess.StartAsync(("TANDEM_SUBACCOUNTS", "2000"));
        var caller = new TwilioCaller(server.Http);
        var parent = server.FirstAccount();
        await Parallel.ForAsync(0, Subaccounts, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (_, _) => await caller.CreateSubaccountAsync(parent.Sid, parent.Token));
        var (sid, token) = await caller.CreateSubaccountAsync(parent.Sid, parent.Token);
        var stalled = await StallAsync(server.Port, parent, clients: 20);
        var times = new List<double>();
        var found = new List<string>();
        for (var i = 0; i < Promotes; i++)
        {
            var secondary = (await caller.CreateAsync(sid, token)).Text("secondary_auth_token");
            var watch = Stopwatch.StartNew();
            Assert.Equal(200, (await caller.PromoteAsync(sid, token)).Status);
            times.Add(watch.Elapsed.TotalMilliseconds);
            if (i % 10 == 0)
            {
                found.AddRange(new Residue(token).FindIn(server.Data));
            }

            token = secondary;
        }

        times.Sort();
        TestContext.Current.TestOutputHelper!.WriteLine($"{Promotes} promotes under 20 stalled lists of 1,000 accounts: p50 {times[Promotes / 2]:F1} ms, p99 {times[Promotes * 99 / 100]:F1} ms");
        Assert.Empty(found);
        Assert.DoesNotContain("residue_pending", await server.AlarmsAsync());
        stalled.ForEach(s => s.Dispose());
    }

    private static async Task<List<Socket>> StallAsync(int port, (string Sid, string Token) parent, int clients)
    {
        var sockets = new List<Socket>();
        var credential = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{parent.Sid}:{parent.Token}"));
        for (var i = 0; i < clients; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
            await socket.ConnectAsync("127.0.0.1", port);
            await socket.SendAsync(Encoding.ASCII.GetBytes($"GET /2010-04-01/Accounts.json?PageSize=1000 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {credential}\r\n\r\n"));
            sockets.Add(socket);
        }

        // The first bytes are there: each answer has begun, and nobody reads it on.
        foreach (var socket in sockets)
        {
            await Until.TrueAsync(() => Task.FromResult(socket.Available > 0));
        }

        return sockets;
    }
}
