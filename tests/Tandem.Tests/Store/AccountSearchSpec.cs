using Xunit;

namespace Tandem.Tests.Store;

public abstract class AccountSearchSpec<TStore> : StoreSpec<TStore>
    where TStore : ITestStore, new()
{
    [Fact]
    public async Task A_part_of_a_name_finds_it_whatever_the_case_of_its_letters()
    {
        await NamedAsync("Acme production");
        await NamedAsync("acme TEST");
        await NamedAsync("Straße 日本");
        Assert.Equal(["Acme production", "acme TEST"], await NamesAsync(new(10, AccountFilter.All, "ACME")));
        Assert.Equal(["acme TEST"], await NamesAsync(new(10, AccountFilter.All, "test")));
        Assert.Equal(["Straße 日本"], await NamesAsync(new(10, AccountFilter.All, "ße 日")));
        Assert.Empty(await NamesAsync(new(10, AccountFilter.All, "%")));
        Assert.Empty(await NamesAsync(new(10, AccountFilter.All, "' OR 1=1 --")));
    }

    [Theory]
    [InlineData("Zoë", "ZOË zoë oË")]
    [InlineData("Kleiner ÄRGER", "ärger Ärger ÄRGER R-ÄR=-")]
    [InlineData("Ελλάδα", "ελλά ΕΛΛΆ")]
    [InlineData("ПРИВЕТ", "привет Привет")]
    public async Task Letters_of_other_alphabets_are_found_whatever_their_case_with_every_filter(string name, string texts)
    {
        var account = await NamedAsync(name);
        await NamedAsync("another");
        await NewSecondaryAsync(account);
        foreach (var text in texts.Split(' '))
        {
            string[] found = text.EndsWith('-') ? [] : [name];
            foreach (var filter in (AccountFilter[])[AccountFilter.All, AccountFilter.OldPrimary, AccountFilter.Secondary])
            {
                Assert.Equal(found, await NamesAsync(new(10, filter, text)));
            }
        }
    }

    [Fact]
    public async Task The_longest_name_is_found_by_its_end()
    {
        var longest = new string('語', Account.FriendlyNameLimit - 1) + "末";
        await NamedAsync(longest);
        Assert.Equal([longest], await NamesAsync(new(10, AccountFilter.All, "語末")));
    }

    [Fact]
    public async Task Pages_go_on_where_they_ended_and_back_although_accounts_come_and_go_meanwhile()
    {
        foreach (var name in "gecafbd")
        {
            await NamedAsync(name.ToString());
        }

        var first = await SearchAsync(new(3, AccountFilter.All));
        Assert.Equal(["a", "b", "c"], Names(first));
        Assert.Null(first.Previous);
        await NamedAsync("aa");
        await NamedAsync("ca");
        var second = await SearchAsync(new(3, AccountFilter.All, Cursor: first.Next));
        Assert.Equal(["ca", "d", "e"], Names(second));
        var third = await SearchAsync(new(3, AccountFilter.All, Cursor: second.Next));
        Assert.Equal(["f", "g"], Names(third));
        Assert.Null(third.Next);

        var back = await SearchAsync(new(3, AccountFilter.All, Cursor: third.Previous, Backward: true));
        Assert.Equal(["ca", "d", "e"], Names(back));
        var start = await SearchAsync(new(4, AccountFilter.All, Cursor: back.Previous, Backward: true));
        Assert.Equal(["a", "aa", "b", "c"], Names(start));
        Assert.Null(start.Previous);
    }

    [Fact]
    public async Task Accounts_of_the_same_name_are_all_seen()
    {
        for (var i = 0; i < 5; i++)
        {
            await NamedAsync("same");
        }

        var seen = new HashSet<AccountSid>();
        AccountCursor? at = null;
        do
        {
            var page = await SearchAsync(new(2, AccountFilter.All, Cursor: at));
            Assert.All(page.Accounts, a => Assert.True(seen.Add(a.Sid)));
            at = page.Next;
        }
        while (at is not null);
        Assert.Equal(5, seen.Count);
    }

    [Fact]
    public async Task Old_primaries_come_oldest_first_and_leave_when_they_are_rotated_suspended_or_closed()
    {
        var oldest = await NamedAsync("oldest");
        Time.Advance(TimeSpan.FromDays(10));
        var older = await NamedAsync("older");
        var suspended = await NamedAsync("suspended");
        Time.Advance(TimeSpan.FromDays(80));
        await NamedAsync("young");
        Task<List<string>> Old() => NamesAsync(new(10, AccountFilter.OldPrimary, Before: Time.GetUtcNow() - TimeSpan.FromDays(30)));
        Assert.Equal("oldest", (await Old())[0]);
        Assert.Equal(["older", "oldest", "suspended"], (await Old()).Order());

        await Lifecycle.UpdateAsync(Operator, suspended, null, AccountStatus.Suspended, Some.Context);
        await NewSecondaryAsync(oldest);
        using var promoted = (await Rotation.PromoteAsync(Operator, oldest, Some.Context)).Value;
        Assert.Equal(["older"], await Old());
        await Lifecycle.UpdateAsync(Operator, older, null, AccountStatus.Closed, Some.Context);
        Assert.Empty(await Old());
    }

    [Fact]
    public async Task Pending_secondaries_come_oldest_first_and_leave_with_a_promote_or_a_delete()
    {
        var (a, b) = (await NamedAsync("a"), await NamedAsync("b"));
        await NewSecondaryAsync(b);
        Time.Advance(TimeSpan.FromDays(8));
        await NewSecondaryAsync(a);
        Assert.Equal(["b", "a"], await NamesAsync(new(10, AccountFilter.Secondary)));
        Assert.Equal(["b"], await NamesAsync(new(10, AccountFilter.Secondary, Before: Time.GetUtcNow() - TimeSpan.FromDays(7))));
        Assert.Equal(["a"], await NamesAsync(new(10, AccountFilter.Secondary, "A")));

        await Rotation.DeleteSecondaryAsync(Operator, b, Some.Context);
        using var promoted = (await Rotation.PromoteAsync(Operator, a, Some.Context)).Value;
        Assert.Empty(await NamesAsync(new(10, AccountFilter.Secondary)));
    }

    [Fact]
    public async Task Suspended_and_closed_ones_are_told_apart()
    {
        var (suspended, closed) = (await NamedAsync("suspended"), await NamedAsync("closed"));
        await NamedAsync("active");
        await Lifecycle.UpdateAsync(Operator, suspended, null, AccountStatus.Suspended, Some.Context);
        await Lifecycle.UpdateAsync(Operator, closed, null, AccountStatus.Closed, Some.Context);
        Assert.Equal(["suspended"], await NamesAsync(new(10, AccountFilter.Suspended)));
        Assert.Equal(["closed"], await NamesAsync(new(10, AccountFilter.Closed)));
        await Lifecycle.UpdateAsync(Operator, suspended, null, AccountStatus.Active, Some.Context);
        Assert.Empty(await NamesAsync(new(10, AccountFilter.Suspended)));
    }

    [Fact]
    public async Task A_place_that_no_page_has_told_is_as_good_as_none()
    {
        await NamedAsync("a");
        Assert.Equal(["a"], await NamesAsync(new(10, AccountFilter.OldPrimary, Cursor: new("not a time", AccountSid.Create()))));
    }

    [Fact]
    public async Task A_delete_that_is_about_other_tokens_is_refused()
    {
        var sid = await NamedAsync("a");
        await NewSecondaryAsync(sid);
        var seen = (await FindAsync(sid)).Generation;
        using var promoted = (await Rotation.PromoteAsync(Operator, sid, Some.Context)).Value;
        var other = await NewSecondaryAsync(sid);
        Assert.Equal(ErrorKind.GenerationChanged, (await Rotation.DeleteSecondaryAsync(Operator, sid, Some.Context, seen)).Error);
        Assert.Equal(Slot.Secondary, Check(sid, other));
        Assert.Equal(ErrorKind.None, (await Rotation.DeleteSecondaryAsync(Operator, sid, Some.Context, seen + 2)).Error);
    }

    private async Task<AccountSid> NamedAsync(string name)
    {
        using var created = (await Lifecycle.CreateAsync(Operator, null, name, Some.Context)).Value!;
        return created.Account.Sid;
    }

    private Task<AccountHits> SearchAsync(AccountSearch search) => Store.Accounts.SearchAsync(search, TestContext.Current.CancellationToken);

    private async Task<List<string>> NamesAsync(AccountSearch search) => Names(await SearchAsync(search));

    private static List<string> Names(AccountHits hits) => [.. hits.Accounts.Select(a => a.FriendlyName)];
}

public sealed class SqliteAccountSearch : AccountSearchSpec<SqliteTestStore>;
