using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;
using Xunit;

namespace Tandem.Console.Tests;

/// <summary>
/// Another website, open in the same browser, tries to act as the user. It is at 127.0.0.1 as well, on another port: browsers take that for the
/// same site, so cookies come along, which is the harder case; and under another name, for the other one.
/// </summary>
public sealed class CrossSiteTests(Chromium chromium)
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task A_form_on_another_website_does_nothing(string host)
    {
        await using var site = await ConsoleSite.StartAsync(chromium);
        var page = await site.SignedInAsync();
        await site.AddUserAsync("grace", "viewer");
        foreach (var (path, body) in new[] { ("/users/grace/remove", ""), ("/users/grace/role", "role=administrator"), ("/sign-out", ""), ("/me/sessions/end", "") })
        {
            await using var attacker = await Attacker.StartAsync($"""
                <form method="post" action="{site.At(path)}">{Inputs(body)}<button>Win a prize</button></form>
                """);
            await page.GotoAsync(attacker.At(host));
            await page.ClickButtonAsync("Win a prize");
            await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "You may not do this" })).ToBeVisibleAsync();
        }

        await page.GotoAsync("/users/grace");
        await Assertions.Expect(page.GetByLabel("Viewer")).ToBeCheckedAsync();
    }

    [Fact]
    public async Task A_form_with_a_token_of_somebody_elses_does_nothing()
    {
        // The attacker is a user as well, and knows a token and its cookie. Even a browser that says nothing of where a request comes from
        // refuses: the token belongs to another user.
        await using var site = await ConsoleSite.StartAsync(chromium);
        var (victim, attacker) = (await site.SignedInAsync("ada"), await site.SignedInAsync("eve", "viewer"));
        var token = await attacker.Locator("input[name=form-token]").First.InputValueAsync();
        var cookie = (await attacker.Context.CookiesAsync()).Single(c => c.Name == "tandem-form").Value;
        await victim.Context.AddCookiesAsync([new() { Name = "tandem-form", Value = cookie, Url = site.At("/") }]);
        await victim.EvaluateAsync("token => { const f = document.querySelector('form[action=\"/sign-out\"]'); f.querySelector('input').value = token; f.submit(); }", token);
        await Assertions.Expect(victim.GetByRole(AriaRole.Heading, new() { Name = "This form could not be taken" })).ToBeVisibleAsync();
        await victim.GotoAsync("/me");
        await Assertions.Expect(victim).ToHaveURLAsync(site.At("/me"));
    }

    [Fact]
    public async Task A_link_on_another_website_leads_to_the_page_and_not_to_the_sign_in()
    {
        await using var site = await ConsoleSite.StartAsync(chromium);
        var page = await site.SignedInAsync();
        await using var wiki = await Attacker.StartAsync($"""<a href="{site.At("/users/ada")}">our users</a>""");
        await page.GotoAsync(wiki.At("localhost"));
        await page.FollowAsync(page.GetByText("our users"));
        await Assertions.Expect(page).ToHaveURLAsync(site.At("/users/ada"));
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "ada" })).ToBeVisibleAsync();

        var stranger = await site.OpenAsync();
        await stranger.GotoAsync(wiki.At("localhost"));
        await stranger.FollowAsync(stranger.GetByText("our users"));
        await Assertions.Expect(stranger.GetByRole(AriaRole.Button, new() { Name = "Sign in" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Another_website_can_neither_frame_nor_read_the_console()
    {
        await using var site = await ConsoleSite.StartAsync(chromium);
        var page = await site.SignedInAsync();
        site.MayComplain = true; // the browser reports what it refuses
        await using var attacker = await Attacker.StartAsync($"""
            <iframe src="{site.At("/accounts")}"></iframe><img id="style" src="{site.At("/accounts")}">
            """);
        await page.GotoAsync(attacker.At("127.0.0.1"));
        await Assertions.Expect(page.FrameLocator("iframe").GetByText("Accounts")).ToHaveCountAsync(0);
        var read = await page.EvaluateAsync<string>("url => fetch(url, { credentials: 'include' }).then(r => r.text(), e => 'refused')", site.At("/accounts"));
        Assert.Equal("refused", read);
    }

    private static string Inputs(string body) =>
        string.Concat(body.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=')).Select(p => $"""<input type="hidden" name="{p[0]}" value="{p[1]}">"""));

    /// <summary>A web server with one page.</summary>
    private sealed class Attacker : IAsyncDisposable
    {
        private readonly WebApplication _app;

        private Attacker(WebApplication app) => _app = app;

        public static async Task<Attacker> StartAsync(string body)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            var app = builder.Build();
            app.Run(context =>
            {
                context.Response.ContentType = "text/html";
                return context.Response.WriteAsync($"<!DOCTYPE html><title>Prizes</title><link rel=icon href=data:,>{body}");
            });
            await app.StartAsync();
            return new(app);
        }

        public string At(string host)
        {
            var address = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
            return $"http://{host}:{address.Port}/";
        }

        public async ValueTask DisposeAsync() => await _app.DisposeAsync();
    }
}
