using Microsoft.Extensions.Time.Testing;
using Microsoft.Playwright;
using Xunit;

namespace Tandem.Console.Tests;

public sealed class AccessibilityTests(Chromium chromium)
{
    /// <summary>360 px is a small phone; 320 px is what 400 % zoom leaves of 1280, and 200 % of 640.</summary>
    private static readonly int[] Widths = [640, 360, 320];

    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());

    [Fact]
    public async Task No_page_scrolls_sideways_on_a_narrow_or_a_zoomed_window()
    {
        await using var site = await ConsoleSite.StartAsync(chromium, new() { Time = _time });
        var page = await site.OpenAsync();
        await Tour.GoAsync(site, page, _time, async where =>
        {
            foreach (var width in Widths)
            {
                await page.SetViewportSizeAsync(width, 700);
                var wide = await page.EvaluateAsync<int>("document.documentElement.scrollWidth");
                Assert.True(wide <= width, $"{where}: {wide} px wide in a window of {width}.");
            }
        });
    }

    [Fact]
    public async Task Every_page_has_one_heading_one_main_part_and_targets_that_can_be_hit()
    {
        await using var site = await ConsoleSite.StartAsync(chromium, new() { Time = _time });
        var page = await site.OpenAsync();
        await Tour.GoAsync(site, page, _time, async where =>
        {
            Assert.Equal((where, 1), (where, await page.Locator("h1").CountAsync()));
            Assert.Equal((where, 1), (where, await page.Locator("main").CountAsync()));
            Assert.EndsWith(" · Tandem", await page.TitleAsync(), StringComparison.Ordinal);

            // Of a choice the label is hit as well.
            var small = await page.Locator("button, .button, .top a, input:not([type=hidden], [type=radio]), label").EvaluateAllAsync<string[]>(
                """
                targets => targets.filter(t => t.checkVisibility())
                  .map(t => ({ name: t.textContent.trim(), box: t.getBoundingClientRect() }))
                  .filter(({ box }) => box.width < 24 || box.height < 24)
                  .map(({ name, box }) => `${name} is ${box.width} by ${box.height} px`)
                """);
            Assert.True(small.Length == 0, $"{where}: {string.Join(", ", small)}");
        });
    }

    [Fact]
    public async Task A_status_is_told_by_shape_and_word_where_there_are_no_colours()
    {
        await using var site = await ConsoleSite.StartAsync(chromium);
        var page = await site.SignedInAsync(options: new() { ForcedColors = ForcedColors.Active });
        await page.GotoAsync("/users");
        Assert.Equal("○off", (await page.Locator("td .status").First.InnerTextAsync()).ReplaceLineEndings(""));
        Assert.Equal("●active", (await StatusAsync(page)).ReplaceLineEndings(""));

        static async Task<string> StatusAsync(IPage page)
        {
            await page.GotoAsync("/accounts");
            return await page.Locator("td .status").First.InnerTextAsync();
        }
    }

    [Fact]
    public async Task On_paper_is_what_was_on_the_page_and_nothing_to_press()
    {
        await using var site = await ConsoleSite.StartAsync(chromium);
        var page = await site.SignedInAsync();
        await page.EmulateMediaAsync(new() { Media = Media.Print });
        await Assertions.Expect(page.GetByText(Testing.TestTandem.FirstName)).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button)).ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByRole(AriaRole.Navigation)).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_relative_time_shows_the_exact_one_to_the_keyboard()
    {
        await using var site = await ConsoleSite.StartAsync(chromium);
        var page = await site.SignedInAsync();
        await page.GotoAsync("/me");
        var time = page.Locator("td time").First;
        Assert.Equal("just now", await time.InnerTextAsync());
        await time.FocusAsync();
        await page.Keyboard.PressAsync("Shift+Tab");
        await page.Keyboard.PressAsync("Tab");
        var shown = await time.EvaluateAsync<string>("t => getComputedStyle(t, '::after').content");
        Assert.Matches(@"^""\d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d UTC", shown);
    }
}
