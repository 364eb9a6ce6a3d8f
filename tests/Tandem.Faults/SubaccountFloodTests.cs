using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Tandem.Cli.Claims;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults;

/// <summary>
/// One token that makes as many subaccounts as it can, each with a record of a rotation as large as the server takes: it comes to an end, and neither
/// the memory nor what another account may do depends on how long it goes on.
/// </summary>
public sealed class SubaccountFloodTests
{
    private const int Connections = 16;

    /// <summary>Of these 4 MiB are records of rotations; the rest is a server that has answered its first thousands of requests.</summary>
    private const long Growth = 96L << 20;

    private static readonly int s_attempts = LongRun.Of(5_000, 100_000);

    [Fact]
    public async Task A_flood_of_subaccounts_with_large_rotation_records_ends_at_the_limit_and_memory_stays_bounded()
    {
        await using var server = await ServerProcess.StartAsync();
        var first = server.FirstAccount();
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Connections, UseProxy = false });
        http.BaseAddress = server.Http.BaseAddress;
        await MakeAsync(http, first.Sid, first.Token); // the first of everything
        var before = MemoryOf(server);
        var (made, refused) = (1, 0);
        await Parallel.ForEachAsync(
            Enumerable.Range(1, s_attempts - 1),
            new ParallelOptions { MaxDegreeOfParallelism = Connections, CancellationToken = TestContext.Current.CancellationToken },
            async (_, _) =>
            {
                if (await MakeAsync(http, first.Sid, first.Token))
                {
                    Interlocked.Increment(ref made);
                }
                else
                {
                    Interlocked.Increment(ref refused);
                }
            });
        var after = MemoryOf(server);
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{s_attempts} attempts: {made} subaccounts, {refused} refused; memory {before >> 20} MiB before, {after >> 20} MiB after"));

        Assert.Equal((AccountLifecycle.DefaultSubaccountLimit, s_attempts - AccountLifecycle.DefaultSubaccountLimit), (made, refused));
        Assert.InRange(after - before, long.MinValue, Growth);
        var caller = new TwilioCaller(server.Http);
        Assert.Equal(201, (await caller.CreateAsync(first.Sid, first.Token)).Status);
    }

    /// <summary>False when there are too many subaccounts.</summary>
    private static async Task<bool> MakeAsync(HttpClient http, string sid, string token)
    {
        using var create = new HttpRequestMessage(HttpMethod.Post, "/2010-04-01/Accounts.json") { Headers = { Authorization = Basic(sid, token) } };
        using var answer = await http.SendAsync(create, TestContext.Current.CancellationToken);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        if ((int)answer.StatusCode == 400)
        {
            Assert.Equal(21480, json.RootElement.GetProperty("code").GetInt32());
            return false;
        }

        var made = json.RootElement.GetProperty("sid").GetString()!;
        var destinations = string.Join(',', Enumerable.Range(0, 40).Select(i => $$"""{"name":"{{new string('x', 300)}}","progress":"pending"}"""));
        var body = $$"""
            {"id":"{{new string('1', 32)}}","owner":"a","started":"2026-01-01T00:00:00Z","progress":"rotated","step":"done",
             "destinations":[{{destinations}}]}
            """;
        using var tell = new HttpRequestMessage(HttpMethod.Put, $"/tandem/v1/accounts/{made}/rotation")
        {
            Headers = { Authorization = Basic(sid, token) },
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        using var told = await http.SendAsync(tell, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)told.StatusCode);
        return true;
    }

    private static AuthenticationHeaderValue Basic(string sid, string token) =>
        new("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{sid}:{token}")));

    private static long MemoryOf(ServerProcess server)
    {
        var line = File.ReadLines($"/proc/{server.ProcessId}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
