using Deque.AxeCore.Commons;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Playwright;
using Xunit;

namespace Tandem.Console.Tests;

/// <summary>What axe finds by itself. Its own class, for it takes long and runs beside the others.</summary>
public sealed class AxeTests(Chromium chromium)
{
    /// <summary>The tag of what another colour scheme can make a difference to.</summary>
    private const string OfColours = "cat.color";

    private static readonly string Script = new BundledAxeScriptProvider().GetScript();

    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());

    [Fact]
    public async Task Axe_finds_nothing_on_any_page_light_or_dark()
    {
        await using var site = await ConsoleSite.StartAsync(chromium, new() { Time = _time });
        var page = await site.OpenAsync(new() { ReducedMotion = ReducedMotion.Reduce });
        var findings = new List<string>();
        var pages = 0;
        await Tour.GoAsync(site, page, _time, async where =>
        {
            pages++;
            await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
            findings.AddRange((await FindAsync(page)).Select(found => $"{where}, light: {found}"));
            await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
            findings.AddRange((await FindAsync(page, OfColours)).Select(found => $"{where}, dark: {found}"));
        });
        Assert.True(pages >= 27);
        Assert.True(findings.Count == 0, string.Join(Environment.NewLine, findings));
    }

    [Fact]
    public async Task Axe_would_have_found_something()
    {
        await using var site = await ConsoleSite.StartAsync(chromium);
        var page = await site.OpenAsync();
        await page.GotoAsync("/invitation");
        Assert.Empty(await FindAsync(page));
        await page.EvaluateAsync("document.querySelector('label').remove()");
        Assert.Contains(await FindAsync(page), found => found.StartsWith("label, ", StringComparison.Ordinal));
        await page.EvaluateAsync("document.querySelector('h1').style.color = 'silver'");
        Assert.Contains(await FindAsync(page, OfColours), found => found.StartsWith("color-contrast, ", StringComparison.Ordinal));
    }

    /// <summary>Runs the rules with a tag, or all of them. A page has no frames, so axe can run in it at once.</summary>
    private static async Task<string[]> FindAsync(IPage page, string? tag = null)
    {
        if (!await page.EvaluateAsync<bool>("'axe' in window"))
        {
            await page.EvaluateAsync(Script);
        }

        return await page.EvaluateAsync<string[]>(
            """
            async tag => {
              const { passes, violations } = await axe.run(document, tag ? { runOnly: { type: 'tag', values: [tag] } } : {});
              if (!passes.length) throw new Error('axe looked at nothing');
              return violations.flatMap(v => v.nodes.map(n => `${v.id}, ${v.help}: ${n.html}`));
            }
            """,
            tag);
    }
}
