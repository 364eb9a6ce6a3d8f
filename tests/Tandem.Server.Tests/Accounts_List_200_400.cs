using System.Text.Json;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

public sealed class Accounts_List_200_400
{
    [Fact]
    public async Task Answers_200_with_nothing_at_the_top_but_the_list_and_the_paging()
    {
        await using var tandem = await TestTandem.StartAsync();
        var answer = await tandem.SendAsync("GET", Calls.Accounts);
        Assert.Equal(200, answer.Status);
        var account = (await tandem.SendAsync("GET", Calls.PathOf(tandem.Account))).Body;
        Assert.Equal(
            $$"""{"accounts":[{{account}}],"first_page_uri":"/2010-04-01/Accounts.json?PageSize=50&Page=0","next_page_uri":null,"previous_page_uri":null,"uri":"/2010-04-01/Accounts.json?PageSize=50&Page=0","page":0,"page_size":50,"start":0,"end":0}""",
            answer.Body);
        answer.HasAnswerHeaders();
    }

    [Fact]
    public async Task The_pages_lead_to_each_other_and_hold_each_account_once()
    {
        await using var tandem = await TestTandem.StartAsync();
        var expected = new List<string> { tandem.Account.Sid };
        for (var i = 0; i < 6; i++)
        {
            expected.Insert(0, (await tandem.CreateSubaccountAsync()).Sid);
        }

        var pages = new List<TestAnswer>();
        for (var uri = $"{Calls.Accounts}?PageSize=3"; uri is not null; uri = pages[^1].Text("next_page_uri"))
        {
            pages.Add(await tandem.SendAsync("GET", uri));
        }

        Assert.Equal(expected, pages.SelectMany(Sids));
        Assert.Equal([(0, 0, 2), (1, 3, 5), (2, 6, 6)], pages.Select(p => (Number(p, "page"), Number(p, "start"), Number(p, "end"))));
        Assert.Equal($"{Calls.Accounts}?PageSize=3&Page=1&PageToken=PA{expected[2]}", pages[0].Text("next_page_uri"));
        Assert.Equal(pages[0].Text("next_page_uri"), pages[1].Text("uri"));
        Assert.Equal($"{Calls.Accounts}?PageSize=3&Page=0&PageToken=PB{expected[3]}", pages[1].Text("previous_page_uri"));
        var back = await tandem.SendAsync("GET", pages[2].Text("previous_page_uri")!);
        Assert.Equal(Sids(pages[1]), Sids(back));
        var first = await tandem.SendAsync("GET", back.Text("previous_page_uri")!);
        Assert.Equal(Sids(pages[0]), Sids(first));
        Assert.Null(first.Text("previous_page_uri"));
        Assert.Equal(Sids(pages[1]), Sids(await tandem.SendAsync("GET", $"{Calls.Accounts}?PageSize=3&Page=1")));
    }

    [Fact]
    public async Task A_page_keeps_its_place_while_accounts_are_created()
    {
        await using var tandem = await TestTandem.StartAsync();
        var sub = await tandem.CreateSubaccountAsync();
        var first = await tandem.SendAsync("GET", $"{Calls.Accounts}?PageSize=1");
        await tandem.CreateSubaccountAsync();
        Assert.Equal([sub.Sid], Sids(first));
        Assert.Equal([tandem.Account.Sid], Sids(await tandem.SendAsync("GET", first.Text("next_page_uri")!)));
    }

    [Fact]
    public async Task Filters_by_name_and_status_and_keeps_them_in_the_paths()
    {
        await using var tandem = await TestTandem.StartAsync();
        var (one, two) = (await tandem.CreateSubaccountAsync("a & b"), await tandem.CreateSubaccountAsync("a & b"));
        await tandem.SetStatusAsync(one, "suspended");
        Assert.Equal([two.Sid, one.Sid], Sids(await tandem.SendAsync("GET", $"{Calls.Accounts}?FriendlyName=a%20%26%20b")));
        var answer = await tandem.SendAsync("GET", $"{Calls.Accounts}?FriendlyName=a%20%26%20b&Status=suspended&PageSize=5&Other=1");
        Assert.Equal([one.Sid], Sids(answer));
        Assert.Equal($"{Calls.Accounts}?FriendlyName=a%20%26%20b&Status=suspended&PageSize=5&Page=0", answer.Text("uri"));
        Assert.Empty(Sids(await tandem.SendAsync("GET", $"{Calls.Accounts}?FriendlyName={new string('x', 300)}")));
    }

