using Microsoft.Playwright;
using Tandem.Testing;
using Xunit;

namespace Tandem.Console.Tests.Accounts;

/// <summary>The question before a promote tells the truth, and the answer is held to it.</summary>
public sealed class PromoteTests(Chromium chromium)
{
    [Fact]
    public async Task A_hidden_laggard_is_named_and_the_accounts_name_must_be_typed()
    {
        await using var stage = await Stage.StartAsync(chromium);
        var secondary = await stage.CreateSecondaryAsync();
        await stage.CallAsync(stage.Primary, "billing");
        await stage.CallAsync(stage.Primary, "nightly-report");
        stage.Time!.Advance(TimeSpan.FromDays(1));
        await stage.CallAsync(stage.Primary, "nightly-report");
        stage.Time.Advance(TimeSpan.FromHours(2));
        await stage.CallAsync(secondary, "billing");

        var page = await stage.AtPromoteAsync();
        var breaks = page.GetByRole(AriaRole.List, new() { Name = "Who would break" }).GetByRole(AriaRole.Listitem);
        await Assertions.Expect(breaks).ToHaveCountAsync(1);
        await Assertions.Expect(breaks.First).ToContainTextAsync("nightly-report");
        await Assertions.Expect(breaks.First).ToContainTextAsync("may fail at its next call, expected");
        await Assertions.Expect(breaks.First).ToContainTextAsync("2 calls, the last 2 hours ago");

        await page.GetByLabel("Type").FillAsync("Acme 2");
        await page.ClickButtonAsync("Promote all the same");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("What was typed is not the account’s name. Nothing was promoted.");
        Assert.Equal(200, await stage.CallAsync(stage.Primary, "nightly-report"));
        await page.GetByLabel("Type").FillAsync(TestTandem.FirstName.ToLowerInvariant());
        await page.ClickButtonAsync("Promote all the same");
        await Assertions.Expect(page.Locator(".note").First).ToContainTextAsync("Promoted");
        Assert.Equal(401, await stage.CallAsync(stage.Primary, "nightly-report"));

        await page.GotoAsync($"{stage.Account}/late-use");
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator("tbody th")).ToContainTextAsync("nightly-report");
    }

    [Fact]
    public async Task Whoever_comes_back_to_the_primary_after_the_question_was_asked_is_named_before_anything_is_done()
    {
        await using var stage = await Stage.StartAsync(chromium);
        var secondary = await stage.CreateSecondaryAsync();
        await stage.CallAsync(stage.Primary, "billing");
        stage.Time!.Advance(TimeSpan.FromMinutes(11));
        await stage.CallAsync(secondary, "billing");
        var page = await stage.AtPromoteAsync();
        await Assertions.Expect(page.Locator(".verdict")).ToHaveTextAsync("●Ready");

        await stage.CallAsync(stage.Primary, "legacy-cron");
        await page.ClickButtonAsync("Promote");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Somebody stands in the way who was not named when you were asked. Nothing was promoted.");
        await Assertions.Expect(page.GetByRole(AriaRole.List, new() { Name = "Who would break" })).ToContainTextAsync("legacy-cron");
        Assert.Equal(200, await stage.CallAsync(stage.Primary, "legacy-cron"));
        await page.GetByLabel("Type").FillAsync(TestTandem.FirstName);
        await page.ClickButtonAsync("Promote all the same");
        Assert.Equal(401, await stage.CallAsync(stage.Primary, "legacy-cron"));
    }

    [Fact]
    public async Task The_question_keeps_itself_up_to_date_while_it_is_open_and_keeps_what_was_typed()
    {
        await using var stage = await Stage.StartAsync(chromium, realTime: true);
        await stage.CreateSecondaryAsync();
        var page = await stage.AtPromoteAsync();
        await Assertions.Expect(page.Locator("[data-live-state]")).ToHaveTextAsync("Live: this page keeps itself up to date.");
        await Assertions.Expect(page.Locator(".verdict")).ToHaveTextAsync("○Unknown");
        await page.GetByLabel("Type").FillAsync(TestTandem.FirstName);
        await stage.CallAsync(stage.Primary, "legacy-cron");
        await Assertions.Expect(page.Locator(".verdict")).ToHaveTextAsync("▲Not yet");
        await Assertions.Expect(page.GetByRole(AriaRole.List, new() { Name = "Who would break" })).ToContainTextAsync("legacy-cron");
        await Assertions.Expect(page.GetByLabel("Type")).ToHaveValueAsync(TestTandem.FirstName);
        Assert.Equal("typed", await page.EvaluateAsync<string>("document.activeElement.id"));
        await Assertions.Expect(page.Locator("body > [role=status]")).ToContainTextAsync("Not yet");
        await page.ClickButtonAsync("Promote all the same");
        await Assertions.Expect(page.Locator(".note").First).ToContainTextAsync("Promoted");
    }

    [Fact]
    public async Task With_the_guard_on_a_promote_takes_a_reason_which_the_audit_keeps()
    {
        await using var stage = await Stage.StartAsync(chromium);
        await stage.CreateSecondaryAsync();
        await stage.CallAsync(stage.Primary, "billing");
        var page = await stage.Site.SignedInAsync("ada", "operator", new() { JavaScriptEnabled = false });
        await page.GotoAsync(stage.Account);
        await page.ClickButtonAsync("Switch the guard on");
        await Assertions.Expect(page.GetByText("The promote guard is on.")).ToBeVisibleAsync();
        await page.GotoAsync($"{stage.Account}/promote");
        await page.GetByLabel("Type").FillAsync(TestTandem.FirstName);
        await page.EvaluateAsync("document.querySelector('#reason').required = false");
        await page.ClickButtonAsync("Promote all the same");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("give a reason");
        Assert.Equal(200, await stage.CallAsync(stage.Primary, "billing"));
        await page.GetByLabel("Reason").FillAsync("leaked on a screen");
        await page.GetByLabel("Type").FillAsync(TestTandem.FirstName);
        await page.ClickButtonAsync("Promote all the same");
        Assert.Equal(401, await stage.CallAsync(stage.Primary, "billing"));
        await page.GotoAsync("/audit?action=secondary_promoted_by_force");
        await Assertions.Expect(page.Locator("tbody tr")).ToContainTextAsync("leaked on a screen");
        await Assertions.Expect(page.Locator("tbody tr")).ToContainTextAsync("operator ada");
    }

    [Fact]
    public async Task Of_two_browsers_the_second_is_told_what_the_first_has_done()
    {
        await using var stage = await Stage.StartAsync(chromium);
        await stage.CreateSecondaryAsync();
        var (ada, bob) = (await stage.AtPromoteAsync("ada"), await stage.AtPromoteAsync("bob"));
        var deleting = await stage.Site.SignedInAsync("carol", "operator");
        await deleting.GotoAsync($"{stage.Account}/delete-secondary");
        await ada.GetByLabel("Type").FillAsync(TestTandem.FirstName);
        await ada.ClickButtonAsync("Promote all the same");
        await Assertions.Expect(ada.Locator(".note").First).ToContainTextAsync("Promoted");

        await bob.GetByLabel("Type").FillAsync(TestTandem.FirstName);
        await bob.ClickButtonAsync("Promote all the same");
        await Assertions.Expect(bob.GetByRole(AriaRole.Alert)).ToContainTextAsync("The tokens have changed since you looked. Nothing was changed. The last change: secondary promoted");
        await Assertions.Expect(bob.GetByRole(AriaRole.Alert)).ToContainTextAsync("by operator ada, just now");

        // A new secondary is not the one that the third window asked about.
        await ada.GotoAsync($"{stage.Account}/secondary");
        await ada.ClickButtonAsync("Create secondary");
        var newer = stage.Primary with { Token = await ada.Locator("[data-secret] code").InnerTextAsync() };
        await deleting.ClickButtonAsync("Delete secondary");
        await Assertions.Expect(deleting.GetByRole(AriaRole.Alert)).ToContainTextAsync("The tokens have changed since you looked.");
        Assert.Equal(200, await stage.CallAsync(newer, "x"));
    }

    [Fact]
    public async Task A_session_that_ends_in_the_middle_comes_back_to_the_question()
    {
        await using var stage = await Stage.StartAsync(chromium);
        await stage.CreateSecondaryAsync();
        await stage.CallAsync(stage.Primary, "billing");
        var page = await stage.AtPromoteAsync();
        await page.GetByLabel("Type").FillAsync(TestTandem.FirstName);
        stage.Time!.Advance(TimeSpan.FromHours(2));
        await page.ClickButtonAsync("Promote all the same");
        await Assertions.Expect(page.GetByText("Your session had ended, so nothing was changed.")).ToBeVisibleAsync();
        await ConsoleSite.SignInAsync(page, "ada");
        await Assertions.Expect(page).ToHaveURLAsync(stage.Site.At($"{stage.Account}/promote"));
        Assert.Equal(200, await stage.CallAsync(stage.Primary, "billing"));
        await page.GetByLabel("Type").FillAsync(TestTandem.FirstName);
        await page.ClickButtonAsync("Promote all the same");
        await Assertions.Expect(page.Locator(".note").First).ToContainTextAsync("Promoted");
    }

    [Fact]
    public async Task After_ten_minutes_the_password_is_asked_for_and_the_form_goes_on_as_it_was_sent()
    {
        await using var stage = await Stage.StartAsync(chromium);
        await stage.CreateSecondaryAsync();
        var page = await stage.AtPromoteAsync();
        stage.Time!.Advance(TimeSpan.FromMinutes(20));
        await page.GetByLabel("Type").FillAsync(TestTandem.FirstName);
        await page.ClickButtonAsync("Promote all the same");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Is it still you?" })).ToBeVisibleAsync();
        Assert.Equal(200, await stage.CallAsync(stage.Primary with { }, "x"));
        await page.GetByLabel("Password").FillAsync(ConsoleSite.Password);
        await page.ClickButtonAsync("Go on");

        // The call just made stands in the way now, and was not named.
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Somebody stands in the way");
        await page.GetByLabel("Type").FillAsync(TestTandem.FirstName);
        await page.ClickButtonAsync("Promote all the same");
        await Assertions.Expect(page.Locator(".note").First).ToContainTextAsync("Promoted");
    }

    [Fact]
    public async Task Deleting_names_those_who_are_on_the_secondary_already()
    {
        await using var stage = await Stage.StartAsync(chromium);
        var secondary = await stage.CreateSecondaryAsync();
        await stage.CallAsync(secondary, "early-bird");
        var page = await stage.Site.SignedInAsync("ada", "operator");
        await page.GotoAsync(stage.Account);
        await page.FollowLinkAsync("Delete…");
        await Assertions.Expect(page.Locator(".lines li")).ToContainTextAsync("early-bird");
        await page.GetByLabel("Type").FillAsync("something else");
        await page.ClickButtonAsync("Delete secondary");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Nothing was deleted.");
        await page.GetByLabel("Type").FillAsync(TestTandem.FirstName);
        await page.ClickButtonAsync("Delete secondary");
        await Assertions.Expect(page.Locator(".note").First).ToContainTextAsync("goes on working");
        Assert.Equal((200, 401), (await stage.CallAsync(stage.Primary, "x"), await stage.CallAsync(secondary, "early-bird")));
    }
}
