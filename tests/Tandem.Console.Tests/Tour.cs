using Microsoft.Extensions.Time.Testing;
using Microsoft.Playwright;
using Tandem.Console.Tests.Accounts;
using Tandem.Server;

namespace Tandem.Console.Tests;

/// <summary>
/// Every page and every state of one that looks different, one after the other, for tests of what holds for all of them. Whoever adds a page
/// adds it here.
/// </summary>
internal static class Tour
{
    /// <summary>Goes round; <paramref name="look"/> is told where it is.</summary>
    public static async Task GoAsync(ConsoleSite site, IPage page, FakeTimeProvider time, Func<string, Task> look)
    {
        await SignedOutAsync(site, page, look);
        await AloneAsync(page, time, look);
        await UsersAsync(page, look);
        await AccountTour.GoAsync(site, page, look);
        await ProveAsync(page, time, look);
    }

    private static async Task SignedOutAsync(ConsoleSite site, IPage page, Func<string, Task> look)
    {
        await page.GotoAsync("/sign-in");
        await look("sign-in, nobody yet");
        var link = await RunningServer.CreateSetupLinkAsync(site.Server.Services);
        await page.GotoAsync("/setup");
        await look("set-up, no link");
        await page.GotoAsync("/sign-in"); // a fragment alone is no navigation
        await page.GotoAsync(link!.Url);
        await look("set-up");
        await page.GetByLabel("Name").FillAsync("ada");
        await page.GetByLabel("New password").FillAsync("aaaaaaaaaaaaaaaaaaaa");
        await page.GetByLabel("The same again").FillAsync("aaaaaaaaaaaaaaaaaaaa");
        await page.ClickButtonAsync("Create administrator");
        await look("set-up, bad password");
        await page.GetByLabel("New password").FillAsync(ConsoleSite.Password);
        await page.GetByLabel("The same again").FillAsync(ConsoleSite.Password);
        await page.ClickButtonAsync("Create administrator");
        await look("accounts, with a note");
        await page.ClickButtonAsync("Sign out");
        await look("sign-in, signed out");
        await page.GotoAsync("/setup");
        await look("set-up, done");
        await page.GotoAsync("/invitation");
        await look("invitation");
        await page.GotoAsync("/accounts/nothing-here");
        await look("404, signed out");
        await page.GotoAsync("/sign-in");
        await ConsoleSite.SignInAsync(page, "ada", "a wrong password");
        await look("sign-in, wrong");
        await ConsoleSite.SignInAsync(page, "ada");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Accounts" })).ToBeVisibleAsync();
    }

    private static async Task AloneAsync(IPage page, FakeTimeProvider time, Func<string, Task> look)
    {
        await page.GotoAsync("/accounts?q=nobody");
        await look("accounts, none found");
        await page.GotoAsync("/accounts/nothing-here");
        await look("404, signed in");
        await page.GotoAsync("/me/password");
        await look("password");
        await page.GotoAsync("/me");
        await look("me");
        await page.ClickButtonAsync("Set up a second factor");
        await look("second factor");
        await page.GetByLabel("Code that the app shows now").FillAsync("000000");
        await page.ClickButtonAsync("Turn it on");
        await look("second factor, wrong code");
        var app = new AuthenticatorApp(await page.Locator("[data-copy] code").First.InnerTextAsync(), time);
        await page.GetByLabel("Code that the app shows now").FillAsync(app.Code());
        await page.ClickButtonAsync("Turn it on");
        await look("recovery codes");
        var recovery = await page.Locator(".codes li").AllInnerTextsAsync();
        await page.FollowAsync(page.GetByText("I have kept them"));
        await look("me, with a second factor");
        await page.ClickButtonAsync("Sign out");
        await ConsoleSite.SignInAsync(page, "ada");
        await look("sign-in, second factor");
        await page.GetByLabel("Code").FillAsync(recovery[0]);
        await page.ClickButtonAsync("Sign in");
    }

    private static async Task UsersAsync(IPage page, Func<string, Task> look)
    {
        await page.GotoAsync("/users");
        await look("users");
        await page.FollowAsync(page.GetByText("Add a user"));
        await page.GetByLabel("Name").FillAsync("not a name!");
        await page.ClickButtonAsync("Add");
        await look("add a user, wrong");
        await page.GetByLabel("Name").FillAsync("grace@example.com");
        await page.ClickButtonAsync("Add");
        await look("a link for a user");
        await page.FollowAsync(page.GetByText("Done"));
        await look("one user");
        await page.FollowAsync(page.GetByText("Remove…"));
        await look("remove a user");
        await page.ClickButtonAsync("Remove");
        await look("users, with a note");
    }

    private static async Task ProveAsync(IPage page, FakeTimeProvider time, Func<string, Task> look)
    {
        await page.GotoAsync("/users/ada");
        time.Advance(TimeSpan.FromMinutes(10));
        await page.ClickButtonAsync("New one-time link");
        await look("is it still you");
        await page.GetByLabel("Password of ada").FillAsync(ConsoleSite.Password);
        await page.GetByLabel("Code").FillAsync("000000");
        await page.ClickButtonAsync("Go on");
        await look("is it still you, wrong");
    }
}
