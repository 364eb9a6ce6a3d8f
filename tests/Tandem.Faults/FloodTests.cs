using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Tandem.Cli.Claims;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults;

/// <summary>
/// Wrong tokens at full speed: the owner, who calls from the flooding address as well, is never refused, the failures beyond the budget are answered as
/// such, and neither the memory nor the database has anything to do with how many there were.
/// </summary>
public sealed class FloodTests
{
    private const int Connections = 32;
    private const int Addresses = 10_000;
    private const string OneAddress = "203.0.113.7";

    /// <summary>Of one source for one SID: 300 at once, then one a second.</summary>
    private const int Budget = 300;

    /// <summary>Three floods of a million left it some 5 MiB smaller; seventeen bytes kept of each attempt would be more than this.</summary>
    private const long Growth = 16L << 20;

    private const int Warming = 30_000;

    private static readonly int s_attempts = LongRun.Of(30_000, 1_000_000);

    private static readonly string[] s_paths = ["/auth/forward", "/auth/nginx", "/2010-04-01/Accounts.json"];

    private readonly ConcurrentDictionary<(string Path, int Status), int> _answers = new();

    [Fact]
    public async Task A_flood_of_wrong_tokens_refuses_no_owner_and_leaves_memory_and_database_as_they_were()
    {
        await using var server = await ServerProcess.StartAsync(("TANDEM_TRUSTED_PROXIES", "127.0.0.0/8"));
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Connections, UseProxy = false }) { BaseAddress = server.Http.BaseAddress };
        var caller = new TwilioCaller(server.Http);
        var first = server.FirstAccount();
        var (account, other) = (await caller.CreateSubaccountAsync(first.Sid, first.Token), await caller.CreateSubaccountAsync(first.Sid, first.Token));
        Flood[] floods =
        [
            new("at one account from one address", _ => OneAddress, _ => account.Sid),
            new($"at one account from {Addresses} addresses", AddressOf, _ => account.Sid),
            new($"at random SIDs from {Addresses} addresses", AddressOf, _ => RandomSid()),
        ];
        foreach (var flood in floods)
        {
            // The tables are touched, and the collector has settled.
            await SendAsync(http, flood with { SidOf = flood.SidOf(0) == account.Sid ? _ => other.Sid : flood.SidOf }, Warming);
        }

        var owner = new Owner(server, account);
        await owner.CallAsync(OneAddress, Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken)); // connections
        Say($"quiet: {await owner.CallAsync(OneAddress, Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken))}");
        var (memory, database) = (MemoryOf(server), Database.Of(server));
        foreach (var flood in floods)
        {
            _answers.Clear();
            var watch = Stopwatch.StartNew();
            var flooding = SendAsync(http, flood, s_attempts);
            var calls = await owner.CallAsync(flood.AddressOf(0), flooding);
            await flooding;
            var grown = MemoryOf(server) - memory;
            Say($"{flood.Name}: {s_attempts / watch.Elapsed.TotalSeconds:F0} attempts a second, answered {string.Join(", ", _answers.OrderBy(a => a.Key).Select(a => $"{a.Key.Path} {a.Key.Status} × {a.Value}"))}; owner: {calls}; memory {grown / 1024.0 / 1024:+0.0;-0.0;0} MiB");
            Assert.Equal(0, owner.Refused);
            Assert.Equal(database, Database.Of(server));
            Assert.True(grown < Growth, $"the memory grew by {grown} bytes");
            AnsweredAsPromised(isOneSource: flood == floods[0], watch.Elapsed);
        }
    }

    /// <summary>The same watcher sees what each change does: so it would have seen what an attempt does.</summary>
    [Fact]
    public async Task A_flood_of_changes_is_seen_in_the_database()
    {
        await using var server = await ServerProcess.StartAsync();
        var (caller, account) = (new TwilioCaller(server.Http), server.FirstAccount());
        for (var i = 0; i < 20; i++)
        {
            var before = Database.Of(server);
            Assert.Equal(201, (await caller.CreateAsync(account.Sid, account.Token)).Status);
            var between = Database.Of(server);
            Assert.Equal(204, (await caller.DeleteAsync(account.Sid, account.Token)).Status);
            Assert.NotEqual(before, between);
            Assert.NotEqual(between, Database.Of(server));
        }
    }

    /// <summary>A refusal each; "too many" for the one address beyond its budget (nginx is told 403, which its recipe turns into that), and for no other.</summary>
    private void AnsweredAsPromised(bool isOneSource, TimeSpan took)
    {
        Assert.Equal(s_attempts, _answers.Values.Sum());
        Assert.All(_answers.Keys, key => Assert.True(key.Status == 401 || (isOneSource && key.Status == (key.Path == s_paths[1] ? 403 : 429)), $"{key.Path} was answered {key.Status}"));
        if (isOneSource)
        {
            var refused = _answers.Where(a => a.Key.Status == 401).Sum(a => a.Value);
            Assert.InRange(refused, Budget, Budget + (int)took.TotalSeconds + 2);
        }
    }

    private async Task SendAsync(HttpClient http, Flood flood, int attempts)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var i && i < attempts)
            {
                var path = s_paths[i % s_paths.Length];
                var status = await AskAsync(http, path, flood.AddressOf(i), flood.SidOf(i), RandomNumberGenerator.GetHexString(32, lowercase: true));
                _answers.AddOrUpdate((path, status), 1, static (_, count) => count + 1);
            }
        })));
    }

    private static async Task<int> AskAsync(HttpClient http, string path, string address, string sid, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{sid}:{token}")));
        request.Headers.Add("X-Forwarded-For", address);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseContentRead);
        return (int)response.StatusCode;
    }

    private static string AddressOf(int attempt) => string.Create(CultureInfo.InvariantCulture, $"198.18.{attempt % Addresses / 250}.{attempt % Addresses % 250}");

    private static string RandomSid() => "AC" + RandomNumberGenerator.GetHexString(32, lowercase: true);

    private static long MemoryOf(ServerProcess server) =>
        1024 * long.Parse(File.ReadLines($"/proc/{server.ProcessId}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    private static void Say(string line) => TestContext.Current.TestOutputHelper!.WriteLine(line);

    private sealed record Flood(string Name, Func<int, string> AddressOf, Func<int, string> SidOf);

    /// <summary>The main database's files: each name, length and content.</summary>
    private sealed record Database(string Content)
    {
        public static Database Of(ServerProcess server) => new(string.Join('\n', ((string[])["tandem.db", "tandem.db-wal"]).Select(name =>
        {
            using var file = new FileStream(Path.Combine(server.Data, name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return $"{name} {file.Length} {Convert.ToHexString(SHA256.HashData(file))}";
        })));
    }

    /// <summary>The one who is right, two hundred times a second.</summary>
    private sealed class Owner(ServerProcess server, (string Sid, string Token) account)
    {
        private int _refused;

        public int Refused => _refused;

        /// <summary>Calls until this is done. Answers how long it took, as text: a machine that is busy is no fault.</summary>
        public async Task<string> CallAsync(string address, Task until)
        {
            var (calls, times) = (new List<Task>(), new ConcurrentBag<double>());
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
            while (await timer.WaitForNextTickAsync() && !until.IsCompleted)
            {
                calls.RemoveAll(c => c.IsCompletedSuccessfully);
                if (calls.Count < 200)
                {
                    calls.Add(CallOnceAsync());
                }
            }

            await Task.WhenAll(calls);
            var ordered = times.Order().ToList();
            return $"{ordered.Count} calls, p50 {ordered[ordered.Count / 2]:F1} ms, p99 {ordered[ordered.Count * 99 / 100]:F1} ms";

            async Task CallOnceAsync()
            {
                var from = Stopwatch.GetTimestamp();
                var status = await AskAsync(server.Http, s_paths[0], address, account.Sid, account.Token);
                times.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
                Interlocked.Add(ref _refused, status == 200 ? 0 : 1);
            }
        }
    }
}
