using Microsoft.Extensions.Time.Testing;
using Microsoft.Playwright;
using Xunit;

namespace Tandem.Console.Tests;

public sealed class SecondFactorTests(Chromium chromium)
{
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());

    [Fact]
    public async Task Once_it_is_set_up_signing_in_takes_a_code_and_each_code_works_once()
    {
        await using var site = await ConsoleSite.StartAsync(chromium, new() { Time = _time });
        var page = await site.SignedInAsync();
        var (app, _) = await SetUpAsync(page);
        await page.ClickButtonAsync("Sign out");

        await ConsoleSite.SignInAsync(page, "ada");
        await EnterAsync(page, app.Code()); // it was used to set the factor up
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("This code is not right, or it was used before.");
        _time.Advance(TimeSpan.FromSeconds(30));
        await EnterAsync(page, app.Code());
        await Assertions.Expect(page).ToHaveURLAsync(site.At("/accounts"));

        var again = await site.OpenAsync();
        await again.GotoAsync("/sign-in");
        await ConsoleSite.SignInAsync(again, "ada");
        await EnterAsync(again, app.Code());
        await Assertions.Expect(again.GetByRole(AriaRole.Alert)).ToContainTextAsync("it was used before");
    }

    [Fact]
    public async Task A_recovery_code_signs_in_once_and_new_ones_void_the_old()
    {
        await using var site = await ConsoleSite.StartAsync(chromium, new() { Time = _time });
        var page = await site.SignedInAsync();
        var (_, codes) = await SetUpAsync(page);
        Assert.Equal(10, codes.Distinct().Count());
        await page.ClickButtonAsync("Sign out");

        await ConsoleSite.SignInAsync(page, "ada");
        await EnterAsync(page, codes[3].ToUpperInvariant().Replace("-", " ", StringComparison.Ordinal));
        await page.GotoAsync("/me");
        await Assertions.Expect(page.GetByText("9 recovery codes left")).ToBeVisibleAsync();
        await page.ClickButtonAsync("New recovery codes");
        var fresh = await page.Locator(".codes li").AllInnerTextsAsync();
        await page.FollowAsync(page.GetByText("I have kept them"));
        await page.ClickButtonAsync("Sign out");

        foreach (var (code, isTaken) in new[] { (codes[3], false), (codes[4], false), (fresh[0], true) })
        {
            await page.GotoAsync("/sign-in");
            await ConsoleSite.SignInAsync(page, "ada");
            await EnterAsync(page, code);
            await (isTaken
                ? Assertions.Expect(page).ToHaveURLAsync(site.At("/accounts"))
                : Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("This code is not right"));
        }
    }

    [Fact]
    public async Task The_password_step_is_good_for_five_minutes()
    {
        await using var site = await ConsoleSite.StartAsync(chromium, new() { Time = _time });
        var page = await site.SignedInAsync();
        var (app, _) = await SetUpAsync(page);
        await page.ClickButtonAsync("Sign out");
        await ConsoleSite.SignInAsync(page, "ada");
        _time.Advance(TimeSpan.FromMinutes(5));
        await EnterAsync(page, app.Code());
        await Assertions.Expect(page.GetByText("That took too long.")).ToBeVisibleAsync();
        await Assertions.Expect(page).ToHaveURLAsync(site.At("/sign-in"));
    }

    [Fact]
    public async Task Removed_by_its_owner_or_an_administrator_it_is_asked_for_no_more()
    {
        await using var site = await ConsoleSite.StartAsync(chromium, new() { Time = _time });
        var (ada, grace) = (await site.SignedInAsync(), await site.SignedInAsync("grace", "viewer"));
        await SetUpAsync(grace);
        await ada.GotoAsync("/users/grace");
        await ada.ClickButtonAsync("Remove second factor");
        await Assertions.Expect(ada.GetByText("The second factor of grace is removed.")).ToBeVisibleAsync();
        await grace.ClickButtonAsync("Sign out");
        await ConsoleSite.SignInAsync(grace, "grace");
        await Assertions.Expect(grace).ToHaveURLAsync(site.At("/accounts"));

        await SetUpAsync(grace);
        await grace.ClickButtonAsync("Remove");
        await Assertions.Expect(grace.GetByText("Your second factor is removed.")).ToBeVisibleAsync();
    }

    private static async Task EnterAsync(IPage page, string code)
    {
        await page.GetByLabel("Code").FillAsync(code);
        await page.ClickButtonAsync("Sign in");
    }

    private async Task<(AuthenticatorApp App, IReadOnlyList<string> Codes)> SetUpAsync(IPage page)
    {
        await page.GotoAsync("/me");
        await page.ClickButtonAsync("Set up a second factor");
        var app = new AuthenticatorApp(await page.Locator("[data-copy] code").First.InnerTextAsync(), _time);
        await page.GetByLabel("Code that the app shows now").FillAsync(app.Code());
        await page.ClickButtonAsync("Turn it on");
        var codes = await page.Locator(".codes li").AllInnerTextsAsync();
        await page.FollowAsync(page.GetByText("I have kept them"));
        await Assertions.Expect(page.GetByText("10 recovery codes left")).ToBeVisibleAsync();
        return (app, codes);
    }
}
