using Microsoft.Playwright;
using Xunit;

namespace Tandem.Console.Tests;

public sealed class KeyboardTests(Chromium chromium)
{
    [Fact]
    public async Task Signing_in_and_removing_a_user_takes_no_mouse()
    {
        await using var site = await ConsoleSite.StartAsync(chromium);
        await site.AddUserAsync("ada");
        await site.AddUserAsync("grace", "viewer");
        var page = await site.OpenAsync();
        await page.GotoAsync("/users/grace");

        await TabToAsync(page, "#name");
        await page.Keyboard.TypeAsync("ada");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.TypeAsync(ConsoleSite.Password);
        await page.PressToFollowAsync("Enter");
        await Assertions.Expect(page).ToHaveURLAsync(site.At("/users/grace"));

        await TabToAsync(page, "a.grave");
        await page.PressToFollowAsync("Enter");
        await Assertions.Expect(page).ToHaveURLAsync(site.At("/users/grace/remove"));
        await TabToAsync(page, "button.danger");
        await page.PressToFollowAsync("Space");
        await Assertions.Expect(page.Locator(".note")).ToHaveTextAsync("✓grace is removed.");
    }

    [Fact]
    public async Task The_first_stop_skips_to_the_content_and_every_stop_is_seen()
    {
        await using var site = await ConsoleSite.StartAsync(chromium);
        var page = await site.SignedInAsync();
        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("Skip to content", await page.EvaluateAsync<string>("document.activeElement.textContent"));
        Assert.True(await page.EvaluateAsync<double>("document.activeElement.getBoundingClientRect().top") >= 0);
        await page.PressToFollowAsync("Enter");
        await Assertions.Expect(page.Locator("#content")).ToBeFocusedAsync();

        await page.ReloadAsync();
        for (var stop = 0; stop < 10; stop++)
        {
            await page.Keyboard.PressAsync("Tab");
            Assert.Equal("3px", await page.EvaluateAsync<string>("getComputedStyle(document.activeElement).outlineWidth"));
        }
    }

    /// <summary>Presses Tab until the element has the focus.</summary>
    private static async Task TabToAsync(IPage page, string selector)
    {
        for (var stop = 0; stop < 40; stop++)
        {
            if (await page.EvaluateAsync<bool>("selector => document.activeElement.matches(selector)", selector))
            {
                return;
            }

            await page.Keyboard.PressAsync("Tab");
        }

        Assert.Fail($"{selector} is not reached with Tab.");
    }
}
