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

    private readonly Dice _dice = Seeded.Dice();

    [Fact]
    public async Task Rotations_under_kills_lose_nothing_and_revive_nothing()
    {
        await using var server = await ServerProcess.StartAsync(ServerProcess.Unthrottled);
        var caller = new TwilioCaller(server.Http);
        var owners = new Owners(caller, await caller.CreateSubaccountsAsync(server.FirstAccount(), Accounts));
        var slowest = TimeSpan.Zero;
        await owners.WorkAsync(async () =>
        {
            for (var kills = 0; kills < s_kills || owners.Promotes < s_rotations; kills++)
            {
                await Task.Delay(_dice.Below(280) + 20, TestContext.Current.CancellationToken); // the fault's moment, not a wait for a result
                await server.KillAsync();
                await server.StartAgainAsync();
                slowest = server.Ready > slowest ? server.Ready : slowest;
            }
        });

        TestContext.Current.TestOutputHelper!.WriteLine($"{owners.Promotes} promotes, {s_kills} kills, {owners.UnknownOutcomes} outcomes unknown and resolved, {owners.Checks} checks in the histories, slowest start {slowest.TotalMilliseconds:F0} ms");
        Assert.Empty(owners.FindViolations());
        Assert.True(owners.UnknownOutcomes > 0, "no kill met a mutation under way: the test has proved nothing");
    }
}
