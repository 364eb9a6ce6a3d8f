using Xunit;

namespace Tandem.Tests.Store;

public abstract class RetiringSpec<TStore> : StoreSpec<TStore>
    where TStore : ITestStore, new()
{
    [Fact]
    public async Task The_store_says_which_changes_retired_a_token()
    {
        var (sid, primary) = await NewAccountAsync();
        await NewSecondaryAsync(sid, primary);
        await Lifecycle.UpdateAsync(Operator, sid, "Till", AccountStatus.Suspended, Some.Context);
        await Lifecycle.UpdateAsync(Operator, sid, null, AccountStatus.Active, Some.Context);
        Assert.Empty(Store.Retired);

        await Rotation.DeleteSecondaryAsync(Operator, sid, Some.Context);
        await NewSecondaryAsync(sid, primary);
        await Rotation.PromoteAsync(Operator, sid, Some.Context);
        await Lifecycle.UpdateAsync(Operator, sid, null, AccountStatus.Closed, Some.Context);
        Assert.Equal([3L, 5, 6], Store.Retired.Select(a => a.Generation));
        Assert.False(Store.Accounts.ResiduePending);
    }

    [Fact]
    public async Task A_restart_changes_nothing()
    {
        var (sid, primary) = await NewAccountAsync();
        var secondary = await NewSecondaryAsync(sid, primary);
        var (dead, deadToken) = await NewAccountAsync();
        await NewSecondaryAsync(dead, deadToken);
        await Rotation.PromoteAsync(Operator, dead, Some.Context);
        await RestartAsync(recoverable: false);

        Assert.Equal(Slot.Primary, Check(sid, primary));
        Assert.Equal(Slot.Secondary, Check(sid, secondary));
        Assert.Null(Check(dead, deadToken));
        using var promoted = (await Rotation.PromoteAsync(With(sid, primary), sid, Some.Context)).Value!;
        Assert.Equal(secondary, promoted.Token!.Reveal());
    }
}

public sealed class SqliteRetiring : RetiringSpec<SqliteTestStore>;
