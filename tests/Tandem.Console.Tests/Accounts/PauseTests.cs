using Microsoft.Playwright;
using Xunit;

namespace Tandem.Console.Tests.Accounts;

/// <summary>The rehearsal: the check refuses the primary for a while, and whoever would break shows.</summary>
public sealed class PauseTests(Chromium chromium)
{
    [Fact]
    public async Task Whoever_is_refused_is_listed_as_it_happens_and_the_pause_can_be_stopped()
    {
        await using var stage = await Stage.StartAsync(chromium, realTime: true);
        var secondary = await stage.CreateSecondaryAsync();
        var page = await stage.Site.SignedInAsync("ada", "operator");
        await page.GotoAsync(stage.Account);
        await page.FollowLinkAsync("Rehearse: pause the primary…");
        await page.GetByLabel("Seconds").FillAsync("4");
        await page.ClickButtonAsync("Pause the primary");
        await Assertions.Expect(page.GetByText("Give a number of seconds from 5 to 300. Nothing was paused.")).ToBeVisibleAsync();
        await page.GetByLabel("Seconds").FillAsync("300");
        await page.ClickButtonAsync("Pause the primary");
        await Assertions.Expect(page.Locator(".countdown")).ToContainTextAsync(" s left, until ");
        await Assertions.Expect(page.Locator("#live-broken .verdict")).ToContainTextAsync("nobody was refused so far");

        Assert.Equal((401, 200), (await stage.CallAsync(stage.Primary, "legacy-cron"), await stage.CallAsync(secondary, "billing")));
        await Assertions.Expect(page.Locator("#live-broken li")).ToContainTextAsync("legacy-cron");
        await Assertions.Expect(page.Locator("#live-broken li")).ToHaveCountAsync(1);
        await page.ClickButtonAsync("Stop the pause now");
        await Assertions.Expect(page.Locator(".note").First).ToContainTextAsync("again.");
        Assert.Equal(200, await stage.CallAsync(stage.Primary, "legacy-cron"));
        await Assertions.Expect(page.Locator("#live-broken li")).ToContainTextAsync("legacy-cron");
    }

    [Fact]
    public async Task Without_scripts_it_works_as_well_and_ends_by_itself()
    {
        await using var stage = await Stage.StartAsync(chromium);
        await stage.CreateSecondaryAsync();
        var page = await stage.Site.SignedInAsync("ada", "operator", new() { JavaScriptEnabled = false });
        await page.GotoAsync($"{stage.Account}/pause");
        await page.ClickButtonAsync("Pause the primary");
        await Assertions.Expect(page.Locator(".countdown")).ToContainTextAsync("until ");
        Assert.Equal(401, await stage.CallAsync(stage.Primary, "x"));
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("#live-broken li")).ToHaveCountAsync(1);
        stage.Time!.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(200, await stage.CallAsync(stage.Primary, "x"));
        await page.ClickButtonAsync("Stop the pause now");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The primary is not paused any more.");
    }

    [Fact]
    public async Task Without_a_secondary_there_is_nothing_to_rehearse()
    {
        await using var stage = await Stage.StartAsync(chromium);
        var page = await stage.Site.SignedInAsync("ada", "operator");
        await page.GotoAsync($"{stage.Account}/pause");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "There is nothing to rehearse" })).ToBeVisibleAsync();
    }
}
