using Xunit;

namespace Tandem.Tests.Store;

public abstract class RotationSpec<TStore> : StoreSpec<TStore>
    where TStore : ITestStore, new()
{
    [Fact]
    public async Task Create_by_the_primary_seals_the_text_under_it()
    {
        var (sid, primary) = await NewAccountAsync();
        Time.Advance(TimeSpan.FromHours(1));
        using var created = (await Rotation.CreateSecondaryAsync(With(sid, primary), sid, Some.Context)).Value!;

        var kept = (await FindAsync(sid)).Secondary!;
        Assert.Equal(SealKind.UnderPrimary, kept.Seal!.Kind);
        Assert.Equal(Fingerprint.Of(sid, created.Token), kept.Fingerprint);
        Assert.Equal(Some.Moment.AddHours(1), kept.DateCreated);
        Assert.Equal(Slot.Secondary, Check(sid, created.Token.Reveal()));
        Assert.Equal(Slot.Primary, Check(sid, primary));
    }

    [Fact]
    public async Task Create_by_anyone_else_seals_the_text_under_the_server_s_key()
    {
        var (parent, parentToken) = await NewAccountAsync();
        var (one, _) = await NewAccountAsync(parent);
        var (two, _) = await NewAccountAsync(parent);
        await NewSecondaryAsync(one);
        using var byParent = (await Rotation.CreateSecondaryAsync(With(parent, parentToken), two, Some.Context)).Value!;

        Assert.Equal(SealKind.UnderServerKey, (await FindAsync(one)).Secondary!.Seal!.Kind);
        Assert.Equal(SealKind.UnderServerKey, (await FindAsync(two)).Secondary!.Seal!.Kind);
    }

    [Fact]
    public async Task Create_is_refused_while_there_is_a_secondary_by_whichever_token()
    {
        var (sid, primary) = await NewAccountAsync();
        var secondary = await NewSecondaryAsync(sid, primary);

        foreach (var caller in new[] { With(sid, primary), With(sid, secondary), Operator })
        {
            Assert.Equal(ErrorKind.SecondaryExists, (await Rotation.CreateSecondaryAsync(caller, sid, Some.Context)).Error);
        }

        Assert.Equal(Slot.Secondary, Check(sid, secondary));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Promote_by_the_primary_answers_the_text_whoever_created_it(bool createdByOperator)
    {
        var (sid, primary) = await NewAccountAsync();
        var secondary = await NewSecondaryAsync(sid, createdByOperator ? null : primary);
        Time.Advance(TimeSpan.FromMinutes(5));
        using var promoted = (await Rotation.PromoteAsync(With(sid, primary), sid, Some.Context)).Value!;

        Assert.Equal(secondary, promoted.Token!.Reveal());
        Assert.Equal(Some.Moment.AddMinutes(5), promoted.At);
        Assert.Equal(Some.Moment, promoted.Account.Primary!.DateCreated);
        Assert.Null(Check(sid, primary));
        Assert.Equal(Slot.Primary, Check(sid, secondary));
        Assert.Null((await FindAsync(sid)).Primary!.Seal);
    }

    [Fact]
    public async Task Promote_by_the_secondary_answers_its_own_text()
    {
        var (sid, primary) = await NewAccountAsync();
        var secondary = await NewSecondaryAsync(sid, primary);
        using var promoted = (await Rotation.PromoteAsync(With(sid, secondary), sid, Some.Context)).Value!;

        Assert.Equal(secondary, promoted.Token!.Reveal());
        Assert.Null(Check(sid, primary));
        Assert.Equal(Slot.Primary, Check(sid, secondary));
    }

    [Fact]
    public async Task Promote_by_operator_or_parent_answers_no_text()
    {
        var (parent, parentToken) = await NewAccountAsync();
        foreach (var caller in new[] { Operator, With(parent, parentToken) })
        {
            var (sid, primary) = await NewAccountAsync(parent);
            var secondary = await NewSecondaryAsync(sid, primary);
            using var promoted = (await Rotation.PromoteAsync(caller, sid, Some.Context)).Value!;

            Assert.Null(promoted.Token);
            Assert.Equal(Slot.Primary, Check(sid, secondary));
            Assert.Null(Check(sid, primary));
        }
    }

    [Fact]
    public async Task A_second_promote_with_the_promoted_token_finds_no_secondary()
    {
        var (sid, primary) = await NewAccountAsync();
        var secondary = await NewSecondaryAsync(sid, primary);
        using var promoted = (await Rotation.PromoteAsync(With(sid, secondary), sid, Some.Context)).Value!;

        Assert.Equal(ErrorKind.NoSecondary, (await Rotation.PromoteAsync(With(sid, secondary), sid, Some.Context)).Error);
        Assert.Equal(ErrorKind.NoSecondary, (await Rotation.DeleteSecondaryAsync(With(sid, secondary), sid, Some.Context)).Error);
    }

    [Fact]
    public async Task Either_token_may_delete_the_secondary_and_nothing_else_has_changed()
    {
        var (sid, primary) = await NewAccountAsync();
        var before = (await FindAsync(sid)).Primary!;
        foreach (var byItself in new[] { false, true })
        {
            var secondary = await NewSecondaryAsync(sid, primary);
            Assert.NotNull((await Rotation.DeleteSecondaryAsync(With(sid, byItself ? secondary : primary), sid, Some.Context)).Value);

            Assert.Null(Check(sid, secondary));
            Assert.Equal(Slot.Primary, Check(sid, primary));
            Assert.Equal(before, (await FindAsync(sid)).Primary);
        }
    }

    [Fact]
    public async Task A_token_that_died_after_it_was_admitted_authorises_nothing()
    {
        var (sid, primary) = await NewAccountAsync();
        var secondary = await NewSecondaryAsync(sid, primary);
        var dying = With(sid, primary);
        using var promoted = (await Rotation.PromoteAsync(Operator, sid, Some.Context)).Value!;
        await RefusedAsync(dying, sid);

        await NewSecondaryAsync(sid, secondary);
        await RefusedAsync(dying, sid);
        Assert.NotNull((await FindAsync(sid)).Secondary);
    }

    [Fact]
    public async Task A_deleted_secondary_authorises_nothing()
    {
        var (sid, primary) = await NewAccountAsync();
        var dying = With(sid, await NewSecondaryAsync(sid, primary));
        await Rotation.DeleteSecondaryAsync(Operator, sid, Some.Context);

        await RefusedAsync(dying, sid);
    }

    [Theory]
    [InlineData(AccountStatus.Suspended)]
    [InlineData(AccountStatus.Closed)]
    public async Task A_token_whose_account_or_parent_is_no_longer_active_authorises_nothing(AccountStatus status)
    {
        var (parent, parentToken) = await NewAccountAsync();
        var (sid, token) = await NewAccountAsync(parent);
        var (ofParent, ofSub) = (With(parent, parentToken), With(sid, token));
        await Lifecycle.UpdateAsync(Operator, parent, null, status, Some.Context);

        await RefusedAsync(ofParent, parent);
        await RefusedAsync(ofParent, sid);
        await RefusedAsync(ofSub, sid);
    }

    [Fact]
    public async Task Foreign_accounts_are_not_there()
    {
        var (parent, parentToken) = await NewAccountAsync();
        var (sub, subToken) = await NewAccountAsync(parent);
        var (other, otherToken) = await NewAccountAsync();
        await NewSecondaryAsync(parent);
        await NewSecondaryAsync(sub);

        Assert.Equal(ErrorKind.AccountNotFound, (await Rotation.PromoteAsync(With(other, otherToken), sub, Some.Context)).Error);
        Assert.Equal(ErrorKind.AccountNotFound, (await Rotation.DeleteSecondaryAsync(With(sub, subToken), parent, Some.Context)).Error);
        Assert.Equal(ErrorKind.AccountNotFound, (await Rotation.PromoteAsync(With(other, otherToken), Some.Sid, Some.Context)).Error);
        Assert.Equal(ErrorKind.AccountNotFound, (await Rotation.PromoteAsync(Operator, Some.Sid, Some.Context)).Error);
        Assert.Equal(2, (await FindAsync(sub)).Generation);
        Assert.Equal(2, (await FindAsync(parent)).Generation);
        Assert.Equal(Slot.Primary, Check(parent, parentToken));
    }

    [Fact]
    public async Task Of_many_callers_at_once_exactly_one_creates_and_one_promotes()
    {
        var (sid, primary) = await NewAccountAsync();
        var callers = Enumerable.Range(0, 32).Select(_ => With(sid, primary)).ToList();
        var creates = await Task.WhenAll(callers.Select(c => Task.Run(() => Rotation.CreateSecondaryAsync(c, sid, Some.Context))));
        var created = Assert.Single(creates, c => c.Value is not null).Value!;
        Assert.Equal(31, creates.Count(c => c.Error == ErrorKind.SecondaryExists));

        var promotes = await Task.WhenAll(callers.Select(c => Task.Run(() => Rotation.PromoteAsync(c, sid, Some.Context))));
        Assert.Single(promotes, p => p.Value is not null);
        Assert.Equal(31, promotes.Count(p => p.Error == ErrorKind.WrongCredential));
        Assert.Equal(Slot.Primary, Check(sid, created.Token.Reveal()));
        Assert.Equal(3, (await FindAsync(sid)).Generation);
    }

    private async Task RefusedAsync(Caller caller, AccountSid sid)
    {
        var (before, audit) = (await FindAsync(sid), Store.ReadAudit().Count);
        Assert.Equal(ErrorKind.WrongCredential, (await Rotation.CreateSecondaryAsync(caller, sid, Some.Context)).Error);
        Assert.Equal(ErrorKind.WrongCredential, (await Rotation.DeleteSecondaryAsync(caller, sid, Some.Context)).Error);
        Assert.Equal(ErrorKind.WrongCredential, (await Rotation.PromoteAsync(caller, sid, Some.Context)).Error);
        Assert.Equal(ErrorKind.WrongCredential, (await Lifecycle.UpdateAsync(caller, sid, "Mine", null, Some.Context)).Error);
        Assert.Equal((before.Generation, before.FriendlyName, audit), ((await FindAsync(sid)).Generation, (await FindAsync(sid)).FriendlyName, Store.ReadAudit().Count));
    }
}

public sealed class SqliteRotation : RotationSpec<SqliteTestStore>;
