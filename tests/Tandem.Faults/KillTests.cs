using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults;

/// <summary>
/// Rotations under load while the process is killed again and again: nothing acknowledged is lost, nothing retired is accepted, and
/// nothing valid is refused.
/// </summary>
public sealed class KillTests
{
    private const int Accounts = 6;
    private const int Kills = 20;
    private const int Rotations = 50;

    [Fact]
    public async Task Fifty_rotations_with_twenty_kills_lose_nothing_and_revive_nothing()
    {
        var seed = Environment.GetEnvironmentVariable("TANDEM_TEST_SEED") is { Length: > 0 } given ? int.Parse(given, System.Globalization.CultureInfo.InvariantCulture) : Environment.ProcessId;
        var output = TestContext.Current.TestOutputHelper!;
        output.WriteLine($"seed {seed} (repeat with TANDEM_TEST_SEED={seed})");
        await using var server = await ServerProcess.StartAsync(ServerProcess.Unthrottled);
        var caller = new TwilioCaller(server.Http);
        var parent = server.FirstAccount();
        var clients = new List<Client>();
        for (var i = 0; i < Accounts; i++)
        {
            var (sid, token) = await caller.CreateSubaccountAsync(parent.Sid, parent.Token);
            clients.Add(new(caller, sid, token));
        }

        using var stop = new CancellationTokenSource();
        var work = clients.SelectMany(c => (Task[])[Task.Run(() => c.RotateAsync(stop.Token)), Task.Run(() => c.CheckAsync(stop.Token))]).ToList();
        await KillAgainAndAgainAsync(server, clients, seed);
        await stop.CancelAsync();
        await Task.WhenAll(work);

        foreach (var client in clients)
        {
            await client.SettleAsync();
        }

        output.WriteLine($"{clients.Sum(c => c.Promotes)} promotes acknowledged, {clients.Sum(c => c.UnknownOutcomes)} outcomes unknown and resolved, {clients.Sum(c => c.Checks)} checks, slowest start {Slowest.TotalMilliseconds:F0} ms");
        Assert.Empty(clients.SelectMany(c => c.Violations));
        Assert.True(clients.Sum(c => c.Promotes) >= Rotations);
        Assert.True(clients.Sum(c => c.UnknownOutcomes) > 0, "no kill met a mutation under way: the test has proved nothing");
    }

    private TimeSpan Slowest { get; set; }

    [SuppressMessage("ApiDesign", "RS0030", Justification = "The moments of the kills repeat with the seed.")]
    private async Task KillAgainAndAgainAsync(ServerProcess server, List<Client> clients, int seed)
    {
        var random = new Random(seed);
        for (var kills = 0; kills < Kills || clients.Sum(c => c.Promotes) < Rotations; kills++)
        {
            await Task.Delay(random.Next(20, 300)); // the fault's moment, not a wait for a result
            await server.KillAsync();
            await server.StartAgainAsync();
            Slowest = server.Ready > Slowest ? server.Ready : Slowest;
        }
    }

    /// <summary>One account's owner: holds what it was told, and checks the server against it.</summary>
    private sealed class Client(TwilioCaller caller, string sid, string token)
    {
        private readonly ConcurrentBag<string> _retired = [];

        // The token that checks use, and a number that changes before anything that may retire it is sent.
        private volatile Held _held = new(token, 0);

        public ConcurrentBag<string> Violations { get; } = [];

        public int Promotes { get; private set; }

        public int UnknownOutcomes { get; private set; }

        public long Checks { get; private set; }

        public async Task RotateAsync(CancellationToken stop)
        {
            for (var round = 0; !stop.IsCancellationRequested; round++)
            {
                var primary = _held.Token;
                var created = await caller.CreateAsync(sid, primary);
                if (created.Status != 201)
                {
                    await ResolveCreateAsync(created, primary);
                    continue;
                }

                var secondary = created.Text("secondary_auth_token");
                _held = new(secondary, _held.Number + 1); // valid from here to the end, whatever becomes of the promote
                var promoted = await caller.PromoteAsync(sid, round % 2 == 0 ? primary : secondary);
                await ResolvePromoteAsync(promoted, primary, secondary);
            }
        }

        /// <summary>Asks all the while with a token that is valid: refused only if this client itself retired it meanwhile.</summary>
        public async Task CheckAsync(CancellationToken stop)
        {
            while (!stop.IsCancellationRequested)
            {
                var held = _held;
                var status = await caller.CheckAsync(sid, held.Token);
                Checks++;
                if (status is not (0 or 200) && _held == held)
                {
                    Violations.Add($"a valid token was answered {status}");
                }

                if (_retired.TryPeek(out var old) && await caller.CheckAsync(sid, old) is not (0 or 401))
                {
                    Violations.Add("a retired token was accepted");
                }
            }
        }

        /// <summary>At the end, on a quiet server: what was acknowledged holds, and no retired token lives.</summary>
        public async Task SettleAsync()
        {
            if (await caller.CheckAsync(sid, _held.Token) != 200)
            {
                Violations.Add("the last acknowledged token is refused");
            }

            foreach (var old in _retired)
            {
                if (await caller.CheckAsync(sid, old) != 401)
                {
                    Violations.Add("a retired token is accepted at the end");
                }
            }
        }

        private async Task ResolveCreateAsync(Answer created, string primary)
        {
            if (created.Unknown)
            {
                UnknownOutcomes++;
            }
            else if (created.Status != 400)
            {
                Violations.Add($"a create was answered {created.Status}");
            }

            // One may have been made that nobody holds: remove it. The primary works in any case.
            var deleted = await AnsweredAsync(() => caller.DeleteAsync(sid, primary));
            if (deleted.Status is not (204 or 404))
            {
                Violations.Add($"after an unanswered create the primary's delete was answered {deleted.Status}");
            }
        }

        private async Task ResolvePromoteAsync(Answer promoted, string primary, string secondary)
        {
            if (promoted.Unknown)
            {
                // The secondary was acknowledged, so it works; promoting with it again tells the outcome in one call.
                UnknownOutcomes++;
                var again = await AnsweredAsync(() => caller.PromoteAsync(sid, secondary));
                if (again.Status is not (200 or 404))
                {
                    Violations.Add($"after an unanswered promote the secondary's promote was answered {again.Status}");
                }
            }
            else if (promoted.Status != 200 || !string.Equals(promoted.Text("auth_token"), secondary, StringComparison.Ordinal))
            {
                Violations.Add($"a promote was answered {promoted.Status}");
            }

            Promotes++;
            if (await caller.CheckAsync(sid, primary) is not (0 or 401))
            {
                Violations.Add("the retired token was accepted right after the answer");
            }

            _retired.Add(primary);
        }

        private static async Task<Answer> AnsweredAsync(Func<Task<Answer>> call)
        {
            Answer answer = default;
            await Until.TrueAsync(async () => !(answer = await call()).Unknown);
            return answer;
        }

        private sealed record Held(string Token, int Number);
    }
}
