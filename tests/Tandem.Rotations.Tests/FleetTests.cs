using System.Collections.Concurrent;
using Tandem.Rotations.Destinations;
using Tandem.Rotations.Fleets;
using Tandem.Testing;
using Xunit;

namespace Tandem.Rotations.Tests;

/// <summary>Many subaccounts in one run: who goes first, who is stopped where, and with whose token.</summary>
public sealed class FleetTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task When_the_first_fails_no_other_is_begun()
    {
        await using var rig = await Rig.StartAsync();
        var subs = await SubaccountsAsync(rig, 5);
        var report = await FleetOf(rig).RotateAsync(Request(rig, member => member.Name is "Sub 0" ? Runs(rig, "false") : []), Cancel);

        Assert.Equal(["failed", "not_begun", "not_begun", "not_begun", "not_begun"], report.Accounts.Select(a => RotationJson.NameOf(a.Outcome)));
        Assert.Equal((0, RotationFailure.Destination), (report.Rotated, report.Failure!.Failure));
        Assert.All(subs.Skip(1), sub => Assert.DoesNotContain(rig.Events, e => e.AccountSid == sub.Sid));
    }

    [Fact]
    public async Task Those_on_their_way_when_one_fails_stop_before_they_end_a_token_and_go_on_in_the_next_run()
    {
        await using var rig = await Rig.StartAsync();
        var subs = await SubaccountsAsync(rig, 3);
        var script = rig.Script("wait.sh", "until ls \"$(dirname \"$0\")\"/0.there \"$(dirname \"$0\")\"/1.there; do sleep 0.02; done; exit 1\n");
        var request = Request(rig, member => member.Name is "Sub 2" ? Runs(rig, script) : Runs(rig, "touch", rig.PathOf($"{member.Name[^1]}.there"))) with { Canary = 0, Parallel = 3 };
        var waiting = request with { RequestFor = member => request.RequestFor(member) with { Watch = new() } };

        var report = await FleetOf(rig).RotateAsync(waiting, Cancel);

        Assert.Equal(["held", "held", "failed"], report.Accounts.Select(a => RotationJson.NameOf(a.Outcome)));
        foreach (var sub in subs)
        {
            Assert.Equal((200, 200), (await CheckAsync(rig, sub), await CheckAsync(rig, sub with { Token = TokenIn(rig, sub.Sid)! })));
        }

        Assert.All(rig.States.List(), state => Assert.Contains(state.Step, (RotationStep[])[RotationStep.Watching, RotationStep.Delivering]));
        var mended = await FleetOf(rig).RotateAsync(Request(rig, _ => Runs(rig, "true")), Cancel);
        Assert.True(mended.IsDone);
        Assert.All(subs, sub => Assert.NotEqual(sub.Token, TokenIn(rig, sub.Sid)));
        Assert.False(rig.HasState());
    }

    [Fact]
    public async Task What_is_unfinished_goes_back_and_what_is_done_stays_done()
    {
        await using var rig = await Rig.StartAsync();
        var subs = await SubaccountsAsync(rig, 3);
        await FleetOf(rig).RotateAsync(Request(rig, member => Runs(rig, member.Name is "Sub 1" ? "false" : "true")) with { Parallel = 1 }, Cancel);

        var report = await FleetOf(rig).AbortAsync(Request(rig, _ => Runs(rig, "true")), Cancel);

        Assert.Equal((subs[1].Sid, FleetOutcome.WentBack), Assert.Single(report.Accounts) is var line ? (line.AccountSid, line.Outcome) : default);
        Assert.Equal((401, 200, 200), (await CheckAsync(rig, subs[0]), await CheckAsync(rig, subs[1]), await CheckAsync(rig, subs[2])));
        Assert.Equal(subs[1].Token, TokenIn(rig, subs[1].Sid));
        Assert.False(rig.HasState());
        var nothing = await Assert.ThrowsAsync<RotationException>(() => FleetOf(rig).AbortAsync(Request(rig), Cancel));
        Assert.Equal(RotationFailure.Precondition, nothing.Failure);
    }

    [Fact]
    public async Task Never_more_than_asked_for_at_a_time_and_never_sooner_than_the_pace()
    {
        await using var rig = await Rig.StartAsync();
        var subs = await SubaccountsAsync(rig, 12);
        var (most, running, begun) = (0, new HashSet<string>(StringComparer.Ordinal), new ConcurrentQueue<DateTimeOffset>());
        var fleet = new Fleet(rig.States, new()
        {
            Ask = (_, _) => throw new InvalidOperationException("Nobody is asked about one account."),
            Report = e =>
            {
                lock (running)
                {
                    if (e is { Step: "verify", Result: "ok" })
                    {
                        running.Remove(e.AccountSid);
                    }
                    else if (running.Add(e.AccountSid))
                    {
                        begun.Enqueue(e.At);
                    }

                    most = Math.Max(most, running.Count);
                }
            },
        });

        Assert.True((await fleet.RotateAsync(Request(rig) with { Canary = 0, Parallel = 3 }, Cancel)).IsDone);
        Assert.InRange(most, 2, 3);

        begun.Clear();
        var paced = Request(rig) with { Canary = 0, Parallel = 12, Pace = TimeSpan.FromMilliseconds(40), Selection = FleetSelection.Parse(["name=Sub 1*"], []) };
        Assert.True((await fleet.RotateAsync(paced, Cancel)).IsDone);
        Assert.Equal(3, begun.Count);
        Assert.True(begun.Last() - begun.First() >= TimeSpan.FromMilliseconds(60), $"{begun.Last() - begun.First()}"); // an event comes a little after its beginning
    }

    [Fact]
    public async Task A_subaccount_whose_token_nobody_holds_is_rotated_by_its_parent_and_can_be_resumed()
    {
        await using var rig = await Rig.StartAsync();
        var sub = Assert.Single(await SubaccountsAsync(rig, 1));
        await File.WriteAllTextAsync(EnvOf(rig, sub.Sid), "APP=x\n", Cancel);
        var failed = await FleetOf(rig).RotateAsync(Request(rig, _ => Runs(rig, "false")), Cancel);
        Assert.Equal(FleetOutcome.Failed, Assert.Single(failed.Accounts).Outcome);
        Assert.Equal((200, 200), (await CheckAsync(rig, sub), await CheckAsync(rig, sub with { Token = TokenIn(rig, sub.Sid)! })));

        var report = await FleetOf(rig).RotateAsync(Request(rig, _ => Runs(rig, "true")), Cancel);

        Assert.True(report.IsDone, report.Failure?.Message);
        Assert.Equal((401, 200), (await CheckAsync(rig, sub), await CheckAsync(rig, sub with { Token = TokenIn(rig, sub.Sid)! })));
        var audit = (await rig.Server.SendToAdminAsync("GET", $"/tandem/v1/accounts/{sub.Sid}/audit?after=0")).Json.GetProperty("entries").EnumerateArray();
        Assert.Contains(audit, e => e.GetProperty("action").GetString() is "secondary_created" && e.GetProperty("actor").GetString() == $"{rig.Sid} primary");
        Assert.Contains("is not held here, so not tried", rig.Events.Last(e => e.Step is "verify").Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_Twilio_each_is_rotated_with_the_token_that_the_parent_is_shown()
    {
        await using var rig = await Rig.StartAsync(recoverable: true);
        var subs = await SubaccountsAsync(rig, 3);
        foreach (var sub in subs)
        {
            await File.WriteAllTextAsync(EnvOf(rig, sub.Sid), "APP=x\n", Cancel);
        }

        var twilio = rig.OnTwilio().Issuer;
        var request = Request(rig) with { Issuer = twilio };
        var report = await FleetOf(rig).RotateAsync(request with { RequestFor = member => request.RequestFor(member) with { Issuer = twilio, Token = member.Token, Parent = null } }, Cancel);

        Assert.True(report.IsDone, report.Failure?.Message);
        foreach (var sub in subs)
        {
            Assert.Equal((401, 200), (await CheckAsync(rig, sub), await CheckAsync(rig, sub with { Token = TokenIn(rig, sub.Sid)! })));
        }
    }

    [Fact]
    public async Task Suspended_ones_are_left_out_and_counted()
    {
        await using var rig = await Rig.StartAsync();
        var subs = await SubaccountsAsync(rig, 2);
        await rig.Server.SendAsync("POST", $"/2010-04-01/Accounts/{subs[0].Sid}.json", r => r.Form(("Status", "suspended")));

        var report = await FleetOf(rig).RotateAsync(Request(rig), Cancel);

        Assert.Equal((1, subs[1].Sid), (report.NotActive, Assert.Single(report.Accounts).AccountSid));
    }

    [Fact]
    public async Task A_second_fleet_of_the_same_parent_waits_for_the_first()
    {
        await using var rig = await Rig.StartAsync();
        var subs = await SubaccountsAsync(rig, 1);
        RotationException? refused = null;
        var request = Request(rig);
        await FleetOf(rig).RotateAsync(
            request with
            {
                RequestFor = member =>
                {
                    refused ??= Assert.ThrowsAsync<RotationException>(() => FleetOf(rig).RotateAsync(request, Cancel)).GetAwaiter().GetResult();
                    return request.RequestFor(member);
                },
            },
            Cancel);
        Assert.Equal(RotationFailure.Precondition, refused!.Failure);
    }

    private static Fleet FleetOf(Rig rig) => new(rig.States, new() { Report = rig.Events.Enqueue, Ask = (_, _) => throw new InvalidOperationException("Nobody is asked about one account.") });

    private static string EnvOf(Rig rig, string sid) => rig.PathOf($"{sid}.env");

    private static string? TokenIn(Rig rig, string sid) =>
        File.ReadAllLines(EnvOf(rig, sid)).LastOrDefault(l => l.StartsWith("TWILIO_AUTH_TOKEN=", StringComparison.Ordinal))?["TWILIO_AUTH_TOKEN=".Length..];

    /// <summary>Each into its own env file, waiting for nothing; with the token that the file holds, else with the parent's.</summary>
    private static FleetRequest Request(Rig rig, Func<FleetMember, IReadOnlyList<PlannedDestination>>? besides = null) => new()
    {
        Issuer = Issuer.Tandem(rig.Server.Address),
        Parent = rig.First,
        Selection = FleetSelection.Parse([], []),
        StartedBy = "test",
        RequestFor = member => rig.Request([RotationPlan.Dotenv(EnvOf(rig, $"{member.Sid}")), .. besides?.Invoke(member) ?? []]) with
        {
            AccountSid = member.Sid,
            Token = TokenIn(rig, $"{member.Sid}") is { } token ? HeldToken.Read(member.Sid, token, "the test") : null,
            Parent = rig.First,
        },
    };

    private static IReadOnlyList<PlannedDestination> Runs(Rig rig, params string[] argv) =>
        rig.Plan($"[[destination]]\ntype = \"command\"\nname = \"hook\"\nrun = [{string.Join(", ", argv.Select(a => $"\"{a}\""))}]\n").Destinations;

    private static async Task<IReadOnlyList<TestCredential>> SubaccountsAsync(Rig rig, int count)
    {
        var made = new List<TestCredential>();
        for (var i = 0; i < count; i++)
        {
            var answer = await rig.Server.SendAsync("POST", "/2010-04-01/Accounts.json", r => r.Form(("FriendlyName", $"Sub {i}")));
            made.Add(new(answer.Text("sid")!, answer.Text("auth_token")!));
            await File.WriteAllTextAsync(EnvOf(rig, made[^1].Sid), $"TWILIO_ACCOUNT_SID={made[^1].Sid}\nTWILIO_AUTH_TOKEN={made[^1].Token}\n", Cancel);
        }

        return made;
    }

    private static async Task<int> CheckAsync(Rig rig, TestCredential sub) =>
        (await rig.Server.SendAsync("GET", $"/2010-04-01/Accounts/{sub.Sid}.json", r => r.As(sub))).Status;
}
