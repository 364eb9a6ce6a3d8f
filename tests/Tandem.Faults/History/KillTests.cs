using Tandem.Cli.Claims;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults.History;

/// <summary>
/// Rotations under load while the process is killed again and again: nothing acknowledged is lost, nothing retired is accepted, and
/// nothing valid is refused, by the history of every token ever made.
/// </summary>
public sealed class KillTests
{
    private const int Accounts = 6;
    private static readonly int s_kills = LongRun.Of(20, 200);
    private static readonly int s_rotations = LongRun.Of(50, 500);

    private readonly Dice _dice = new();

    [Fact]
    public async Task Rotations_under_kills_lose_nothing_and_revive_nothing()
    {
        await using var server = await ServerProcess.StartAsync(ServerProcess.Unthrottled);
        var caller = new TwilioCaller(server.Http);
        var parent = server.FirstAccount();
        var owners = new List<Owner>();
        for (var i = 0; i < Accounts; i++)
        {
            var (sid, token) = await caller.CreateSubaccountAsync(parent.Sid, parent.Token);
            owners.Add(new(caller, sid, token));
        }

        using var stop = new CancellationTokenSource();
        var work = owners.SelectMany(o => (Task[])[Task.Run(() => o.RotateAsync(stop.Token)), Task.Run(() => o.CheckAsync(stop.Token))]).ToList();
        var slowest = TimeSpan.Zero;
        for (var kills = 0; kills < s_kills || owners.Sum(o => o.Promotes) < s_rotations; kills++)
        {
            await Task.Delay(_dice.Below(280) + 20, TestContext.Current.CancellationToken); // the fault's moment, not a wait for a result
            await server.KillAsync();
            await server.StartAgainAsync();
            slowest = server.Ready > slowest ? server.Ready : slowest;
        }

        await stop.CancelAsync();
        await Task.WhenAll(work);
        foreach (var owner in owners)
        {
            await owner.SettleAsync();
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{owners.Sum(o => o.Promotes)} promotes, {s_kills} kills, {owners.Sum(o => o.UnknownOutcomes)} outcomes unknown and resolved, {owners.Sum(o => o.Checks)} checks in the histories, slowest start {slowest.TotalMilliseconds:F0} ms");
        Assert.Empty(owners.SelectMany(o => o.FindViolations()));
        Assert.True(owners.Sum(o => o.UnknownOutcomes) > 0, "no kill met a mutation under way: the test has proved nothing");
    }
}
