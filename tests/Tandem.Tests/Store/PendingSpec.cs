using Xunit;

namespace Tandem.Tests.Store;

/// <summary>The store knows which accounts have a secondary and since when, from the first moment after it was opened.</summary>
public abstract class PendingSpec<TStore> : StoreSpec<TStore>
    where TStore : ITestStore, new()
{
    [Fact]
    public async Task Every_change_and_every_restart_leaves_what_the_rows_say()
    {
        var created = new DateTimeOffset(Some.Moment.AddSeconds(-Some.Moment.Second).Ticks, TimeSpan.Zero);
        var accounts = new List<AccountSid>();
        for (var i = 0; i < 5; i++)
        {
            var (sid, _) = await NewAccountAsync();
            await NewSecondaryAsync(sid);
            accounts.Add(sid);
            Time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(new PendingAges(5, 5, created), Store.Pending.Look(Time.GetUtcNow()));
        await Rotation.PromoteAsync(Operator, accounts[0], Some.Context);
        await Rotation.DeleteSecondaryAsync(Operator, accounts[1], Some.Context);
        await Lifecycle.UpdateAsync(Operator, accounts[2], null, AccountStatus.Closed, Some.Context);
        await Lifecycle.UpdateAsync(Operator, accounts[3], "Renamed", AccountStatus.Suspended, Some.Context);
        var left = new PendingAges(2, 1, created.AddMinutes(3));
        Assert.Equal(left, Store.Pending.Look(created.AddMinutes(4)));

        await RestartAsync(recoverable: false);
        Assert.Equal(left, Store.Pending.Look(created.AddMinutes(4)));
    }
}

public sealed class SqlitePending : PendingSpec<SqliteTestStore>;
