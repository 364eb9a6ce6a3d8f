using System.Text.Json;
using Microsoft.Playwright;
using Tandem.Testing;
using Xunit;

namespace Tandem.Console.Tests.Accounts;

/// <summary>A rotation that runs in a terminal somewhere, watched in the console.</summary>
public sealed class RotationsPageTests(Chromium chromium)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_viewer_finds_the_rotation_that_runs_from_the_account_and_from_the_list(bool withScripts)
    {
        await using var stage = await Stage.StartAsync(chromium);
        await TellAsync(stage, "watching", message: "1 consumer used the primary in the last 10 min");
        var page = await stage.Site.SignedInAsync("vic", "viewer", new() { JavaScriptEnabled = withScripts });
        await page.FollowLinkAsync("Rotations");
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator("tbody .status")).ToHaveTextAsync("●running");

        await page.GotoAsync(stage.Account);
        await page.FollowLinkAsync("See its steps");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync($"Rotation of {TestTandem.FirstName}");
        await Assertions.Expect(page.Locator("#live-state .verdict")).ToHaveTextAsync("●running");
        await Assertions.Expect(page.Locator("#live-state")).ToContainTextAsync("1 consumer used the primary in the last 10 min");
        await Assertions.Expect(page.Locator("[aria-current=step]")).ToContainTextAsync("Watch who still needs the old token");
        await Assertions.Expect(page.Locator("#live-destinations li")).ToHaveTextAsync("dotenv /srv/billing/.env ●delivered");
        stage.Time!.Advance(TimeSpan.FromMinutes(3));
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("#live-state .verdict")).ToHaveTextAsync("▲not heard of any more");
        await page.FollowLinkAsync("The account’s tokens");
        await Assertions.Expect(page).ToHaveURLAsync(stage.Site.At(stage.Account));
    }

    [Fact]
    public async Task Its_pages_follow_it_by_themselves_to_its_end()
    {
        await using var stage = await Stage.StartAsync(chromium, realTime: true);
        await TellAsync(stage, "delivering");
        var one = await stage.Site.SignedInAsync("vic", "viewer");
        await one.GotoAsync($"/rotations/{stage.Primary.Sid}");
        await Assertions.Expect(one.Locator("[data-live-state]")).ToContainTextAsync("Live");
        var list = await one.Context.NewPageAsync();
        await list.GotoAsync("/rotations");
        await Assertions.Expect(list.Locator("[data-live-state]")).ToContainTextAsync("Live");

        await TellAsync(stage, "watching");
        await Assertions.Expect(one.Locator("[aria-current=step]")).ToContainTextAsync("Watch");
        await Assertions.Expect(list.Locator("tbody td").Nth(1)).ToContainTextAsync("Watch");

        await TellAsync(stage, "done", "rotated");
        await Assertions.Expect(one.Locator("#live-state .verdict")).ToHaveTextAsync("●done: the old token is dead");
        await Assertions.Expect(one.GetByRole(AriaRole.Status).Last).ToContainTextAsync("done");
        await Assertions.Expect(list.Locator("tbody .status")).ToHaveTextAsync("●done: the old token is dead");
    }

    [Fact]
    public async Task What_it_says_of_itself_is_text_whatever_it_is()
    {
        await using var stage = await Stage.StartAsync(chromium);
        const string hostile = "<img src=x onerror=alert(1)>\u202e";
        await TellAsync(stage, "watching", message: hostile, owner: hostile);
        var page = await stage.Site.SignedInAsync("vic", "viewer");
        page.Dialog += (_, _) => Assert.Fail("a script of theirs ran");
        foreach (var path in (string[])["/rotations", $"/rotations/{stage.Primary.Sid}", stage.Account])
        {
            await page.GotoAsync(path);
            await Assertions.Expect(page.Locator("img")).ToHaveCountAsync(0);
            await Assertions.Expect(page.Locator("bdi", new() { HasTextString = "onerror" }).First).ToBeVisibleAsync();
        }
    }

    internal static async Task TellAsync(Stage stage, string step, string progress = "running", string? message = null, string owner = "ada@build") =>
        await TellAsync(stage.Site, step, progress, message, owner);

    internal static async Task TellAsync(ConsoleSite site, string step, string progress = "running", string? message = null, string owner = "ada@build")
    {
        var body = JsonSerializer.Serialize(new Dictionary<string, object?>
        {
            ["id"] = new string('a', 32),
            ["owner"] = owner,
            ["started"] = "2026-11-24T09:14:00Z",
            ["progress"] = progress,
            ["step"] = step,
            ["old_fingerprint"] = "b41e",
            ["destinations"] = new[] { new Dictionary<string, string> { ["name"] = "dotenv /srv/billing/.env", ["progress"] = "delivered" } },
            ["message"] = message,
        });
        var answer = await site.Server.SendToAdminAsync(
            "PUT", $"/tandem/v1/accounts/{site.Server.Account.Sid}/rotation", r => r.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        Assert.Equal(200, answer.Status);
    }
}
