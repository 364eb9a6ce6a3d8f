using System.Text.Json;
using Tandem.Server.Tests.Console;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

/// <summary>Characters that people do not see, in whatever is given a name or a reason.</summary>
public sealed class InvisibleTextTests
{
    public static TheoryData<string> Invisible =>
    [
        "a\u202Eb", "a\u2066b", "a\u061Cb", "a\u200Eb", "a\u200Bb", "a\u200Db", "a\u2028b", "a\u2029b",
        "a\u00ADb", "a\uFEFFb", "a\u2060b", "a\u3164b", "a\uFE0Fb", "a\u0085b", "a\U000E0041b", "\u202Eab", "ab\u200B",
    ];

    [Theory]
    [MemberData(nameof(Invisible))]
    public async Task A_name_or_a_reason_that_holds_one_is_refused_wherever_it_is_given(string text)
    {
        await using var tandem = await TestTandem.StartAsync();
        var own = $"/tandem/v1/accounts/{tandem.Account.Sid}";
        (await tandem.SendAsync("POST", Calls.Accounts, r => r.Form(("FriendlyName", text)))).IsError(400, 20002, "Invalid FriendlyName");
        (await tandem.SendAsync("POST", Calls.PathOf(tandem.Account), r => r.Form(("FriendlyName", text))))
            .IsError(400, 20002, "Invalid FriendlyName");
        IsRefused(await tandem.SendToAdminAsync("POST", "/tandem/v1/accounts", r => Json(r, ("friendly_name", text))));
        IsRefused(await tandem.SendToAdminAsync("POST", own, r => Json(r, ("friendly_name", text))));
        var user = new[] { ("name", text), ("role", "viewer"), ("password", ConsoleClient.Password) };
        IsRefused(await tandem.SendToAdminAsync("POST", "/tandem/v1/users", r => Json(r, user)));
        IsRefused(await tandem.SendAsync("POST", $"{own}/consumers/0123456789abcdef", r => Json(r, ("name", text))));
        Assert.Equal(201, (await tandem.SendAsync("POST", Calls.Secondary)).Status);
        IsRefused(await tandem.SendAsync("POST", $"{own}/tokens/promote", r => Json(r, ("reason", text))));

        using var client = await ConsoleClient.SignedInAsync(tandem);
        var account = $"/accounts/{tandem.Account.Sid}";
        foreach (var (path, field) in new[] { ("/accounts/_new", "name"), ($"{account}/account", "name"), ("/users/_new", "name") })
        {
            if (char.IsWhiteSpace(text[^1]) || char.IsWhiteSpace(text[0]))
            {
                continue; // the console cuts blanks around what was typed
            }

            var answer = await client.PostAsync(path, "/me", (field, text), ("role", "viewer"));
            Assert.Equal(200, answer.Status);
            Assert.Contains("A name has ", answer.Body, StringComparison.Ordinal);
        }

        var page = await client.GetAsync($"{account}/promote");
        var answers = new[] { ("generation", Generation(page.Body)), ("named", ""), ("typed", TestTandem.FirstName), ("reason", text) };
        var promoted = await client.PostAsync($"{account}/promote", $"{account}/promote", answers);
        Assert.Equal(409, promoted.Status);
        Assert.Contains("no invisible ones. Nothing was promoted.", promoted.Body, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Invisible))]
    public async Task What_callers_say_of_themselves_is_shown_without_it(string text)
    {
        await using var tandem = await TestTandem.StartAsync();
        var sent = System.Text.Encoding.Latin1.GetString(System.Text.Encoding.UTF8.GetBytes(text));
        await using var raw = await tandem.ConnectAsync();
        await raw.SendAsync($"GET /auth/forward HTTP/1.1\r\nHost: x\r\nAuthorization: {tandem.Account.Basic}\r\nX-Client-Name: {sent}\r\n\r\n");
        Assert.Equal(200, (await raw.ReadAsync()).Status);
        using var client = await ConsoleClient.SignedInAsync(tandem);
        var path = $"/tandem/v1/accounts/{tandem.Account.Sid}/consumers";
        await Until.TrueAsync(async () => (await tandem.SendAsync("GET", path)).Body.Contains("label", StringComparison.Ordinal));
        var consumers = (await tandem.SendAsync("GET", path)).Body;
        using var shown = JsonDocument.Parse(consumers);
        Assert.All(Strings(shown.RootElement), s => Assert.True(VisibleText.Is(s), s));
        Assert.True(VisibleText.Is((await client.GetAsync($"/accounts/{tandem.Account.Sid}/consumers")).Body.ReplaceLineEndings(" ")));

        var told = await tandem.SendAsync("PUT", $"/tandem/v1/accounts/{tandem.Account.Sid}/rotation", r => r.Content = new StringContent(
            $$"""
            {"id":"{{new string('a', 32)}}","owner":{{Quote(text)}},"started":"2026-01-02T03:04:05Z","progress":"running","step":"watching",
             "message":{{Quote(text)}},"destinations":[{"name":{{Quote(text)}},"progress":"pending"}]}
            """, System.Text.Encoding.UTF8, "application/json"));
        if (text.Any(char.IsControl))
        {
            IsRefused(told);
            return;
        }

        Assert.Equal(200, told.Status);
        using var rotation = JsonDocument.Parse(told.Body);
        Assert.All(Strings(rotation.RootElement), s => Assert.True(VisibleText.Is(s), s));
    }

    private static string Quote(string text) => $"\"{System.Text.Encodings.Web.JavaScriptEncoder.Default.Encode(text)}\"";

    private static void Json(HttpRequestMessage request, params (string Name, string Value)[] fields)
    {
        var members = string.Join(',', fields.Select(f => $"\"{f.Name}\":{Quote(f.Value)}"));
        request.Content = new StringContent($"{{{members}}}", System.Text.Encoding.UTF8, "application/json");
    }

    private static void IsRefused(TestAnswer answer) => Assert.Equal((400, "invalid_request"), (answer.Status, answer.Text("kind")));

    private static string Generation(string page) => page.Split("name=\"generation\" value=\"")[1].Split('"')[0];

    private static IEnumerable<string> Strings(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(p => Strings(p.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Strings),
        JsonValueKind.String => [element.GetString()!],
        _ => [],
    };
}
