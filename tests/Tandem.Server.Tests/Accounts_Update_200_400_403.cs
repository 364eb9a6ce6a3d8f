using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

public sealed class Accounts_Update_200_400_403
{
    [Fact]
    public async Task Renaming_answers_200_with_the_account_as_it_is_now()
    {
        var clock = Calls.Clock();
        await using var tandem = await TestTandem.StartAsync(new() { Time = clock });
        clock.Advance(TimeSpan.FromDays(1));
        var answer = await tandem.SendAsync("POST", Calls.PathOf(tandem.Account), r => r.Form(("FriendlyName", "New"), ("Unknown", "1")));
        Assert.Equal((200, "New", tandem.Account.Token), (answer.Status, answer.Text("friendly_name"), answer.Text("auth_token")));
        Assert.Equal("Fri, 02 Jan 2026 03:04:05 +0000", answer.Text("date_created"));
        Assert.Equal("Sat, 03 Jan 2026 03:04:05 +0000", answer.Text("date_updated"));
        Assert.Equal(answer.Body, (await tandem.SendAsync("GET", Calls.PathOf(tandem.Account))).Body);
    }

    [Fact]
    public async Task Nothing_to_change_is_200_and_changes_nothing()
    {
        var clock = Calls.Clock();
        await using var tandem = await TestTandem.StartAsync(new() { Time = clock });
        clock.Advance(TimeSpan.FromDays(1));
        var answer = await tandem.SendAsync("POST", Calls.PathOf(tandem.Account), r => r.Form(("FriendlyName", "")));
        Assert.Equal((200, "Acme", "Fri, 02 Jan 2026 03:04:05 +0000"), (answer.Status, answer.Text("friendly_name"), answer.Text("date_updated")));
    }

    [Theory]
    [InlineData("suspended")]
    [InlineData("Closed")]
    public async Task Only_the_parent_changes_the_status(string status)
    {
        await using var tandem = await TestTandem.StartAsync();
        var sub = await tandem.CreateSubaccountAsync();
        (await tandem.SendAsync("POST", Calls.PathOf(sub), r => r.As(sub).Form(("Status", status)))).IsError(403, 20006, "Access Denied");
        (await tandem.SendAsync("POST", Calls.PathOf(tandem.Account), r => r.Form(("Status", status)))).IsError(403, 20006, "Access Denied");
        var answer = await tandem.SendAsync("POST", Calls.PathOf(sub), r => r.Form(("Status", status)));
        Assert.Equal((200, status.ToLowerInvariant(), null), (answer.Status, answer.Text("status"), answer.Text("auth_token")));
    }

    [Fact]
    public async Task Closing_is_final()
    {
        await using var tandem = await TestTandem.StartAsync();
        var sub = await tandem.CreateSubaccountAsync();
        await tandem.SetStatusAsync(sub, "closed");
        (await tandem.SendAsync("POST", Calls.PathOf(sub), r => r.Form(("Status", "active"))))
            .IsError(400, 20001, "The account is closed, and closing is final");
        Assert.Equal("closed", (await tandem.SendAsync("GET", Calls.PathOf(sub))).Text("status"));
    }

    [Theory]
    [InlineData("deleted")]
    [InlineData("2")]
    public async Task An_unknown_status_is_refused_400(string status)
    {
        await using var tandem = await TestTandem.StartAsync();
        (await tandem.SendAsync("POST", Calls.PathOf(tandem.Account), r => r.Form(("Status", status)))).IsError(400, 20001, "Invalid Status.");
    }
}
