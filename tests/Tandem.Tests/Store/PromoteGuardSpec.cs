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

    [Fact]
    public async Task Counting_that_hangs_holds_no_row_and_refuses_the_promote_in_time_and_force_passes_it()
    {
        var (sid, primary) = await NewGuardedAsync();
        using var asked = new SemaphoreSlim(0);
        using var never = new ManualResetEventSlim();
        var rotation = new Rotation(Store.Accounts, Verifier, Seals, Time)
        {
            Gather = _ =>
            {
                asked.Release();
                never.Wait(TestContext.Current.CancellationToken); // a lock that somebody holds: it blocks its thread
                return Task.FromResult<PromoteEvidence?>(null);
            },
        };
        foreach (var intent in new[] { null, Forced })
        {
            var promoting = rotation.PromoteAsync(With(sid, primary), sid, Some.Context, intent);
            await asked.WaitAsync(TestContext.Current.CancellationToken);
            await NewAccountAsync(); // the writer is free
            Assert.Equal(ErrorKind.None, (await Lifecycle.UpdateAsync(Operator, sid, "Till", null, Some.Context)).Error); // and so is the row
            while (!promoting.IsCompleted)
            {
                Time.Advance(TimeSpan.FromSeconds(1));
                await Task.WhenAny(promoting, Task.Delay(10, TestContext.Current.CancellationToken));
            }

            var outcome = await promoting;
            using var promoted = outcome.Value;
            Assert.Equal(intent is null ? ErrorKind.NotReady : ErrorKind.None, outcome.Error);
        }

        never.Set();
        Assert.Equal(AuditAction.SecondaryPromotedByForce, Store.ReadAudit()[^1].Action);
    }

    [Fact]
    public async Task Evidence_of_other_tokens_counts_for_nothing_and_is_gathered_again()
    {
        var (sid, _) = await NewGuardedAsync();
        var gathered = 0;
        var rotation = new Rotation(Store.Accounts, Verifier, Seals, Time)
        {
            Gather = async asked =>
            {
                var evidence = new PromoteEvidence((await FindAsync(asked)).Generation, (_, _) => ReadinessState.Moved);
                if (++gathered == 1)
                {
                    await Rotation.DeleteSecondaryAsync(Operator, sid, Some.Context);
                    await NewSecondaryAsync(sid);
                }

                return evidence;
            },
        };
        using var promoted = (await rotation.PromoteAsync(Operator, sid, Some.Context)).Value;
        Assert.NotNull(promoted);
        Assert.Equal(2, gathered);
    }

    [Fact]
    public async Task Tokens_that_change_under_every_attempt_end_in_a_refusal()
    {
        var (sid, _) = await NewGuardedAsync();
        var gathered = 0;
        var rotation = new Rotation(Store.Accounts, Verifier, Seals, Time)
        {
            Gather = _ => Task.FromResult<PromoteEvidence?>(new(++gathered + 1_000, (_, _) => ReadinessState.Moved)),
        };
        Assert.Equal(ErrorKind.NotReady, (await rotation.PromoteAsync(Operator, sid, Some.Context)).Error);
        Assert.InRange(gathered, 2, 10);
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
        Gather = async sid => new((await FindAsync(sid)).Generation, (_, _) => state),
    };
}

public sealed class SqlitePromoteGuard : PromoteGuardSpec<SqliteTestStore>;
