using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Tandem.Testing;
using Xunit;

namespace Tandem.Console.Tests.Accounts;

/// <summary>Names that a client writes are shown as text, wherever they appear.</summary>
public sealed class HostileNameTests(Chromium chromium)
{
    private const string Markup = "<img src=x onerror=alert(1)>\"'><b>";

    [Fact]
    public async Task Markup_in_what_clients_and_people_write_is_text_on_every_page()
    {
        await using var stage = await Stage.StartAsync(chromium);
        var server = stage.Site.Server;
        Assert.Equal(200, (await server.SendAsync("POST", $"/2010-04-01/Accounts/{stage.Primary.Sid}.json", r => r.Form(("FriendlyName", Markup)))).Status);
        var secondary = await stage.CreateSecondaryAsync();
        foreach (var credential in new[] { stage.Primary, secondary })
        {
            Assert.Equal(200, (await server.SendAsync("GET", "/auth/forward", r => r.As(credential)
                .With("X-Client-Name", Markup).With("X-Forwarded-Host", Markup).With("User-Agent", Markup))).Status);
        }

        var decisions = server.Services.GetRequiredService<ConsumerDecisions>();
        var consumer = server.Services.GetRequiredService<Tandem.Server.Usage.UsageRecorder>().Report(AccountSid.Parse(stage.Primary.Sid)).Usage!.Consumers.Single().Key.Id;
        var page = await stage.Site.SignedInAsync();
        page.Dialog += (_, _) => Assert.Fail("A script ran.");
        await LookAsync(page, stage, consumer);
        await decisions.DecideAsync(Caller.Operator(Markup), AccountSid.Parse(stage.Primary.Sid), consumer, new(Name: Markup), new(Markup, "RQ"));
        await LookAsync(page, stage, consumer);

        await page.GotoAsync($"{stage.Account}/promote");
        await page.GetByLabel("Reason").FillAsync(Markup);
        await page.GetByLabel("Type").FillAsync("wrong");
        await page.ClickButtonAsync("Promote all the same");
        await Assertions.Expect(page.GetByLabel("Reason")).ToHaveValueAsync(Markup);
        await page.GetByLabel("Type").FillAsync(Markup);
        await page.ClickButtonAsync("Promote all the same");
        await Assertions.Expect(page.Locator(".note").First).ToContainTextAsync("Promoted");
        await server.SendAsync("GET", "/auth/forward", r => r.As(stage.Primary).With("X-Client-Name", Markup));
        await LookAsync(page, stage, null);
    }

    private static async Task LookAsync(IPage page, Stage stage, string? consumer)
    {
        foreach (var path in new[]
        {
            "/accounts", $"/accounts?q={Uri.EscapeDataString(Markup)}", stage.Account, $"{stage.Account}/consumers", $"{stage.Account}/late-use", $"{stage.Account}/account",
            $"{stage.Account}/promote", $"{stage.Account}/delete-secondary", $"{stage.Account}/pause", $"{stage.Account}/close", "/audit", "/audit/4",
            $"/audit?account={Uri.EscapeDataString(Markup)}", $"{stage.Account}/consumers/{consumer ?? "x"}",
        })
        {
            await page.GotoAsync(path);
            Assert.Equal((path, 0), (path, await page.Locator("img, main b").CountAsync()));
        }

        await page.GotoAsync(stage.Account);
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(Markup);
    }
}
