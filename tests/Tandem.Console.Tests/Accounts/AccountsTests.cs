using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Tandem.Testing;
using Xunit;

namespace Tandem.Console.Tests.Accounts;

/// <summary>The list of accounts, their status, their consumers, and the pages around them.</summary>
public sealed class AccountsTests(Chromium chromium)
{
    [Fact]
    public async Task The_list_is_searched_and_narrowed_and_its_pages_hold()
    {
        await using var stage = await Stage.StartAsync(chromium);
        var lifecycle = stage.Site.Server.Services.GetRequiredService<AccountLifecycle>();
        for (var i = 0; i < 60; i++)
        {
            (await lifecycle.CreateAsync(Caller.Operator("test"), null, $"Customer {i:00}", new("test", "RQ"))).Value!.Dispose();
        }

        await stage.CreateSecondaryAsync();
        var page = await stage.Site.SignedInAsync();
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(50);
        await page.FollowLinkAsync("Further");
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(11);
        await Assertions.Expect(page.Locator("tbody tr th a").Last).ToHaveTextAsync("Customer 59");
        await page.FollowLinkAsync("Back");
        await Assertions.Expect(page.Locator("tbody tr th a").First).ToHaveTextAsync(TestTandem.FirstName);

        await page.GetByLabel("Part of the name").FillAsync("STOMER 5");
        await page.ClickButtonAsync("Search");
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(10);
        await page.GetByLabel("Part of the name").FillAsync(stage.Primary.Sid);
        await page.ClickButtonAsync("Search");
        await Assertions.Expect(page.Locator("tbody tr th a")).ToHaveTextAsync([TestTandem.FirstName]);
        await page.GotoAsync("/accounts?show=pending");
        await Assertions.Expect(page.Locator("tbody tr th a")).ToHaveTextAsync([TestTandem.FirstName]);
        await page.GotoAsync("/accounts?show=forgotten");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "No account fits" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task What_has_grown_old_is_found()
    {
        await using var stage = await Stage.StartAsync(chromium);
        await stage.CreateSecondaryAsync();
        stage.Time!.Later(TimeSpan.FromDays(100));
        var page = await stage.Site.SignedInAsync();
        await page.GetByLabel("Show").SelectOptionAsync("rotate");
        await page.GetByLabel("Days").SelectOptionAsync("90");
        await page.ClickButtonAsync("Search");
        await Assertions.Expect(page.Locator("tbody tr th a")).ToHaveTextAsync([TestTandem.FirstName]);
        await page.GetByLabel("Days").SelectOptionAsync("180");
        await page.ClickButtonAsync("Search");
        await Assertions.Expect(page.GetByText("No account fits")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("a rotation that nobody ended")).ToBeVisibleAsync();
        await page.GetByLabel("Show").SelectOptionAsync("forgotten");
        await page.ClickButtonAsync("Search");
        await Assertions.Expect(page.Locator("tbody tr th a")).ToHaveTextAsync([TestTandem.FirstName]);
        await Assertions.Expect(page.Locator("tbody tr")).ToContainTextAsync("forgotten");
    }

    [Fact]
    public async Task An_account_is_renamed_suspended_activated_and_closed_for_good()
    {
        await using var stage = await Stage.StartAsync(chromium);
        var page = await stage.Site.SignedInAsync();
        await page.GotoAsync($"{stage.Account}/account");
        await page.GetByLabel("Name").FillAsync("Acme production");
        await page.ClickButtonAsync("Rename");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Acme production");
        await page.FollowLinkAsync("Suspend…");
        await page.ClickButtonAsync("Suspend");
        Assert.Equal(401, await stage.CallAsync(stage.Primary, "x"));
        await page.ClickButtonAsync("Activate");
        Assert.Equal(200, await stage.CallAsync(stage.Primary, "x"));
        await page.FollowLinkAsync("Close…");
        await page.GetByLabel("Type").FillAsync("Acme");
        await page.ClickButtonAsync("Close for good");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Nothing was closed.");
        await page.GetByLabel("Type").FillAsync("Acme production");
        await page.ClickButtonAsync("Close for good");
        Assert.Equal(401, await stage.CallAsync(stage.Primary, "x"));
        await page.GotoAsync(stage.Account);
        await Assertions.Expect(page.GetByText("closed: both tokens are gone")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Create secondary…" })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_consumer_is_named_expected_marked_gone_and_taken_back()
    {
        await using var stage = await Stage.StartAsync(chromium);
        var secondary = await stage.CreateSecondaryAsync();
        await stage.CallAsync(stage.Primary, "old-cron");
        await stage.CallAsync(stage.Primary, "billing");
        stage.Time!.Advance(TimeSpan.FromMinutes(11));
        await stage.CallAsync(secondary, "billing");
        var page = await stage.Site.SignedInAsync("ada", "operator");
        await page.GotoAsync($"{stage.Account}/consumers");
        await page.FollowAsync(page.GetByRole(AriaRole.Link, new() { Name = "old-cron" }));
        await page.GetByLabel("Name (may be left out)").FillAsync("Weekly report");
        await page.GetByLabel("Number").FillAsync("x");
        await page.ClickButtonAsync("Keep");
        await Assertions.Expect(page.GetByText("Give a whole number")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByLabel("Name (may be left out)")).ToHaveValueAsync("Weekly report");
        await page.GetByLabel("Number").FillAsync("7");
        await page.GetByLabel("Unit").SelectOptionAsync("days");
        await page.ClickButtonAsync("Keep");
        await Assertions.Expect(page.GetByText("every 7 days, as told")).ToBeVisibleAsync();

        await page.GotoAsync(stage.Account);
        await Assertions.Expect(page.Locator("#live-verdict .verdict")).ToHaveTextAsync("○Unknown");
        await page.FollowLinkAsync("Weekly report");
        await page.ClickButtonAsync("Mark gone");
        await page.GotoAsync($"{stage.Account}/promote");
        await Assertions.Expect(page.Locator(".verdict")).ToHaveTextAsync("●Ready");
        await Assertions.Expect(page.GetByText("Marked gone, and not waited for: Weekly report.")).ToBeVisibleAsync();
        await page.GotoAsync($"{stage.Account}/consumers");
        await page.FollowLinkAsync("Weekly report");
        await page.ClickButtonAsync("It is not gone");
        await page.GotoAsync(stage.Account);
        await Assertions.Expect(page.Locator("#live-verdict .verdict")).ToHaveTextAsync("○Unknown");
    }

    [Fact]
    public async Task The_account_page_follows_what_happens_and_the_chart_has_a_table()
    {
        await using var stage = await Stage.StartAsync(chromium, realTime: true);
        var page = await stage.Site.SignedInAsync("vic", "viewer");
        await page.GotoAsync(stage.Account);
        await Assertions.Expect(page.GetByText("No call has come through the check yet.")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Create secondary…" })).ToHaveCountAsync(0);
        await Assertions.Expect(page.Locator("[data-live-state]")).ToContainTextAsync("Live");
        var secondary = await stage.CreateSecondaryAsync();
        await stage.CallAsync(stage.Primary, "billing");
        await stage.CallAsync(secondary, "mailer");
        await Assertions.Expect(page.Locator("#live-verdict tbody tr th").Filter(new() { HasText = "mailer" })).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator("#live-slots .fingerprint")).ToHaveCountAsync(2);
        await page.GetByText("The same as a table").ClickAsync();
        await Assertions.Expect(page.Locator("#chart-table tbody tr")).Not.ToHaveCountAsync(0);
        Assert.True(await page.Locator(".chart rect.primary").CountAsync() > 0 && await page.Locator(".chart rect.secondary").CountAsync() > 0);
        await page.FollowLinkAsync("Last 30 days");
        await Assertions.Expect(page.Locator("figcaption")).ToContainTextAsync("Calls by day, last 30 days");
    }

    [Fact]
    public async Task The_settings_say_what_is_in_force()
    {
        await using var stage = await Stage.StartAsync(chromium);
        var page = await stage.Site.SignedInAsync("vic", "viewer");
        await page.FollowLinkAsync("Settings");
        await Assertions.Expect(page.Locator("tr").Filter(new() { HasText = "TANDEM_QUIET_TIME" })).ToContainTextAsync("10 minutes");
        await Assertions.Expect(page.GetByText(stage.Site.Server.DataDirectory).First).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_copy_is_claimed_only_when_it_was_made()
    {
        await using var stage = await Stage.StartAsync(chromium);
        var page = await stage.Site.SignedInAsync("ada", "operator");
        await page.AddInitScriptAsync("Object.defineProperty(navigator, 'clipboard', { value: undefined })"); // as over plain http
        await page.GotoAsync($"{stage.Account}/secondary");
        await page.ClickButtonAsync("Create secondary");
        var token = await page.Locator("[data-secret] code").InnerTextAsync();
        await page.EvaluateAsync("addEventListener('copy', e => window.copied = e.clipboardData.getData('text/plain'))");
        var button = page.Locator("[data-secret] button");
        await button.ClickAsync();
        await Assertions.Expect(button).ToHaveTextAsync("Copied");
        Assert.Equal(token, await page.EvaluateAsync<string>("window.copied"));

        await page.EvaluateAsync("document.execCommand = () => true"); // says yes and does nothing
        await button.ClickAsync();
        await Assertions.Expect(button).ToHaveTextAsync("Selected: press Ctrl+C");
        Assert.Equal(token, await page.EvaluateAsync<string>("getSelection().toString()"));
    }
}
