using System.Net;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Console;

/// <summary>Which cookies count as the console's, when a neighbour of the host may have set some of them.</summary>
public sealed class Cookies
{
    private static readonly Func<TandemOptions, TandemOptions> s_secure = o => o with { PublicUrl = new("https://tandem.example.com") };

    /// <summary>As a browser would send what a site of the same domain may set, beside or in the place of the user's own.</summary>
    public static TheoryData<string> Tossed =>
    [
        "tandem={0}", "__host-tandem={0}", "__HOST-tandem={0}", "__Host-Tandem={0}", "__Host-tandem ={0}",
        "\u00c2\u0085__Host-tandem={0}", "\u00c2\u00a0__Host-tandem={0}", "a=b;\t__Host-tandem={0}",
        "\u00e2\u0080\u0080__Host-tandem={0}", "\"__Host-tandem\"={0}",
        "$Version=1; $Path=/; __Host-tandem\u00c2\u00a0={0}", "=__Host-tandem={0}", "__Host-tandem={0}; __Host-tandem={0}",
        "__Host-tandem={0}; __Host-tandem=", "__Host-tandem; __Host-tandem={0}; __Host-tandem={0}", "x=\"; __Host-tandem={0}x\"",
    ];

    [Theory]
    [MemberData(nameof(Tossed))]
    public async Task A_cookie_that_a_neighbour_could_have_set_signs_nobody_in(string cookie)
    {
        await using var tandem = await TestTandem.StartAsync(new() { Options = s_secure });
        var session = await SessionAsync(tandem);
        Assert.Equal(200, await AskAsync(tandem, $"__Host-tandem={session}"));
        Assert.Equal(200, await AskAsync(tandem, $"a=b; __Host-tandem={session}; tandem=other; c"));
        Assert.Equal(303, await AskAsync(tandem, string.Format(null, cookie, session)));
    }

    [Fact]
    public async Task Two_form_cookies_are_none()
    {
        await using var tandem = await TestTandem.StartAsync();
        using var client = new ConsoleClient(tandem);
        var page = await client.GetAsync("/invitation");
        var mark = client.Cookies.GetCookies(tandem.Address)["tandem-form"]!.Value;
        foreach (var (cookie, status) in new[]
        {
            ($"tandem-form={mark}", 200), ($"tandem-form={mark}; tandem-form={mark}", 400), ($"tandem-form=; tandem-form={mark}", 400),
            ("tandem-form=", 400),
            ($"Tandem-Form={mark}", 400),
        })
        {
            using var http = Client(tandem);
            using var request = new HttpRequestMessage(HttpMethod.Post, "/invitation");
            request.Form(("form-token", ConsoleClient.TokenIn(page.Body)), ("link", "x")).Headers.Add("Cookie", cookie);
            using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal((cookie, status), (cookie, (int)answer.StatusCode));
        }
    }

    [Fact]
    public async Task A_form_that_was_given_out_before_somebody_signed_in_is_not_theirs()
    {
        await using var tandem = await TestTandem.StartAsync();
        using var client = new ConsoleClient(tandem);
        await ConsoleClient.AddUserAsync(tandem, "ada");
        var before = ConsoleClient.TokenIn((await client.GetAsync("/invitation")).Body);
        Assert.Equal(303, (await client.SignInAsync("ada")).Status);
        Assert.Equal(400, (await client.SendAsync("POST", "/sign-out", r => r.Form(("form-token", before)))).Status);
        Assert.Equal(303, (await client.PostAsync("/sign-out", "/me")).Status);
    }

    private static async Task<string> SessionAsync(TestTandem tandem)
    {
        await ConsoleClient.AddUserAsync(tandem, "ada");
        using var http = Client(tandem);
        using var page = await http.GetAsync(new Uri("/sign-in", UriKind.Relative), TestContext.Current.CancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/sign-in");
        var token = ConsoleClient.TokenIn(await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        request.Form(("form-token", token), ("name", "ada"), ("password", ConsoleClient.Password))
            .Headers.Add("Cookie", page.Headers.GetValues("Set-Cookie").Select(c => c.Split(';')[0]));
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        var cookie = answer.Headers.GetValues("Set-Cookie").Single(c => c.StartsWith("__Host-tandem=", StringComparison.Ordinal));
        return cookie.Split(';')[0].Split('=', 2)[1];
    }

    private static HttpClient Client(TestTandem tandem) =>
        new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = tandem.Address };

    private static async Task<int> AskAsync(TestTandem tandem, string cookie)
    {
        await using var raw = await tandem.ConnectAsync();
        await raw.SendAsync($"GET /me HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n");
        return (await raw.ReadAsync()).Status;
    }
}
