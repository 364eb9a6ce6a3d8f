using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

public sealed class Accounts_Create_201_400_403
{
    [Fact]
    public async Task Answers_201_with_the_new_token_which_works()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Time = Calls.Clock() });
        var answer = await tandem.SendAsync("POST", Calls.Accounts, r => r.Form(("FriendlyName", "Zoë & <co>")));
        Assert.Equal(201, answer.Status);
        var (sid, token) = (answer.Text("sid"), answer.Text("auth_token"));
        Assert.Equal(
            $$$"""{"sid":"{{{sid}}}","friendly_name":"Zoë & <co>","status":"active","type":"Full","auth_token":"{{{token}}}","date_created":"Fri, 02 Jan 2026 03:04:05 +0000","date_updated":"Fri, 02 Jan 2026 03:04:05 +0000","owner_account_sid":"{{{tandem.Account.Sid}}}","uri":"/2010-04-01/Accounts/{{{sid}}}.json","subresource_uris":{}}""",
            answer.Body);
        Assert.True(await tandem.WorksAsync(new(sid!, token!)));
    }

    [Fact]
    public async Task Without_a_name_it_gets_Twilio_s()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Time = Calls.Clock() });
        var answer = await tandem.SendAsync("POST", Calls.Accounts);
        Assert.Equal((201, "SubAccount Created at 2026-01-02 03:04 AM"), (answer.Status, answer.Text("friendly_name")));
    }

    [Theory]
    [InlineData(65, "x")]
    [InlineData(1, "\n")]
    [InlineData(1, "\u001b[31m")]
    public async Task A_name_that_is_too_long_or_holds_control_characters_is_refused_400(int times, string part)
    {
        await using var tandem = await TestTandem.StartAsync();
        var name = string.Concat(Enumerable.Repeat(part, times));
        (await tandem.SendAsync("POST", Calls.Accounts, r => r.Form(("FriendlyName", name)))).IsError(400, 20002, "Invalid FriendlyName");
        (await tandem.SendAsync("POST", Calls.PathOf(tandem.Account), r => r.Form(("FriendlyName", name)))).IsError(400, 20002, "Invalid FriendlyName");
    }

    [Fact]
    public async Task A_name_of_64_characters_of_any_script_is_kept()
    {
        await using var tandem = await TestTandem.StartAsync();
        var name = string.Concat(Enumerable.Repeat("名", 64));
        var sub = await tandem.CreateSubaccountAsync(name);
        Assert.Equal(name, (await tandem.SendAsync("GET", Calls.PathOf(sub))).Text("friendly_name"));
    }

    [Fact]
    public async Task At_the_limit_of_subaccounts_the_answer_is_Twilio_s_and_our_own_API_s_a_problem()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Options = o => o with { Subaccounts = 2 } });
        await tandem.CreateSubaccountAsync();
        var sub = await tandem.CreateSubaccountAsync();
        (await tandem.SendAsync("POST", Calls.Accounts)).IsError(400, 21480, "Reached maximum number of subaccounts");

        var ours = await tandem.SendToAdminAsync("POST", "/tandem/v1/accounts", r => r.Json($$"""{"parent_sid":"{{tandem.Account.Sid}}"}"""));
        Assert.Equal((409, "too_many_subaccounts"), (ours.Status, ours.Text("kind")));
        Assert.Equal(201, (await tandem.SendToAdminAsync("POST", "/tandem/v1/accounts")).Status);

        await tandem.SetStatusAsync(sub, "suspended");
        Assert.Equal(400, (await tandem.SendAsync("POST", Calls.Accounts)).Status);
        await tandem.SetStatusAsync(sub, "closed");
        Assert.Equal(201, (await tandem.SendAsync("POST", Calls.Accounts)).Status);
    }

    [Fact]
    public async Task A_subaccount_has_no_subaccounts()
    {
        await using var tandem = await TestTandem.StartAsync();
        var sub = await tandem.CreateSubaccountAsync();
        (await tandem.SendAsync("POST", Calls.Accounts, r => r.As(sub))).IsError(403, 20006, "Access Denied");
    }
}
