using Xunit;

namespace Tandem.Tests.Store;

public abstract class PromoteGuardSpec<TStore> : StoreSpec<TStore>
    where TStore : ITestStore, new()
{
    private static readonly PromoteIntent Forced = new(Force: true, Reason: "the token leaked");

    [Fact]
    public async Task With_the_guard_on_a_promote_waits_until_everyone_is_seen_to_have_moved()
    {
        var (sid, primary) = await NewGuardedAsync();
        foreach (var state in new[] { ReadinessState.Unknown, ReadinessState.NotYet })
        {
            foreach (var caller in new[] { Operator, With(sid, primary) })
            {
                Assert.Equal(ErrorKind.NotReady, (await Judging(state).PromoteAsync(caller, sid, Some.Context)).Error);
            }
        }

        Assert.Equal(Slot.Primary, Check(sid, primary));
        using var promoted = (await Judging(ReadinessState.Moved).PromoteAsync(With(sid, primary), sid, Some.Context)).Value;
        Assert.NotNull(promoted);
        Assert.Equal(AuditAction.SecondaryPromoted, Store.ReadAudit()[^1].Action);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Either_token_forces_it_and_the_entry_says_so_and_why(bool bySecondary)
    {
        var (sid, primary) = await NewAccountAsync();
        var secondary = await NewSecondaryAsync(sid, primary);
        await Lifecycle.GuardAsync(With(sid, primary), sid, PromoteGuard.Enforce, Some.Context);

        var rotation = Judging(ReadinessState.NotYet);
        using var promoted = (await rotation.PromoteAsync(With(sid, bySecondary ? secondary : primary), sid, Some.Context, Forced)).Value;
        Assert.Equal(secondary, promoted!.Token!.Reveal());
        var entry = (await Store.Accounts.ReadAuditAsync(new(1), TestContext.Current.CancellationToken))[0].Entry;
        Assert.Equal((AuditAction.SecondaryPromotedByForce, "the token leaked"), (entry.Action, entry.Detail));
    }

    [Fact]
    public async Task Force_where_nothing_stands_in_the_way_is_a_plain_promote()
    {
        var (sid, primary) = await NewAccountAsync();
        await NewSecondaryAsync(sid, primary);
        using var unguarded = (await Judging(ReadinessState.NotYet).PromoteAsync(Operator, sid, Some.Context, Forced)).Value;

        Assert.NotNull(unguarded);
        Assert.Equal(AuditAction.SecondaryPromoted, Store.ReadAudit()[^1].Action);
    }

    [Fact]
    public async Task Where_nobody_can_judge_nobody_has_moved()
    {
        var (sid, primary) = await NewGuardedAsync();
        Assert.Equal(ErrorKind.NotReady, (await Rotation.PromoteAsync(With(sid, primary), sid, Some.Context)).Error);
    }

    [Fact]
    public async Task The_guard_speaks_after_the_credential_and_after_the_missing_secondary()
    {
        var (sid, primary) = await NewAccountAsync();
        await Lifecycle.GuardAsync(Operator, sid, PromoteGuard.Enforce, Some.Context);
        var rotation = Judging(ReadinessState.NotYet);
        Assert.Equal(ErrorKind.NoSecondary, (await rotation.PromoteAsync(With(sid, primary), sid, Some.Context)).Error);

        await NewSecondaryAsync(sid, primary);
        var dying = With(sid, primary);
        using var promoted = (await rotation.PromoteAsync(Operator, sid, Some.Context, Forced)).Value;
        await NewSecondaryAsync(sid);
        Assert.Equal(ErrorKind.WrongCredential, (await rotation.PromoteAsync(dying, sid, Some.Context, Forced)).Error);
    }

    [Fact]
    public async Task It_survives_a_restart_and_is_switched_by_the_account_its_parent_or_an_operator()
    {
        var (parent, parentToken) = await NewAccountAsync();
        var (sid, token) = await NewAccountAsync(parent);
        Assert.Equal(PromoteGuard.Off, (await FindAsync(sid)).PromoteGuard);
        foreach (var caller in new[] { With(sid, token), With(parent, parentToken), Operator })
        {
            await Lifecycle.GuardAsync(caller, sid, PromoteGuard.Enforce, Some.Context);
            Assert.Equal(PromoteGuard.Enforce, (await FindAsync(sid)).PromoteGuard);
            await Lifecycle.GuardAsync(caller, sid, PromoteGuard.Off, Some.Context);
        }

        Assert.Equal(ErrorKind.AccountNotFound, (await Lifecycle.GuardAsync(With(sid, token), parent, PromoteGuard.Enforce, Some.Context)).Error);
        await Lifecycle.GuardAsync(Operator, sid, PromoteGuard.Enforce, Some.Context);
        await RestartAsync(recoverable: false);
        Assert.Equal(PromoteGuard.Enforce, (await FindAsync(sid)).PromoteGuard);
    }

    private async Task<(AccountSid Sid, string Primary)> NewGuardedAsync()
    {
        var (sid, primary) = await NewAccountAsync();
        await NewSecondaryAsync(sid, primary);
        await Lifecycle.GuardAsync(Operator, sid, PromoteGuard.Enforce, Some.Context);
        return (sid, primary);
    }

    private Rotation Judging(ReadinessState state) => new(Store.Accounts, Verifier, Seals, Time)
    {
        Judge = (_, _) => new(state, ReadinessReason.None, null, []),
    };
}

public sealed class SqlitePromoteGuard : PromoteGuardSpec<SqliteTestStore>;
