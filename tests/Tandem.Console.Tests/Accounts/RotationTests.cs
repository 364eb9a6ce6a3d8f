using Microsoft.Playwright;
using Tandem.Testing;
using Xunit;

namespace Tandem.Console.Tests.Accounts;

/// <summary>A rotation from beginning to end, by somebody who reads nothing but the pages.</summary>
public sealed class RotationTests(Chromium chromium)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Somebody_who_follows_the_pages_replaces_the_token_without_an_outage(bool withScripts)
    {
        await using var stage = await Stage.StartAsync(chromium);
        var page = await stage.Site.SignedInAsync("ada", "operator", new() { JavaScriptEnabled = withScripts });
        await stage.CallAsync(stage.Primary, "billing");
        await page.FollowLinkAsync(TestTandem.FirstName);
        await Assertions.Expect(page.Locator("[aria-current=step] h3")).ToHaveTextAsync("Create a secondary token");
        await page.FollowLinkAsync("Create secondary…");
        await page.ClickButtonAsync("Create secondary");
        var secondary = stage.Primary with { Token = await page.Locator("[data-secret] code").InnerTextAsync() };
        Assert.Matches("^[0-9a-f]{32}$", secondary.Token);
        Assert.DoesNotContain(secondary.Token, page.Url, StringComparison.Ordinal);
        Assert.DoesNotContain(secondary.Token, await page.TitleAsync(), StringComparison.Ordinal);

        await page.FollowLinkAsync("To the account’s tokens");
        await Assertions.Expect(page.Locator("[aria-current=step] h3")).ToHaveTextAsync("Give it to every consumer");
        await Assertions.Expect(page.Locator("#live-verdict .verdict")).ToHaveTextAsync("▲Not yet");
        Assert.Equal((200, 200), (await stage.CallAsync(stage.Primary, "billing"), await stage.CallAsync(secondary, "billing")));
        stage.Time!.Advance(TimeSpan.FromMinutes(11));
        await stage.CallAsync(secondary, "billing");

        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("#live-verdict .verdict")).ToHaveTextAsync("●Ready");
        await page.FollowAsync(page.Locator("[aria-current=step]").GetByRole(AriaRole.Link, new() { Name = "Promote…" }));
        await Assertions.Expect(page.GetByLabel("Type")).ToHaveCountAsync(0);
        await ProveAsync(page, "Promote");
        await Assertions.Expect(page.Locator(".note").First).ToContainTextAsync("is refused from this moment on");
        Assert.Equal((401, 200), (await stage.CallAsync(stage.Primary, "billing"), await stage.CallAsync(secondary, "billing")));
    }

    [Fact]
    public async Task A_new_token_is_shown_once_and_neither_by_reloading_nor_by_going_back()
    {
        await using var stage = await Stage.StartAsync(chromium);
        var page = await stage.Site.SignedInAsync("ada", "operator");
        await page.GotoAsync($"{stage.Account}/secondary");
        await page.ClickButtonAsync("Create secondary");
        var token = await page.Locator("[data-secret] code").InnerTextAsync();
        await page.FollowLinkAsync("To the account’s tokens");
        await Assertions.Expect(page).ToHaveURLAsync(stage.Site.At(stage.Account));
        Assert.DoesNotContain(token, await page.ContentAsync(), StringComparison.Ordinal);
        await page.GoBackAsync();
        Assert.DoesNotContain(token, await page.ContentAsync(), StringComparison.Ordinal);
        var answer = await page.ReloadAsync();
        Assert.Equal((410, "no-store"), (answer!.Status, answer.Headers["cache-control"]));
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "This token cannot be shown again" })).ToBeVisibleAsync();
        Assert.DoesNotContain(token, await page.ContentAsync(), StringComparison.Ordinal);
        Assert.All(stage.Site.Server.Log.Lines, line => Assert.DoesNotContain(token, line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_page_of_a_new_token_is_for_the_session_that_made_it_and_for_two_minutes()
    {
        await using var stage = await Stage.StartAsync(chromium);
        var (ada, eve) = (await stage.Site.SignedInAsync("ada", "operator"), await stage.Site.SignedInAsync("eve", "operator"));
        await ada.GotoAsync($"{stage.Account}/secondary");
        var form = await ada.Locator("[name=form-token]").Last.GetAttributeAsync("value");
        var fields = ada.Context.APIRequest.CreateFormData().Set("form-token", form!);
        var made = await ada.Context.APIRequest.PostAsync($"{stage.Account}/secondary", new() { Form = fields, MaxRedirects = 0 });
        Assert.Equal(303, made.Status);
        var where = made.Headers["location"];
        Assert.Equal(410, (await eve.GotoAsync(where))!.Status);
        stage.Time!.Advance(TimeSpan.FromSeconds(121));
        Assert.Equal(410, (await ada.GotoAsync(where))!.Status);
    }

    [Fact]
    public async Task An_account_is_created_with_a_token_that_works()
    {
        await using var stage = await Stage.StartAsync(chromium);
        var page = await stage.Site.SignedInAsync();
        await page.FollowLinkAsync("Create account…");
        await page.GetByLabel("Name").FillAsync("Globex");
        await page.GetByLabel("Account SID of its parent").FillAsync("AC12");
        await page.ClickButtonAsync("Create");
        await Assertions.Expect(page.GetByText("This is no Account SID")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByLabel("Name")).ToHaveValueAsync("Globex");
        await page.GetByLabel("Account SID of its parent").FillAsync(stage.Primary.Sid);
        await page.ClickButtonAsync("Create");
        var sid = await page.Locator("dd code").First.InnerTextAsync();
        var made = new TestCredential(sid, await page.Locator("[data-secret] code").InnerTextAsync());
        Assert.Equal(200, await stage.CallAsync(made, "x"));
        await page.FollowLinkAsync("To the account’s tokens");
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Parent account" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Promoting_takes_no_mouse()
    {
        await using var stage = await Stage.StartAsync(chromium);
        await stage.CreateSecondaryAsync();
        var page = await stage.AtPromoteAsync();
        await TabToAsync(page, "#typed");
        await page.Keyboard.TypeAsync(TestTandem.FirstName);
        await page.PressToFollowAsync("Enter");
        await Assertions.Expect(page).ToHaveURLAsync(stage.Site.At(stage.Account));
        Assert.Equal(401, await stage.CallAsync(stage.Primary, "x"));
        await page.GotoAsync("/accounts");
        await page.Keyboard.PressAsync("/");
        Assert.Equal("q", await page.EvaluateAsync<string>("document.activeElement.id"));
    }

    /// <summary>Presses a button; when the server asks who is there, gives the password.</summary>
    internal static async Task ProveAsync(IPage page, string button)
    {
        await page.ClickButtonAsync(button);
        if (await page.GetByRole(AriaRole.Heading, new() { Name = "Is it still you?" }).CountAsync() > 0)
        {
            await page.GetByLabel("Password").FillAsync(ConsoleSite.Password);
            await page.ClickButtonAsync("Go on");
        }
    }

    private static async Task TabToAsync(IPage page, string selector)
    {
        for (var stop = 0; stop < 60 && !await page.EvaluateAsync<bool>("selector => document.activeElement.matches(selector)", selector); stop++)
        {
            await page.Keyboard.PressAsync("Tab");
        }

        Assert.True(await page.EvaluateAsync<bool>("selector => document.activeElement.matches(selector)", selector), $"{selector} is not reached with Tab.");
    }
}
