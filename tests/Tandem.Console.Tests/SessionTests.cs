using Microsoft.Extensions.Time.Testing;
using Microsoft.Playwright;
using Xunit;

namespace Tandem.Console.Tests;

public sealed class SessionTests(Chromium chromium)
{
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());

    [Fact]
    public async Task A_session_ends_after_an_hour_without_a_request()
    {
        await using var site = await ConsoleSite.StartAsync(chromium, new() { Time = _time });
        var page = await site.SignedInAsync();
        _time.Advance(TimeSpan.FromMinutes(59));
        await page.GotoAsync("/me");
        await Assertions.Expect(page).ToHaveURLAsync(site.At("/me"));
        _time.Advance(TimeSpan.FromMinutes(59));
        await page.GotoAsync("/me");
        await Assertions.Expect(page).ToHaveURLAsync(site.At("/me"));
        _time.Advance(TimeSpan.FromMinutes(61));
        await page.GotoAsync("/me");
        await Assertions.Expect(page.GetByText("Your session has ended. Sign in to go on.")).ToBeVisibleAsync();
        await ConsoleSite.SignInAsync(page, "ada");
        await Assertions.Expect(page).ToHaveURLAsync(site.At("/me"));
    }

    [Fact]
    public async Task A_session_ends_after_twelve_hours_however_busy()
    {
        await using var site = await ConsoleSite.StartAsync(chromium, new() { Time = _time });
        var page = await site.SignedInAsync();
        for (var hour = 0.0; hour < 12; hour += 0.75)
        {
            await page.GotoAsync("/accounts");
            await Assertions.Expect(page).ToHaveURLAsync(site.At("/accounts"));
            _time.Advance(TimeSpan.FromMinutes(45));
        }

        await page.GotoAsync("/accounts");
        await Assertions.Expect(page.GetByText("Your session has ended.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Signing_out_elsewhere_ends_the_other_sessions_and_not_this_one()
    {
        await using var site = await ConsoleSite.StartAsync(chromium);
        var page = await site.SignedInAsync();
        var (phone, tablet) = (await site.OpenAsync(), await site.OpenAsync());
        foreach (var other in new[] { phone, tablet })
        {
            await other.GotoAsync("/");
            await ConsoleSite.SignInAsync(other, "ada");
        }

        await page.GotoAsync("/me");
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(3);
        await page.FollowAsync(page.Locator("td").GetByRole(AriaRole.Button, new() { Name = "Sign out" }).First);
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(2);
        await page.ClickButtonAsync("Sign out everywhere else");
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        foreach (var other in new[] { phone, tablet })
        {
            await other.GotoAsync("/accounts");
            await Assertions.Expect(other.GetByText("Your session has ended.")).ToBeVisibleAsync();
        }
    }

    [Fact]
    public async Task A_new_password_ends_the_other_sessions_and_is_the_only_one_that_works()
    {
        await using var site = await ConsoleSite.StartAsync(chromium);
        var page = await site.SignedInAsync();
        var other = await site.OpenAsync();
        await other.GotoAsync("/");
        await ConsoleSite.SignInAsync(other, "ada");

        await page.GotoAsync("/me/password");
        await page.GetByLabel("Present password").FillAsync(ConsoleSite.Password);
        await page.GetByLabel("New password").FillAsync("another long phrase");
        await page.GetByLabel("The same again").FillAsync("another long phrase");
        await page.ClickButtonAsync("Change password");
        await Assertions.Expect(page.GetByText("Your password is changed.")).ToBeVisibleAsync();

        await other.GotoAsync("/accounts");
        await ConsoleSite.SignInAsync(other, "ada");
        await Assertions.Expect(other.GetByRole(AriaRole.Alert)).ToContainTextAsync("do not go together");
        await ConsoleSite.SignInAsync(other, "ada", "another long phrase");
        await Assertions.Expect(other).ToHaveURLAsync(site.At("/accounts"));
    }

    [Fact]
    public async Task A_form_that_was_open_when_its_session_ended_changes_nothing()
    {
        await using var site = await ConsoleSite.StartAsync(chromium, new() { Time = _time });
        var page = await site.SignedInAsync();
        await page.GotoAsync("/users/_new");
        await page.GetByLabel("Name").FillAsync("grace");
        _time.Advance(TimeSpan.FromHours(2));
        await page.ClickButtonAsync("Add");
        await Assertions.Expect(page.GetByText("Your session had ended, so nothing was changed.")).ToBeVisibleAsync();
        await ConsoleSite.SignInAsync(page, "ada");
        await page.GotoAsync("/users");
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task What_gives_rights_asks_for_the_password_again_and_loses_nothing_of_the_form()
    {
        await using var site = await ConsoleSite.StartAsync(chromium, new() { Time = _time });
        var page = await site.SignedInAsync();
        await page.GotoAsync("/users/_new");
        await page.GetByLabel("Name").FillAsync("grace");
        await page.GetByLabel("Viewer").CheckAsync();
        var before = (await page.Context.CookiesAsync()).Single(c => c.Name == "tandem").Value;
        _time.Advance(TimeSpan.FromMinutes(10));
        await page.ClickButtonAsync("Add");

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Is it still you?" })).ToBeVisibleAsync();
        await page.GetByLabel("Password of ada").FillAsync("not the password");
        await page.ClickButtonAsync("Go on");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("This is not your password.");
        await page.GetByLabel("Password of ada").FillAsync(ConsoleSite.Password);
        await page.ClickButtonAsync("Go on");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "A link for grace" })).ToBeVisibleAsync();
        await page.GotoAsync("/users/grace");
        await Assertions.Expect(page.GetByLabel("Viewer")).ToBeCheckedAsync();

        // A new proof is a new secret: the one from before is void.
        var after = (await page.Context.CookiesAsync()).Single(c => c.Name == "tandem").Value;
        Assert.NotEqual(before, after);
        var thief = await site.OpenAsync();
        await thief.Context.AddCookiesAsync([new() { Name = "tandem", Value = before, Url = site.At("/") }]);
        await thief.GotoAsync("/accounts");
        await Assertions.Expect(thief.GetByText("Your session has ended.")).ToBeVisibleAsync();
    }
}
