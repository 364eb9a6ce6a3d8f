using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

public sealed class Accounts_Fetch_200_404
{
    [Fact]
    public async Task Answers_200_with_exactly_Twilio_s_fields()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Time = Calls.Clock() });
        var (sid, token) = (tandem.Account.Sid, tandem.Account.Token);
        var answer = await tandem.SendAsync("GET", Calls.PathOf(tandem.Account));
        Assert.Equal(200, answer.Status);
        Assert.Equal(
            $$$"""{"sid":"{{{sid}}}","friendly_name":"Acme","status":"active","type":"Full","auth_token":"{{{token}}}","date_created":"Fri, 02 Jan 2026 03:04:05 +0000","date_updated":"Fri, 02 Jan 2026 03:04:05 +0000","owner_account_sid":"{{{sid}}}","uri":"/2010-04-01/Accounts/{{{sid}}}.json","subresource_uris":{}}""",
            answer.Body);
        answer.HasAnswerHeaders();
    }

    [Fact]
    public async Task The_secondary_is_not_shown_the_primary()
    {
        await using var tandem = await TestTandem.StartAsync();
        var secondary = await tandem.CreateSecondaryAsync();
        Assert.Null((await tandem.SendAsync("GET", Calls.PathOf(secondary), r => r.As(secondary))).Text("auth_token"));
        Assert.Equal(200, (await tandem.SendAsync("POST", Calls.Promote, r => r.As(secondary))).Status);
        Assert.Equal(secondary.Token, (await tandem.SendAsync("GET", Calls.PathOf(secondary), r => r.As(secondary))).Text("auth_token"));
    }

    [Fact]
    public async Task A_parent_sees_its_subaccount_without_its_token()
    {
        await using var tandem = await TestTandem.StartAsync();
        var sub = await tandem.CreateSubaccountAsync("Child");
        var answer = await tandem.SendAsync("GET", Calls.PathOf(sub));
        Assert.Equal((200, "Child", null), (answer.Status, answer.Text("friendly_name"), answer.Text("auth_token")));
        Assert.Equal(tandem.Account.Sid, answer.Text("owner_account_sid"));
    }

    [Fact]
    public async Task Recoverable_tokens_are_shown_to_the_account_and_its_parent()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Options = o => o with { RecoverableTokens = true } });
        var sub = await tandem.CreateSubaccountAsync();
        var secondary = await tandem.CreateSecondaryAsync(sub);
        Assert.Equal(sub.Token, (await tandem.SendAsync("GET", Calls.PathOf(sub))).Text("auth_token"));
        Assert.Equal(sub.Token, (await tandem.SendAsync("GET", Calls.PathOf(sub), r => r.As(secondary))).Text("auth_token"));
        Assert.Equal(200, (await tandem.SendAsync("POST", Calls.Promote, r => r.As(sub))).Status);
        Assert.Equal(secondary.Token, (await tandem.SendAsync("GET", Calls.PathOf(sub))).Text("auth_token"));
        await tandem.SetStatusAsync(sub, "closed");
        Assert.Null((await tandem.SendAsync("GET", Calls.PathOf(sub))).Text("auth_token"));
    }

    [Fact]
    public async Task Foreign_and_unknown_accounts_are_the_same_404()
    {
        await using var tandem = await TestTandem.StartAsync();
        var (sub, sibling, stranger) = (await tandem.CreateSubaccountAsync(), await tandem.CreateSubaccountAsync(), await tandem.CreateStrangerAsync());
        var pairs = new (TestCredential By, TestCredential Of)[]
        {
            (tandem.Account, stranger),
            (tandem.Account, TestCredential.Unknown),
            (sub, tandem.Account),
            (sub, sibling),
        };
        foreach (var (by, of) in pairs)
        {
            (await tandem.SendAsync("GET", Calls.PathOf(of), r => r.As(by))).IsNotFound(Calls.PathOf(of));
            (await tandem.SendAsync("POST", Calls.PathOf(of), r => r.As(by).Form(("FriendlyName", "x")))).IsNotFound(Calls.PathOf(of));
            (await tandem.SendAsync("POST", Calls.PathOf(of), r => r.As(by).Form(("Status", "closed")))).IsNotFound(Calls.PathOf(of));
            (await tandem.SendAsync("POST", Calls.PathOf(of), r => r.As(by))).IsNotFound(Calls.PathOf(of));
        }
    }
}
