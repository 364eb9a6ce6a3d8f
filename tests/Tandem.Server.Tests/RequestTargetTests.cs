using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Tandem.Server.Tests.Listeners;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

/// <summary>What a proxy in front reads in a request's target, and what the server serves, are the same path.</summary>
public sealed class RequestTargetTests
{
    private const int Targets = 10_000;

    private static readonly string[] s_prefixes = ["/v1/", "/2010-04-01/", "/sign-in", "/accounts", "/users/", "/auth/", "/auth/envoy/"];

    private static readonly string[] s_pieces =
    [
        "/", "/", "/", "/", "//", "\\", "%2f", "%2F", "%5c", "%5C", ".", "..", "%2e", "%2E", "%2e%2e", ".%2E", "..;", ";x=y",
        "%252e", "%25", "%", "%4", "%zz", "%00",
        "v1", "%761", "sign-in", "Sign-In", "sign%2din", "sign%2Din", "auth", "envoy", "users", "ada%40example.com", "a%2Bb", "%C3%BC",
        "%c0%af", "%20", "~", "@", ":", "health", "x", "?", "?/sign-in", "#",
    ];

    private static readonly string[] s_starts =
        ["/", "/", "/v1/", "/v1/", "/2010-04-01/", "/sign-in", "/accounts/", "/auth/envoy/", "http://x", "http://x/v1/",
            "HTTPS://x:1/", "ftp://x/", "x", ""];

    /// <summary>A console that a rule of a proxy for <c>/v1/</c> and <c>/2010-04-01/</c> keeps from the public.</summary>
    public static TheoryData<string> Unclear =>
    [
        "/v1/../sign-in", "/v1/%2e%2e/sign-in", "/v1/.%2E/sign-in", "/v1/%2E./sign-in", "/v1/./sign-in", "/v1/%2e/sign-in", "/v1/..;/sign-in",
        "/v1/..;x=y/sign-in", "/v1/..\\sign-in",
        "/v1\\..\\sign-in", "/v1/..%5csign-in", "/v1/..%2fsign-in", "/v1%2f..%2fsign-in", "/v1/x/..", "/v1/%252e%252e/sign-in", "/v1//sign-in",
        "//sign-in", "/./sign-in", "/.", "/..",
        "/%73ign-in", "/sign%2din", "/sign-in%", "/sign-in%4", "/sign-in%zz", "/v1/[x]",
        "http://x/v1/../sign-in", "http://x/v1/%2e%2e/sign-in", "http://x\\v1/../sign-in",
        "http://x\\sign-in", "/v1/AuthTokens/../../health", "/2010-04-01/../openapi/v1.json", "/v1/../tandem/v1/accounts",
    ];

    [Theory]
    [MemberData(nameof(Unclear))]
    public async Task A_path_of_more_than_one_reading_is_answered_400_on_every_listener(string target)
    {
        await using var tandem = await TestTandem.StartAsync();
        await using var api = await tandem.ConnectAsync();
        await using var admin = await tandem.ConnectToAdminAsync();
        foreach (var connection in new[] { api, admin })
        {
            await connection.SendAsync($"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {tandem.Account.Basic}\r\n\r\n");
            var answer = await connection.ReadAsync();
            Assert.Equal(400, answer.Status);
            Assert.DoesNotContain("<html", answer.Body, StringComparison.OrdinalIgnoreCase); // nothing shows that there is a console
        }
    }

    [Fact]
    public async Task The_Twilio_proxy_and_HTTP_2_are_held_to_it_as_well()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Options = o => o with { TwilioProxy = ListenerHost.FreePort } });
        var (proxy, ca) = (TandemHost.Addresses(tandem.Services).TwilioProxy!, Path.Combine(tandem.DataDirectory, "twilio-proxy-ca.pem"));
        foreach (var version in new[] { "--http1.1", "--http2" })
        {
            foreach (var path in new[] { "/v1/../2010-04-01/Accounts.json", "/v1/%2e%2e/2010-04-01/Accounts.json", "//v1/AuthTokens/Secondary" })
            {
                var said = await Wire.CurlAsync(
                    version, "--path-as-is", "--proxy", proxy.ToString(), "--cacert", ca,
                    "--write-out", " %{http_code}", "https://accounts.twilio.com" + path);
                Assert.EndsWith(" 400", said.Output, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("/users/ada%40example.com")]
    [InlineData("/users/ada%2Bx%40example.com")]
    [InlineData("/v1/a%20b%C3%BC")]
    [InlineData("/v1/.well-known")]
    [InlineData("/v1/..a")]
    [InlineData("/v1/a..")]
    [InlineData("/v1/...")]
    [InlineData("http://x")]
    [InlineData("http://x?y")]
    [InlineData("http://x/v1/AuthTokens?a=/../")]
    [InlineData("/v1/AuthTokens/Secondary?x=%2e%2e/../\\")]
    public void A_path_of_one_reading_goes_on(string target) => Assert.True(RequestTarget.IsClear(target));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [SuppressMessage("ApiDesign", "RS0030", Justification = "A failure repeats with its seed.")]
    public async Task Of_generated_targets_only_those_are_served_whose_path_is_the_one_that_was_sent(int seed)
    {
        var random = new Random(seed);
        await using var app = await StartAsync();
        var (served, refused) = (0, 0);
        var raw = await RawConnection.OpenAsync(IPEndPoint.Parse(new Uri(app.Urls.First()).Authority));
        for (var i = 0; i < Targets; i++)
        {
            var target = Generate(random);
            await raw.SendAsync($"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
            var answer = await raw.ReadAsync();
            if (answer.Status == 200)
            {
                served++;
                var sent = PathOf(target);
                Assert.True(answer.Body == Uri.UnescapeDataString(sent), $"{seed}/{i}: {target} was served as {answer.Body}");
                Assert.All(s_prefixes, p => Assert.Equal(
                    (target, sent.StartsWith(p, StringComparison.Ordinal)), (target, answer.Body.StartsWith(p, StringComparison.Ordinal))));
                Assert.DoesNotContain(answer.Body.Split('/'), segment => segment is "." or "..");
                continue;
            }

            refused++;
            Assert.True(answer.Status is 400 or 405, $"{seed}/{i}: {target} was answered {answer.Status}");
            if (answer.Header("Connection") == "close")
            {
                await raw.DisposeAsync();
                raw = await RawConnection.OpenAsync(IPEndPoint.Parse(new Uri(app.Urls.First()).Authority));
            }
        }

        await raw.DisposeAsync();
        Assert.True(served > Targets / 20 && refused > Targets / 4, $"{served} served, {refused} refused");
    }

    /// <summary>The web server as Tandem runs it, with the rule, and behind it what says which path it would route.</summary>
    private static async Task<WebApplication> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Use(RequestTarget.RefuseUnclearAsync);
        app.Run(async context =>
        {
            var path = System.Text.Encoding.UTF8.GetBytes(context.Request.Path.Value!);
            context.Response.ContentLength = path.Length;
            await context.Response.Body.WriteAsync(path);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    /// <summary>As a simple proxy reads it: what follows the server's name, up to the query.</summary>
    private static string PathOf(string target)
    {
        var path = target.Split('?')[0];
        path = path.StartsWith('/') ? path : path.Split("://", 2)[1];
        return path.IndexOf('/') is var slash and >= 0 ? path[slash..] : "/";
    }

    [SuppressMessage("ApiDesign", "RS0030", Justification = "A failure repeats with its seed.")]
    private static string Generate(Random random) =>
        s_starts[random.Next(s_starts.Length)]
        + string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => s_pieces[random.Next(s_pieces.Length)]));
}
