using Xunit;

namespace Tandem.Tests.Store;

public abstract class AccountLifecycleSpec<TStore> : StoreSpec<TStore>
    where TStore : ITestStore, new()
{
    [Fact]
    public async Task An_operator_creates_a_top_level_account_whose_token_is_valid_at_once()
    {
        using var created = (await Lifecycle.CreateAsync(Operator, null, "Shop", Some.Context)).Value!;
        var sid = created.Account.Sid;

        Assert.False(created.Account.IsSubaccount);
        Assert.Equal(created.Account, await FindAsync(sid));
        Assert.Equal(("Shop", AccountStatus.Active, 1L), (created.Account.FriendlyName, created.Account.Status, created.Account.Generation));
        Assert.Null(created.Account.Primary!.Seal);
        Assert.Equal(Slot.Primary, Check(sid, created.Token.Reveal()));
    }

    [Fact]
    public async Task A_name_is_given_where_none_is()
    {
        Time.SetUtcNow(new(2026, 7, 3, 16, 46, 0, TimeSpan.Zero));
        var (parent, _) = await NewAccountAsync();
        var (sub, _) = await NewAccountAsync(parent);

        Assert.Equal("Account Created at 2026-07-03 16:46 PM", (await FindAsync(parent)).FriendlyName);
        Assert.Equal("SubAccount Created at 2026-07-03 16:46 PM", (await FindAsync(sub)).FriendlyName);
    }

    [Fact]
    public async Task A_parent_creates_subaccounts_which_have_none_of_their_own()
    {
        var (parent, token) = await NewAccountAsync();
        using var sub = (await Lifecycle.CreateAsync(With(parent, token), parent, null, Some.Context)).Value!;
        var caller = With(sub.Account.Sid, sub.Token.Reveal());

        Assert.Equal(parent, sub.Account.OwnerSid);
        Assert.Equal(ErrorKind.NotPermitted, (await Lifecycle.CreateAsync(caller, sub.Account.Sid, null, Some.Context)).Error);
        Assert.Equal(ErrorKind.NotPermitted, (await Lifecycle.CreateAsync(Operator, sub.Account.Sid, null, Some.Context)).Error);
    }

    [Fact]
    public async Task A_credential_creates_nothing_but_its_own_subaccounts()
    {
        var (one, token) = await NewAccountAsync();
        var (two, _) = await NewAccountAsync();

        Assert.Equal(ErrorKind.NotPermitted, (await Lifecycle.CreateAsync(With(one, token), null, null, Some.Context)).Error);
        Assert.Equal(ErrorKind.AccountNotFound, (await Lifecycle.CreateAsync(With(one, token), two, null, Some.Context)).Error);
        Assert.Equal(ErrorKind.AccountNotFound, (await Lifecycle.CreateAsync(Operator, Some.Sid, null, Some.Context)).Error);
    }

    [Fact]
    public async Task Subaccounts_are_limited_whoever_creates_them_and_closed_ones_make_room()
    {
        var (parent, token) = await NewAccountAsync();
        var limited = Limited(3);
        var subaccounts = new List<AccountSid>();
        for (var i = 0; i < 3; i++)
        {
            using var created = (await limited.CreateAsync(With(parent, token), parent, null, Some.Context)).Value!;
            subaccounts.Add(created.Account.Sid);
        }

        Assert.Equal(ErrorKind.TooManySubaccounts, (await limited.CreateAsync(With(parent, token), parent, null, Some.Context)).Error);
        Assert.Equal(ErrorKind.TooManySubaccounts, (await limited.CreateAsync(Operator, parent, null, Some.Context)).Error);
        await limited.UpdateAsync(Operator, subaccounts[0], null, AccountStatus.Suspended, Some.Context);
        Assert.Equal(ErrorKind.TooManySubaccounts, (await limited.CreateAsync(Operator, parent, null, Some.Context)).Error);
        await limited.UpdateAsync(Operator, subaccounts[1], null, AccountStatus.Closed, Some.Context);
        Assert.Equal(ErrorKind.None, (await limited.CreateAsync(Operator, parent, null, Some.Context)).Error);
        Assert.Equal(ErrorKind.TooManySubaccounts, (await limited.CreateAsync(Operator, parent, null, Some.Context)).Error);
    }

    [Fact]
    public async Task Creating_and_closing_subaccounts_in_turn_comes_to_an_end()
    {
        var (parent, _) = await NewAccountAsync();
        var limited = Limited(2);
        var created = 0;
        for (; created < 100 && await limited.CreateAsync(Operator, parent, null, Some.Context) is { Value: { } one }; created++)
        {
            await limited.UpdateAsync(Operator, one.Account.Sid, null, AccountStatus.Closed, Some.Context);
            one.Dispose();
        }

        Assert.Equal(2 * AccountLifecycle.ClosedFactor, created);
    }

    [Fact]
    public async Task Top_level_accounts_and_the_subaccounts_of_others_are_not_counted()
    {
        var limited = Limited(1);
        var (one, _) = await NewAccountAsync();
        var (two, _) = await NewAccountAsync();
        Assert.Equal(ErrorKind.None, (await limited.CreateAsync(Operator, one, null, Some.Context)).Error);
        Assert.Equal(ErrorKind.None, (await limited.CreateAsync(Operator, two, null, Some.Context)).Error);
        Assert.Equal(ErrorKind.None, (await limited.CreateAsync(Operator, null, null, Some.Context)).Error);
        Assert.Equal(ErrorKind.TooManySubaccounts, (await limited.CreateAsync(Operator, two, null, Some.Context)).Error);
    }

    [Fact]
    public async Task Creations_that_race_for_the_last_places_do_not_pass_the_limit()
    {
        var (parent, _) = await NewAccountAsync();
        var limited = Limited(5);
        var outcomes = await Task.WhenAll(
            Enumerable.Range(0, 40).Select(_ => Task.Run(() => limited.CreateAsync(Operator, parent, null, Some.Context))));

        Assert.Equal(5, outcomes.Count(o => o.Value is not null));
        Assert.All(outcomes.Where(o => o.Value is null), o => Assert.Equal(ErrorKind.TooManySubaccounts, o.Error));
        Assert.Equal(6, (await Store.Accounts.ListAsync(new(100, Owner: parent), TestContext.Current.CancellationToken)).Accounts.Count);
    }

    [Fact]
    public async Task A_closed_account_gets_no_subaccounts()
    {
        var (parent, _) = await NewAccountAsync();
        await Lifecycle.UpdateAsync(Operator, parent, null, AccountStatus.Closed, Some.Context);

        Assert.Equal(ErrorKind.AccountClosed, (await Lifecycle.CreateAsync(Operator, parent, null, Some.Context)).Error);
    }

    [Fact]
    public async Task An_account_that_consumers_hold_already_is_taken_over_once()
    {
        const string Text = "0123456789abcdef0123456789ABCDEF";
        Assert.NotNull((await Lifecycle.ImportAsync(Operator, Some.Sid, Some.Token(Text), "Moved here", Some.Context)).Value);
        Assert.Equal(ErrorKind.AccountExists, (await Lifecycle.ImportAsync(Operator, Some.Sid, AuthToken.Generate(), null, Some.Context)).Error);

        Assert.Equal(Slot.Primary, Check(Some.Sid, Text));
        Assert.Equal(ErrorKind.NotPermitted, (await Lifecycle.ImportAsync(With(Some.Sid, Text), Some.OtherSid, AuthToken.Generate(), null, Some.Context)).Error);
    }

    [Fact]
    public async Task An_account_renames_itself_but_does_not_change_its_own_status()
    {
        var (sid, primary) = await NewAccountAsync();
        var secondary = await NewSecondaryAsync(sid, primary);
        Time.Advance(TimeSpan.FromDays(1));

        Assert.Equal("Till", (await Lifecycle.UpdateAsync(With(sid, secondary), sid, "Till", null, Some.Context)).Value!.FriendlyName);
        Assert.Equal(Some.Moment.AddDays(1), (await FindAsync(sid)).DateUpdated);
        foreach (var status in Enum.GetValues<AccountStatus>())
        {
            Assert.Equal(ErrorKind.NotPermitted, (await Lifecycle.UpdateAsync(With(sid, primary), sid, "Door", status, Some.Context)).Error);
        }

        Assert.Equal(("Till", AccountStatus.Active), ((await FindAsync(sid)).FriendlyName, (await FindAsync(sid)).Status));
    }

    [Fact]
    public async Task Suspending_refuses_both_tokens_and_activating_brings_both_back()
    {
        var (parent, token) = await NewAccountAsync();
        var (sid, primary) = await NewAccountAsync(parent);
        var secondary = await NewSecondaryAsync(sid, primary);
        Assert.NotNull((await Lifecycle.UpdateAsync(With(parent, token), sid, null, AccountStatus.Suspended, Some.Context)).Value);
        Assert.Null(Check(sid, primary));
        Assert.Null(Check(sid, secondary));

        Assert.NotNull((await Lifecycle.UpdateAsync(With(parent, token), sid, null, AccountStatus.Active, Some.Context)).Value);
        Assert.Equal(Slot.Primary, Check(sid, primary));
        Assert.Equal(Slot.Secondary, Check(sid, secondary));
        Assert.Equal(2, (await FindAsync(sid)).Generation);
    }

    [Fact]
    public async Task A_parent_s_suspension_takes_its_subaccounts_along_and_leaves_their_rows_alone()
    {
        var (parent, _) = await NewAccountAsync();
        var (sid, primary) = await NewAccountAsync(parent);
        await Lifecycle.UpdateAsync(Operator, parent, null, AccountStatus.Suspended, Some.Context);
        Assert.Null(Check(sid, primary));
        Assert.Equal(AccountStatus.Active, (await FindAsync(sid)).Status);

        await Lifecycle.UpdateAsync(Operator, parent, null, AccountStatus.Active, Some.Context);
        Assert.Equal(Slot.Primary, Check(sid, primary));
    }

    [Fact]
    public async Task Closing_erases_both_tokens_for_good()
    {
        var (sid, primary) = await NewAccountAsync();
        var secondary = await NewSecondaryAsync(sid, primary);
        await Lifecycle.UpdateAsync(Operator, sid, null, AccountStatus.Closed, Some.Context);

        Assert.Equal((null, null), ((await FindAsync(sid)).Primary, (await FindAsync(sid)).Secondary));
        Assert.Null(Check(sid, primary));
        Assert.Null(Check(sid, secondary));
        Assert.Equal(ErrorKind.AccountClosed, (await Lifecycle.UpdateAsync(Operator, sid, null, AccountStatus.Active, Some.Context)).Error);
        Assert.Equal(ErrorKind.AccountClosed, (await Rotation.CreateSecondaryAsync(Operator, sid, Some.Context)).Error);
        Assert.Equal(ErrorKind.AccountClosed, (await Rotation.PromoteAsync(Operator, sid, Some.Context)).Error);
        Assert.Equal(ErrorKind.AccountClosed, (await Rotation.DeleteSecondaryAsync(Operator, sid, Some.Context)).Error);
    }

    [Fact]
    public async Task Foreign_and_unknown_accounts_are_not_there()
    {
        var (one, token) = await NewAccountAsync();
        var (two, _) = await NewAccountAsync();

        Assert.Equal(ErrorKind.AccountNotFound, (await Lifecycle.UpdateAsync(With(one, token), two, "Mine", null, Some.Context)).Error);
        Assert.Equal(ErrorKind.AccountNotFound, (await Lifecycle.UpdateAsync(With(one, token), Some.Sid, "Mine", null, Some.Context)).Error);
        Assert.Equal(ErrorKind.AccountNotFound, (await Lifecycle.UpdateAsync(Operator, Some.Sid, "Mine", null, Some.Context)).Error);
    }

    private AccountLifecycle Limited(int subaccounts) => new(Store.Accounts, Verifier, Seals, Time) { SubaccountLimit = subaccounts };
}

public sealed class SqliteAccountLifecycle : AccountLifecycleSpec<SqliteTestStore>;
