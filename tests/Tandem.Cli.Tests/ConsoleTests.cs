using System.Net;
using System.Text.RegularExpressions;
using Xunit;

namespace Tandem.Cli.Tests;

/// <summary>The console of the program as it is shipped, native code included; what its pages do is shown by their own tests.</summary>
public sealed partial class ConsoleTests : IAsyncLifetime
{
    private readonly Workspace _at = new();
    private readonly HttpClient _browser = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, CookieContainer = new() });
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync(_at);

    public async ValueTask DisposeAsync()
    {
        _browser.Dispose();
        await _server.DisposeAsync();
        _at.Dispose();
    }

    [Fact]
    public async Task From_a_set_up_link_every_page_is_reached()
    {
        var link = SetupLink().Match((await _at.TandemAsync("setup-link")).Out).Groups["secret"].Value;
        var answer = await PostAsync("/setup", "/setup", ("link", link), ("name", "ada"), ("password", "three quiet otters"), ("again", "three quiet otters"));
        Assert.Equal((HttpStatusCode.SeeOther, "/accounts"), (answer.StatusCode, answer.Headers.Location!.OriginalString));

        foreach (var path in new[] { "/accounts", "/me", "/me/password", "/users", "/users/_new", "/users/ada", "/users/ada/remove" })
        {
            var page = await _browser.GetAsync(new Uri(_server.Url + path), Cancel);
            var text = await page.Content.ReadAsStringAsync(Cancel);
            Assert.True(page.StatusCode == HttpStatusCode.OK, $"{path}: {page.StatusCode}");
            Assert.EndsWith("</html>", text.TrimEnd(), StringComparison.Ordinal);
        }

        var factor = await PostAsync("/me/second-factor", "/me");
        Assert.Contains("role=\"img\" aria-label=\"QR code", await factor.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        var invited = await PostAsync("/users/_new", "/users/_new", ("name", "grace"), ("role", "viewer"));
        Assert.Contains($"{_server.Url}/invitation#", await invited.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await _browser.GetAsync(new Uri(_server.Url + "/users/nobody"), Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, (await PostAsync("/sign-out", "/me")).StatusCode);

        var wrong = await PostAsync("/sign-in", "/sign-in", ("name", "ada"), ("password", "not the password"));
        Assert.Contains("do not go together", await wrong.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.SeeOther, (await PostAsync("/sign-in", "/sign-in", ("name", "ada"), ("password", "three quiet otters"))).StatusCode);

        var (_, _, errors) = await _server.StopAsync("TERM");
        Assert.DoesNotContain(" fail", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("otters", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_is_replaced_from_its_pages()
    {
        var link = SetupLink().Match((await _at.TandemAsync("setup-link")).Out).Groups["secret"].Value;
        await PostAsync("/setup", "/setup", ("link", link), ("name", "ada"), ("password", "three quiet otters"), ("again", "three quiet otters"));
        var account = AccountLink().Match(await TextAsync("/accounts")).Value;
        foreach (var path in new[]
        {
            account, $"{account}/consumers", $"{account}/late-use", $"{account}/account", $"{account}/secondary", $"{account}/pause", $"{account}/suspend", $"{account}/close",
            "/accounts/_new", "/accounts?q=a&show=rotate", "/audit", "/audit/1", "/settings",
        })
        {
            Assert.EndsWith("</html>", (await TextAsync(path)).TrimEnd(), StringComparison.Ordinal);
        }

        var made = await PostAsync($"{account}/secondary", $"{account}/secondary");
        Assert.Matches("data-secret><code translate=\"no\">[0-9a-f]{32}<", await TextAsync(made.Headers.Location!.OriginalString));
        var question = await TextAsync($"{account}/promote");
        Assert.Contains("No consumer of the primary has been seen.", question, StringComparison.Ordinal);
        var promoted = await PostAsync($"{account}/promote", $"{account}/promote", ("generation", "2"), ("named", ""), ("typed", Typed().Match(question).Groups["name"].Value));
        Assert.Equal(account, promoted.Headers.Location!.OriginalString);
        Assert.Contains("Promoted:", await TextAsync(account), StringComparison.Ordinal);
        Assert.Contains("\"action\":\"secondary_promoted\"", await TextAsync("/audit/export.jsonl"), StringComparison.Ordinal);
        Assert.Contains(",secondary_promoted,", await TextAsync("/audit/export.csv"), StringComparison.Ordinal);
        Assert.Matches("TANDEM_LISTEN.*>flag<", (await TextAsync("/settings")).ReplaceLineEndings(" "));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task<string> TextAsync(string path)
    {
        var answer = await _browser.GetAsync(new Uri(_server.Url + path), Cancel);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{path}: {answer.StatusCode}");
        return await answer.Content.ReadAsStringAsync(Cancel);
    }

    private async Task<HttpResponseMessage> PostAsync(string path, string from, params (string Name, string Value)[] fields)
    {
        var token = FormToken().Match(await _browser.GetStringAsync(new Uri(_server.Url + from), Cancel)).Groups["token"].Value;
        using var form = new FormUrlEncodedContent([KeyValuePair.Create("form-token", token), .. fields.Select(f => KeyValuePair.Create(f.Name, f.Value))]);
        return await _browser.PostAsync(new Uri(_server.Url + path), form, Cancel);
    }

    [GeneratedRegex("/setup#(?<secret>[A-Za-z0-9_-]{43})", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SetupLink();

    [GeneratedRegex("/accounts/AC[0-9a-f]{32}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AccountLink();

    [GeneratedRegex("Type <strong><bdi>(?<name>[^<]+)<", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Typed();

    [GeneratedRegex("name=\"form-token\" value=\"(?<token>[^\"]+)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FormToken();
}
