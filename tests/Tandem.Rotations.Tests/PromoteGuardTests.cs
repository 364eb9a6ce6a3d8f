using Tandem.Testing;
using Xunit;

namespace Tandem.Rotations.Tests;

/// <summary>An account whose promote guard is on: the rotation waits for everyone, whatever its plan says, or ends the old token by force.</summary>
public sealed class PromoteGuardTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_plan_that_requires_nothing_waits_all_the_same_and_says_why()
    {
        await using var rig = await Rig.StartAsync();
        await GuardAsync(rig);
        await CallAsync(rig, rig.Server.Account.Token);

        var pending = await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(rig.Request() with { Timeout = TimeSpan.Zero }, Cancel));

        Assert.Equal(RotationFailure.Pending, pending.Failure);
        Assert.Contains("used the primary in the last 10 min, and the account's promote guard is on", pending.Message, StringComparison.Ordinal);
        Assert.Contains("--force", pending.Message, StringComparison.Ordinal);
        Assert.Empty(rig.Questions);
        Assert.Equal((200, 200), (await rig.CheckAsync(rig.EnvToken), await rig.CheckAsync(rig.Server.Account.Token)));
    }

    [Fact]
    public async Task It_promotes_when_everyone_has_moved()
    {
        await using var rig = await Rig.StartAsync(quietTime: TimeSpan.FromSeconds(1));
        await GuardAsync(rig);
        await CallAsync(rig, rig.Server.Account.Token);
        var rotation = rig.Engine.RotateAsync(rig.Request(), Cancel);
        await Until.TrueAsync(() => rig.Events.Any(e => e.Step is "watch"));
        await Until.TrueAsync(async () => await CallAsync(rig, rig.EnvToken) == 200 && rotation.IsCompleted);

        await rotation;

        Assert.Equal((200, 401), (await rig.CheckAsync(rig.EnvToken), await rig.CheckAsync(rig.Server.Account.Token)));
        Assert.Equal("1 consumer moved, and the primary is quiet for 1.0 s", rig.Events.Last(e => e.Step is "watch").Text);
        Assert.DoesNotContain("by_force", await AuditAsync(rig), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Force_goes_by_the_guard_with_a_reason_in_the_audit()
    {
        await using var rig = await Rig.StartAsync();
        await GuardAsync(rig);
        await CallAsync(rig, rig.Server.Account.Token);

        await rig.Engine.RotateAsync(rig.Request() with { Force = true }, Cancel);

        Assert.Single(Assert.Single(rig.Questions).InTheWay);
        Assert.Equal((200, 401), (await rig.CheckAsync(rig.EnvToken), await rig.CheckAsync(rig.Server.Account.Token)));
        Assert.Contains("\"secondary_promoted_by_force\"", await AuditAsync(rig), StringComparison.Ordinal);
        Assert.Contains("tandem rotate was told to promote at once", await AuditAsync(rig), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refused_by_the_guard_at_the_last_moment_it_watches_again_or_goes_back()
    {
        await using var rig = await Rig.StartAsync();
        rig.Answer = _ =>
        {
            // Between the verdict and the promote.
            GuardAsync(rig).GetAwaiter().GetResult();
            return true;
        };

        var refused = await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(rig.Request(), Cancel));

        Assert.Equal(RotationFailure.Pending, refused.Failure);
        Assert.Contains("promote guard refused: Not promoted: no consumer of the primary token has been seen yet", refused.Message, StringComparison.Ordinal);
        Assert.Contains("nothing is broken", refused.Message, StringComparison.Ordinal);
        Assert.Equal(RotationStep.Watching, Assert.Single(rig.States.List()).Step);
        rig.Answer = _ => true;
        await rig.Engine.AbortAsync(rig.Request(), Cancel);
        Assert.Equal(rig.Server.Account.Token, rig.EnvToken);
    }

    private static async Task GuardAsync(Rig rig) => Assert.Equal(200, (await rig.Server.SendAsync(
        "POST", $"/tandem/v1/accounts/{rig.Sid}/tokens/promote-guard", r => r.Content = new StringContent("""{"promote_guard":"enforce"}""", System.Text.Encoding.UTF8, "application/json"))).Status);

    private static async Task<int> CallAsync(Rig rig, string token) =>
        (await rig.Server.SendAsync("GET", "/auth/forward", r => r.As(new(rig.Sid, token)).With("X-Client-Name", "billing"))).Status;

    private static async Task<string> AuditAsync(Rig rig) => (await rig.Server.SendToAdminAsync("GET", $"/tandem/v1/accounts/{rig.Sid}/audit")).Body;
}