    [Fact]
    public async Task A_subaccount_sees_itself_alone_and_nobody_sees_strangers()
    {
        await using var tandem = await TestTandem.StartAsync();
        var (sub, stranger) = (await tandem.CreateSubaccountAsync(), await tandem.CreateStrangerAsync());
        Assert.Equal([sub.Sid], Sids(await tandem.SendAsync("GET", Calls.Accounts, r => r.As(sub))));
        Assert.Equal([stranger.Sid], Sids(await tandem.SendAsync("GET", Calls.Accounts, r => r.As(stranger))));
        Assert.Equal([sub.Sid, tandem.Account.Sid], Sids(await tandem.SendAsync("GET", Calls.Accounts)));
    }

    [Fact]
    public async Task A_page_token_of_a_foreign_account_is_as_invalid_as_one_of_none()
    {
        await using var tandem = await TestTandem.StartAsync();
        var stranger = await tandem.CreateStrangerAsync();
        foreach (var token in new[] { $"PA{stranger.Sid}", $"PB{stranger.Sid}", $"PA{TestCredential.Unknown.Sid}", "PA", "x", $"PC{tandem.Account.Sid}" })
        {
            (await tandem.SendAsync("GET", $"{Calls.Accounts}?PageToken={token}")).IsError(400, 21481, "Invalid PageToken");
        }
    }

    [Theory]
    [InlineData("PageSize=0", 20001, "Invalid PageSize.")]
    [InlineData("PageSize=-1", 20001, "Invalid PageSize.")]
    [InlineData("PageSize=ten", 20001, "Invalid PageSize.")]
    [InlineData("PageSize=99999999999", 20001, "Invalid PageSize.")]
    [InlineData("PageSize=1001", 20007, "Page size too large")]
    [InlineData("Page=-1", 20001, "Invalid Page.")]
    [InlineData("Page=2147483647", 20001, "Invalid Page.")]
    [InlineData("PageSize=1000&Page=11", 20001, "Invalid Page.")]
    [InlineData("PageSize=1&Page=10001", 20001, "Invalid Page.")]
    [InlineData("Status=gone", 20001, "Invalid Status.")]
    public async Task Values_that_cannot_be_used_are_refused_400(string query, int code, string message)
    {
        await using var tandem = await TestTandem.StartAsync();
        (await tandem.SendAsync("GET", $"{Calls.Accounts}?{query}")).IsError(400, code, message);
    }

    [Fact]
    public async Task A_page_token_leads_on_where_page_numbers_end()
    {
        await using var tandem = await TestTandem.StartAsync();
        var sub = await tandem.CreateSubaccountAsync();
        var answer = await tandem.SendAsync("GET", $"{Calls.Accounts}?PageSize=1000&Page=11&PageToken=PA{sub.Sid}");
        Assert.Equal([tandem.Account.Sid], Sids(answer));
        Assert.Equal((11, 11_000), (Number(answer, "page"), Number(answer, "start")));
    }

    [Fact]
    public async Task A_page_behind_the_end_is_empty_and_leads_back()
    {
        await using var tandem = await TestTandem.StartAsync();
        var answer = await tandem.SendAsync("GET", $"{Calls.Accounts}?PageSize=1000&Page=2");
        Assert.Empty(Sids(answer));
        Assert.Equal((2000, 2000), (Number(answer, "start"), Number(answer, "end")));
        Assert.Equal($"{Calls.Accounts}?PageSize=1000&Page=1", answer.Text("previous_page_uri"));
    }

    private static string[] Sids(TestAnswer page) =>
        [.. page.Json.GetProperty("accounts").EnumerateArray().Select(a => a.GetProperty("sid").GetString()!)];

    private static int Number(TestAnswer page, string member) => page.Json.GetProperty(member) is { ValueKind: JsonValueKind.Number } n ? n.GetInt32() : -1;
}
