using Microsoft.Extensions.Time.Testing;
using Microsoft.Playwright;
using Tandem.Client;
using Tandem.Server;
using Xunit;

namespace Tandem.Console.Tests;

public sealed class SetupTests(Chromium chromium)
{
    [Fact]
    public async Task The_link_leads_from_nothing_to_signed_in_and_works_once()
    {
        await using var site = await ConsoleSite.StartAsync(chromium);
        var (page, link) = (await site.OpenAsync(), await LinkAsync(site));
        var asked = new List<string>();
        page.Request += (_, request) => asked.Add(request.Url + request.Headers.GetValueOrDefault("referer"));

        await page.GotoAsync(link.Url);
        await Assertions.Expect(page).ToHaveURLAsync(site.At("/setup")); // the secret has left the address bar
        await Assertions.Expect(page.GetByLabel("Code from the link")).ToBeHiddenAsync();
        await FillAsync(page, "Ada@Example.com");
        await Assertions.Expect(page).ToHaveURLAsync(site.At("/accounts"));
        await Assertions.Expect(page.GetByText("Tandem is set up, and you are its administrator, ada@example.com.")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText(TestTandemName)).ToBeVisibleAsync();
        Assert.DoesNotContain(asked, url => url.Contains(Secret(link), StringComparison.Ordinal));

        var other = await site.OpenAsync();
        await other.GotoAsync(link.Url);
        await Assertions.Expect(other.GetByText("Tandem is set up already")).ToBeVisibleAsync();
        Assert.Null(await RunningServer.CreateSetupLinkAsync(site.Server.Services));
    }

    [Fact]
    public async Task Without_scripts_the_code_is_typed_in()
    {
        await using var site = await ConsoleSite.StartAsync(chromium);
        var (page, link) = (await site.OpenAsync(new() { JavaScriptEnabled = false }), await LinkAsync(site));
        await page.GotoAsync("/setup");
        await page.GetByLabel("Code from the link").FillAsync(Secret(link));
        await FillAsync(page, "ada");
        await Assertions.Expect(page).ToHaveURLAsync(site.At("/accounts"));
    }

    [Fact]
    public async Task A_late_a_replaced_and_a_made_up_code_are_refused_and_what_was_typed_stays()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var site = await ConsoleSite.StartAsync(chromium, new() { Time = time });
        var page = await site.OpenAsync();
        var replaced = await LinkAsync(site);
        var late = await LinkAsync(site);
        await RefusedAsync(site, page, replaced.Url);
        await RefusedAsync(site, page, site.At("/setup#" + new string('a', 43)));
        time.Advance(TimeSpan.FromMinutes(30));
        await RefusedAsync(site, page, late.Url);
        await page.GetByLabel("Code from the link").FillAsync(Secret(await LinkAsync(site)));
        await page.GetByLabel("New password").FillAsync(ConsoleSite.Password);
        await page.GetByLabel("The same again").FillAsync(ConsoleSite.Password);
        await page.ClickButtonAsync("Create administrator");
        await Assertions.Expect(page).ToHaveURLAsync(site.At("/accounts"));
    }

    [Fact]
    public async Task Who_comes_before_there_is_a_user_is_told_what_to_do()
    {
        await using var site = await ConsoleSite.StartAsync(chromium);
        var page = await site.OpenAsync();
        await page.GotoAsync("/");
        await Assertions.Expect(page.GetByText("tandem setup-link")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByLabel("Password")).ToHaveCountAsync(0);
    }

    private const string TestTandemName = Testing.TestTandem.FirstName;

    private static async Task<SetupLinkInfo> LinkAsync(ConsoleSite site) => (await RunningServer.CreateSetupLinkAsync(site.Server.Services))!;

    private static string Secret(SetupLinkInfo link) => link.Url.Split('#')[1];

    private static async Task RefusedAsync(ConsoleSite site, IPage page, string url)
    {
        await page.GotoAsync("/sign-in");
        await page.GotoAsync(url);
        await FillAsync(page, "ada");
        await Assertions.Expect(page.GetByText("This link is not valid any more.")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByLabel("Name")).ToHaveValueAsync("ada");
        await Assertions.Expect(page).ToHaveURLAsync(site.At("/setup"));
    }

    private static async Task FillAsync(IPage page, string name)
    {
        await page.GetByLabel("Name").FillAsync(name);
        await page.GetByLabel("New password").FillAsync(ConsoleSite.Password);
        await page.GetByLabel("The same again").FillAsync(ConsoleSite.Password);
        await page.ClickButtonAsync("Create administrator");
    }
}
