using Microsoft.Playwright;
using Tandem.Testing;

namespace Tandem.Console.Tests.Accounts;

/// <summary>Every page about accounts and every state of one that looks different, for tests of what holds for all of them.</summary>
internal static class AccountTour
{
    /// <summary>Goes round in a window of an administrator.</summary>
    public static async Task GoAsync(ConsoleSite site, IPage page, Func<string, Task> look)
    {
        var account = $"/accounts/{site.Server.Account.Sid}";
        await ShowAsync("the list", "/accounts");
        await ShowAsync("nothing found", "/accounts?q=nobody");
        await ShowAsync("create an account", "/accounts/_new");
        await page.GetByLabel("Account SID of its parent").FillAsync("x");
        await page.GetByLabel("Name").FillAsync("x");
        await page.ClickButtonAsync("Create");
        await look("create an account, wrong");
        await ShowAsync("no rotation", account);
        await ShowAsync("no consumers", $"{account}/consumers");
        await ShowAsync("no late use", $"{account}/late-use");
        await ShowAsync("nothing to rehearse", $"{account}/pause");
        await ShowAsync("create a secondary", $"{account}/secondary");
        await page.ClickButtonAsync("Create secondary");
        await look("the new token");
        var secondary = site.Server.Account with { Token = await page.Locator("[data-secret] code").InnerTextAsync() };
        await page.ReloadAsync();
        await look("the new token, shown before");
        await CallAsync(site, site.Server.Account, "billing", "mailer");
        await CallAsync(site, secondary, "billing");
        await ShowAsync("in the middle", account);
        await page.GetByText("The same as a table").ClickAsync();
        await look("in the middle, the table");
        await ShowAsync("no rotation told of", "/rotations");
        await RotationsPageTests.TellAsync(site, "watching", message: "1 consumer used the primary in the last 10 min");
        await ShowAsync("rotations", "/rotations");
        await ShowAsync("one rotation", $"/rotations/{site.Server.Account.Sid}");
        await ShowAsync("in the middle, with a rotation", account);
        await RotationsPageTests.TellAsync(site, "done", "rotated");
        await ShowAsync("one rotation, done", $"/rotations/{site.Server.Account.Sid}");
        await ShowAsync("consumers", $"{account}/consumers");
        await page.FollowAsync(page.Locator("tbody th a").First);
        await look("a consumer");
        await page.GetByLabel("Number").FillAsync("x");
        await page.ClickButtonAsync("Keep");
        await look("a consumer, wrong");
        await ShowAsync("promote, not ready", $"{account}/promote");
        await page.GetByLabel("Type").FillAsync("x");
        await page.ClickButtonAsync("Promote all the same");
        await look("promote, wrong");
        await ShowAsync("delete", $"{account}/delete-secondary");
        await ShowAsync("pause", $"{account}/pause");
        await page.GetByLabel("Seconds").FillAsync("1");
        await page.ClickButtonAsync("Pause the primary");
        await look("pause, wrong");
        await page.GetByLabel("Seconds").FillAsync("300");
        await page.ClickButtonAsync("Pause the primary");
        await page.Locator(".countdown").First.WaitForAsync();
        await CallAsync(site, site.Server.Account, "mailer");
        await page.ReloadAsync();
        await look("paused");
        await ShowAsync("paused, the account", account);
        await ShowAsync("the account itself", $"{account}/account");
        await ShowAsync("suspend", $"{account}/suspend");
        await ShowAsync("close", $"{account}/close");
        await ShowAsync("promote, paused", $"{account}/promote");
        await page.GetByLabel("Type").FillAsync(TestTandem.FirstName);
        await page.ClickButtonAsync("Promote all the same");
        await look("promoted");
        await CallAsync(site, site.Server.Account, "mailer");
        await ShowAsync("late use", $"{account}/late-use");
        await ShowAsync("audit", "/audit");
        await ShowAsync("audit, nothing fits", "/audit?action=account_closed");
        await ShowAsync("audit, wrong account", "/audit?account=x");
        await ShowAsync("an audit entry", "/audit/1");
        await ShowAsync("settings", "/settings");
        await ShowAsync("404", $"{account}/nothing");

        async Task ShowAsync(string where, string path)
        {
            await page.GotoAsync(path);
            await look(where);
        }
    }

    private static async Task CallAsync(ConsoleSite site, TestCredential credential, params string[] names)
    {
        foreach (var name in names)
        {
            await site.Server.SendAsync("GET", "/auth/forward", r => r.As(credential).With("X-Client-Name", name));
        }
    }
}
