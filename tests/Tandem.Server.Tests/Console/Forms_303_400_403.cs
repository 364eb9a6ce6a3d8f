using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Console;

/// <summary>What keeps other websites, old pages and other users from sending a form.</summary>
public sealed class Forms_303_400_403
{
    [Fact]
    public async Task Without_its_token_or_with_another_a_form_is_a_page_that_says_so()
    {
        await using var tandem = await TestTandem.StartAsync();
        using var client = await ConsoleClient.SignedInAsync(tandem);
        using var stranger = new ConsoleClient(tandem);
        var foreign = ConsoleClient.TokenIn((await stranger.GetAsync("/invitation")).Body);
        foreach (var say in new Action<HttpRequestMessage>[]
        {
            r => r.Form(),
            r => r.Form(("form-token", "")),
            r => r.Form(("form-token", "nonsense")),
            r => r.Form(("form-token", foreign)),
            r => r.Content = new StringContent("{}", System.Text.Encoding.UTF8, "application/json"),
            r => r.Content = new StringContent("no form", System.Text.Encoding.UTF8, "multipart/form-data"),
            _ => { },
        })
        {
            var answer = await client.SendAsync("POST", "/sign-out", say);
            Assert.Equal((400, "text/html; charset=utf-8"), (answer.Status, answer.Header("Content-Type")));
            Assert.Contains("This form could not be taken", answer.Body, StringComparison.Ordinal);
        }

        Assert.Equal(200, (await client.GetAsync("/me")).Status);
        Assert.Equal(303, (await client.PostAsync("/sign-out", "/me")).Status);
        Assert.Equal(303, (await client.GetAsync("/me")).Status);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Origin", "https://elsewhere.example")]
    [InlineData("Origin", "null")]
    public async Task Whatever_else_is_right_a_form_from_elsewhere_is_refused(string name, string value)
    {
        // Also where that origin may call the API: --cors-origin is for tokens, never for cookies.
        await using var tandem = await TestTandem.StartAsync(new() { Options = o => o with { CorsOrigins = ["https://elsewhere.example"] } });
        using var client = await ConsoleClient.SignedInAsync(tandem);
        var token = ConsoleClient.TokenIn((await client.GetAsync("/me")).Body);
        Assert.Equal(403, (await client.SendAsync("POST", "/sign-out", r => r.Form(("form-token", token)).With(name, value))).Status);
        Assert.Equal(200, (await client.GetAsync("/me")).Status);
    }

    [Fact]
    public async Task A_form_larger_than_any_of_ours_is_a_page_that_says_so()
    {
        await using var tandem = await TestTandem.StartAsync();
        using var client = await ConsoleClient.SignedInAsync(tandem);
        var answer = await client.SendAsync("POST", "/sign-out", r => r.Form(("much", new string('x', 20_000))));
        Assert.Equal((413, "text/html; charset=utf-8"), (answer.Status, answer.Header("Content-Type")));
    }

    [Fact]
    public async Task Nothing_that_was_typed_becomes_markup()
    {
        await using var tandem = await TestTandem.StartAsync();
        using var client = await ConsoleClient.SignedInAsync(tandem);
        const string nasty = "\"><script>alert(1)</script><b x='";
        var searched = await client.GetAsync("/accounts?q=" + Uri.EscapeDataString(nasty));
        var added = await client.PostAsync("/users/_new", "/users/_new", ("name", nasty), ("role", "viewer"));
        using var stranger = new ConsoleClient(tandem);
        var signedIn = await stranger.SignInAsync(nasty, nasty);
        var set = await stranger.PostAsync("/setup", "/invitation", ("name", nasty), ("link", nasty));
        foreach (var page in new[] { searched, added, signedIn, set })
        {
            Assert.Equal(200, page.Status);
            Assert.DoesNotContain("<script>alert", page.Body, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("<b x=", page.Body, StringComparison.OrdinalIgnoreCase);
        }
    }
}
