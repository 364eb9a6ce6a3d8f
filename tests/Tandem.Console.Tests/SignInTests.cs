using Microsoft.Extensions.Time.Testing;
using Microsoft.Playwright;
using Xunit;

namespace Tandem.Console.Tests;

public sealed class SignInTests(Chromium chromium)
{
    [Fact]
    public async Task A_page_that_was_asked_for_is_there_after_signing_in()
    {
        await using var site = await ConsoleSite.StartAsync(chromium);
        await site.AddUserAsync("ada");
        var page = await site.OpenAsync();
        await page.GotoAsync("/users/ada?from=mail");
        await ConsoleSite.SignInAsync(page, "ADA");
        await Assertions.Expect(page).ToHaveURLAsync(site.At("/users/ada?from=mail"));
    }

    [Theory]
    [InlineData("https://elsewhere.example/")]
    [InlineData("//elsewhere.example/accounts")]
    [InlineData("/\\elsewhere.example/accounts")]
    [InlineData("/v1/AuthTokens/Secondary")]
    public async Task Nothing_leads_elsewhere_after_signing_in(string to)
    {
        await using var site = await ConsoleSite.StartAsync(chromium);
        await site.AddUserAsync("ada");
        var page = await site.OpenAsync();
        await page.GotoAsync("/sign-in?to=" + Uri.EscapeDataString(to));
        await ConsoleSite.SignInAsync(page, "ada");
        await Assertions.Expect(page).ToHaveURLAsync(site.At("/accounts"));
    }

    [Fact]
    public async Task Wrong_passwords_make_the_next_try_wait_longer_and_longer_and_never_for_good()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var site = await ConsoleSite.StartAsync(chromium, new() { Time = time });
        await site.AddUserAsync("ada");
        var page = await site.OpenAsync();
        await page.GotoAsync("/sign-in");
        for (var i = 0; i < 4; i++)
        {
            await ConsoleSite.SignInAsync(page, "ada", $"wrong {i}");
            await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("■This name and this password do not go together.");
            await Assertions.Expect(page.GetByLabel("Name")).ToHaveValueAsync("ada");
        }

        await ConsoleSite.SignInAsync(page, "ada", "wrong once more");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("You can try again in a few seconds.");
        await ConsoleSite.SignInAsync(page, "ada");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Too many failed attempts.");

        time.Advance(TimeSpan.FromSeconds(1));
        await ConsoleSite.SignInAsync(page, "ada");
        await Assertions.Expect(page).ToHaveURLAsync(site.At("/accounts"));
    }

    [Fact]
    public async Task A_strangers_guesses_do_not_make_the_owners_browser_wait()
    {
        await using var site = await ConsoleSite.StartAsync(chromium, new() { Time = new FakeTimeProvider(TimeProvider.System.GetUtcNow()) });
        var owner = await site.SignedInAsync("ada");
        await owner.ClickButtonAsync("Sign out");
        var stranger = await site.OpenAsync();
        await stranger.GotoAsync("/sign-in");
        for (var i = 0; i < 6; i++)
        {
            await ConsoleSite.SignInAsync(stranger, "ada", $"guess {i}");
        }

        await Assertions.Expect(stranger.GetByRole(AriaRole.Alert)).ToContainTextAsync("Too many failed attempts.");
        await ConsoleSite.SignInAsync(owner, "ada");
        await Assertions.Expect(owner).ToHaveURLAsync(site.At("/accounts"));
    }

    [Fact]
    public async Task Everything_works_without_scripts()
    {
        await using var site = await ConsoleSite.StartAsync(chromium);
        var page = await site.SignedInAsync(options: new() { JavaScriptEnabled = false });
        await page.GotoAsync("/users/_new");
        await page.GetByLabel("Name").FillAsync("grace");
        await page.GetByLabel("Viewer").CheckAsync();
        await page.ClickButtonAsync("Add");
        var link = await page.Locator("[data-copy] code").InnerTextAsync();

        var invited = await site.OpenAsync(new() { JavaScriptEnabled = false });
        await invited.GotoAsync("/invitation");
        await invited.GetByLabel("Code from the link").FillAsync(link.Split('#')[1]);
        await invited.GetByLabel("New password").FillAsync("a password of hers");
        await invited.GetByLabel("The same again").FillAsync("a password of hers");
        await invited.ClickButtonAsync("Set password");
        await ConsoleSite.SignInAsync(invited, "grace", "a password of hers");
        await Assertions.Expect(invited).ToHaveURLAsync(site.At("/accounts"));
        await Assertions.Expect(invited.GetByRole(AriaRole.Link, new() { Name = "Users" })).ToHaveCountAsync(0);

        await page.GotoAsync("/users/grace/remove");
        await page.ClickButtonAsync("Remove");
        await Assertions.Expect(page.GetByText("grace is removed.")).ToBeVisibleAsync();
        await invited.GotoAsync("/accounts");
        await Assertions.Expect(invited.GetByText("Your session has ended.")).ToBeVisibleAsync();
    }
}
