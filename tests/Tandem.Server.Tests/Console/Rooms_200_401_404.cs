using System.Net;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Console;

/// <summary>The console, Twilio's paths and our own API have nothing to do with one another: neither paths nor credentials.</summary>
public sealed class Rooms_200_401_404
{
    [Theory]
    [InlineData("GET", "/v1/AuthTokens/Secondary")]
    [InlineData("POST", "/v1/AuthTokens/Secondary")]
    [InlineData("GET", "/2010-04-01/Accounts.json")]
    [InlineData("GET", "/tandem/v1/accounts")]
    [InlineData("GET", "/tandem/v1/users")]
    [InlineData("GET", "/auth/forward")]
    [InlineData("GET", "/auth/nginx")]
    [InlineData("GET", "/nowhere")]
    public async Task No_other_path_accepts_the_consoles_cookie(string method, string path)
    {
        await using var tandem = await TestTandem.StartAsync();
        using var client = await ConsoleClient.SignedInAsync(tandem);
        Assert.Equal(200, (await client.GetAsync("/me")).Status);
        var answer = await client.SendAsync(method, path);
        Assert.Equal(401, answer.Status);
        Assert.Null(answer.Header("Set-Cookie"));
    }

    [Theory]
    [InlineData("/accounts")]
    [InlineData("/me")]
    [InlineData("/users")]
    public async Task The_console_accepts_no_token_of_an_account(string path)
    {
        await using var tandem = await TestTandem.StartAsync();
        var answer = await tandem.SendAsync("GET", path);
        Assert.Equal((303, "/sign-in?to=" + Uri.EscapeDataString(path)), (answer.Status, answer.Header("Location")));
        Assert.Null(answer.Header("WWW-Authenticate"));
        Assert.Null(answer.Header("Access-Control-Allow-Origin"));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/sign-in")]
    [InlineData("/accounts")]
    [InlineData("/assets/console.css")]
    public async Task A_client_that_thinks_it_talks_to_Twilio_sees_no_console(string path)
    {
        await using var tandem = await TestTandem.StartAsync(new() { Options = o => o with { TwilioProxy = new(IPAddress.Loopback, 0) } });
        using var client = new HttpClient(new SocketsHttpHandler
        {
            Proxy = new WebProxy(TandemHost.Addresses(tandem.Services).TwilioProxy),
            SslOptions = ConsoleClient.TrustingAnybody(),
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("https://api.twilio.com" + path)).As(tandem.Account);
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.NotFound, "application/json"), (answer.StatusCode, answer.Content.Headers.ContentType!.ToString()));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/sign-in")]
    [InlineData("/accounts")]
    public async Task The_administration_socket_has_no_pages(string path)
    {
        await using var tandem = await TestTandem.StartAsync();
        await using var admin = await tandem.ConnectToAdminAsync();
        await admin.SendAsync($"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        var answer = await admin.ReadAsync();
        Assert.Equal((404, "application/problem+json"), (answer.Status, answer.Header("Content-Type")));
    }

    [Fact]
    public async Task Users_are_administrated_on_the_socket_alone()
    {
        await using var tandem = await TestTandem.StartAsync();
        foreach (var (method, path) in new[] { ("GET", "/tandem/v1/users"), ("POST", "/tandem/v1/users"), ("POST", "/tandem/v1/setup-link"), ("DELETE", "/tandem/v1/users/ada") })
        {
            Assert.Equal(404, (await tandem.SendAsync(method, path)).Status);
        }
    }
}
