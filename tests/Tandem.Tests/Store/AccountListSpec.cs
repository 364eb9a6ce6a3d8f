using Tandem.Storage;
using Xunit;

namespace Tandem.Tests.Store;

public abstract class AccountListSpec<TStore> : StoreSpec<TStore>
    where TStore : ITestStore, new()
{
    [Fact]
    public async Task Pages_go_from_the_newest_to_the_oldest_and_back()
    {
        var sids = await CreateAsync(7);
        var first = await ListAsync(new(3));
        Assert.Equal([sids[6], sids[5], sids[4]], Sids(first));
        Assert.Equal((false, true), (first.HasNewer, first.HasOlder));

        var second = await ListAsync(new(3, Position: new(sids[4])));
        Assert.Equal([sids[3], sids[2], sids[1]], Sids(second));
        Assert.Equal((true, true), (second.HasNewer, second.HasOlder));

        var third = await ListAsync(new(3, Position: new(sids[1])));
        Assert.Equal([sids[0]], Sids(third));
        Assert.Equal((true, false), (third.HasNewer, third.HasOlder));

        var back = await ListAsync(new(3, Position: new(sids[0], Before: true)));
        Assert.Equal([sids[3], sids[2], sids[1]], Sids(back));
        Assert.Equal((true, true), (back.HasNewer, back.HasOlder));

        var backAgain = await ListAsync(new(3, Position: new(sids[3], Before: true)));
        Assert.Equal([sids[6], sids[5], sids[4]], Sids(backAgain));
        Assert.Equal((false, true), (backAgain.HasNewer, backAgain.HasOlder));
    }

    [Fact]
    public async Task A_page_is_stable_while_accounts_are_added()
    {
        var sids = await CreateAsync(4);
        var position = new AccountPosition(sids[2]);
        await CreateAsync(3);

        Assert.Equal([sids[1], sids[0]], Sids(await ListAsync(new(10, Position: position))));
    }

    [Fact]
    public async Task A_page_may_be_counted_from_the_beginning()
    {
        var sids = await CreateAsync(5);
        var page = await ListAsync(new(2, Position: new(null, Skip: 2)));

        Assert.Equal([sids[2], sids[1]], Sids(page));
        Assert.Equal((true, true), (page.HasNewer, page.HasOlder));
        Assert.Empty((await ListAsync(new(2, Position: new(null, Skip: 10)))).Accounts);
    }

    [Fact]
    public async Task An_exactly_full_page_has_nothing_behind_it()
    {
        await CreateAsync(3);

        Assert.False((await ListAsync(new(3))).HasOlder);
        Assert.True((await ListAsync(new(2))).HasOlder);
    }

    [Fact]
    public async Task A_list_is_narrowed_by_owner_account_name_and_status()
    {
        var (parent, _) = await NewAccountAsync();
        var (sub, _) = await NewAccountAsync(parent);
        var (suspended, _) = await NewAccountAsync(parent);
        var (other, _) = await NewAccountAsync();
        await Lifecycle.UpdateAsync(Operator, suspended, "Straße 日本 🏠", AccountStatus.Suspended, Some.Context);
        await Lifecycle.UpdateAsync(Operator, other, "Straße", null, Some.Context);

        Assert.Equal([suspended, sub, parent], Sids(await ListAsync(new(10, Owner: parent))));
        Assert.Equal([sub], Sids(await ListAsync(new(10, Owner: parent, Only: sub))));
        Assert.Empty(Sids(await ListAsync(new(10, Owner: parent, Only: other))));
        Assert.Equal([other], Sids(await ListAsync(new(10, FriendlyName: "Straße"))));
        Assert.Equal([suspended], Sids(await ListAsync(new(10, FriendlyName: "Straße 日本 🏠"))));
        Assert.Empty(Sids(await ListAsync(new(10, FriendlyName: "' OR 1=1 --"))));
        Assert.Equal([suspended], Sids(await ListAsync(new(10, Owner: parent, Status: AccountStatus.Suspended))));
        Assert.Equal([other, sub, parent], Sids(await ListAsync(new(10, Status: AccountStatus.Active))));
    }

    [Fact]
    public async Task The_longest_name_comes_back_whole()
    {
        var (sid, _) = await NewAccountAsync();
        var longest = new string('語', Account.FriendlyNameLimit);
        await Lifecycle.UpdateAsync(Operator, sid, longest, null, Some.Context);

        Assert.Equal(longest, (await FindAsync(sid)).FriendlyName);
    }

    private async Task<List<AccountSid>> CreateAsync(int count)
    {
        var sids = new List<AccountSid>();
        for (var i = 0; i < count; i++)
        {
            sids.Add((await NewAccountAsync()).Sid);
        }

        return sids;
    }

    private Task<AccountPage> ListAsync(AccountQuery query) => Store.Accounts.ListAsync(query, TestContext.Current.CancellationToken);

    private static IEnumerable<AccountSid> Sids(AccountPage page) => page.Accounts.Select(a => a.Sid);
}

public sealed class SqliteAccountList : AccountListSpec<SqliteTestStore>
{
    public static TheoryData<AccountQuery> Queries
    {
        get
        {
            var queries = new TheoryData<AccountQuery>();
            var sid = AccountSid.Create();
            foreach (var position in new AccountPosition?[] { null, new(sid), new(sid, Before: true), new(null, Skip: 50) })
            {
                queries.Add(new AccountQuery(50, Only: sid, FriendlyName: "a", Status: AccountStatus.Active, Position: position));
                foreach (var name in new[] { null, "a" })
                {
                    foreach (var status in new AccountStatus?[] { null, AccountStatus.Suspended })
                    {
                        queries.Add(new AccountQuery(50, Owner: sid, FriendlyName: name, Status: status, Position: position));
                    }
                }
            }

            return queries;
        }
    }

    [Theory]
    [MemberData(nameof(Queries))]
    public void No_list_of_a_tenant_looks_through_the_table_or_sorts(AccountQuery query)
    {
        var plan = PlanOf(query);
        Assert.DoesNotContain(plan, step => step.Contains("SCAN", StringComparison.Ordinal));
        Assert.DoesNotContain(plan, step => step.Contains("TEMP B-TREE", StringComparison.Ordinal));
        var wanted = query switch
        {
            { Only: not null } => "(sid=?",
            { FriendlyName: not null } => "(owner=? AND <expr>=?",
            { Status: not null } => "(owner=? AND status=?",
            _ => "(owner=?",
        };
        Assert.Contains(
            plan,
            step => step.StartsWith("SEARCH account USING", StringComparison.Ordinal) && step.Contains(wanted, StringComparison.Ordinal));
    }

    [Fact]
    public void The_operators_list_goes_along_the_table_in_its_own_order() =>
        Assert.Equal(["SCAN account"], PlanOf(new(50))); // from its end, and no further than the page

    private List<string> PlanOf(AccountQuery query)
    {
        using var connection = Store.Connect();
        using var explain = AccountQueries.Select(connection, query, query.Position is { Before: true }, "EXPLAIN QUERY PLAN ");
        using var row = explain.Read();
        var plan = new List<string>();
        while (row.Read())
        {
            plan.Add(row.GetString(3));
        }

        return plan;
    }
}
