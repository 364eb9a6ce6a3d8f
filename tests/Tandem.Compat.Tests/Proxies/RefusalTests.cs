using System.Globalization;
using Tandem.Testing;
using Xunit;

namespace Tandem.Compat.Proxies;

/// <summary>What a client sees that is not let through, and what the proxy writes down.</summary>
public sealed class RefusalTests
{
    [Theory]
    [InlineData(Recipe.Nginx)]
    [InlineData(Recipe.Caddy)]
    [InlineData(Recipe.HAProxy)]
    public async Task Without_a_valid_credential_it_is_Twilios_401(Recipe recipe)
    {
        await using var api = await GuardedApi.StartAsync(recipe);
        var valid = new TestCredential(api.Sid, api.Token).Basic;
        var retired = await RetireAsync(api);

        foreach (var header in (string?[])
            [
                null, retired, new TestCredential(api.Sid, new('a', 32)).Basic, TestCredential.Unknown.Basic, new TestCredential(api.Sid, "").Basic,
                new TestCredential("", api.Token).Basic, "Basic", "Basic !", "Basic " + new string('A', 4000), $"Bearer {api.Token}", valid + ", " + valid,
            ])
        {
            foreach (var method in (string[])["GET", "POST", "DELETE", "OPTIONS"])
            {
                var request = new HttpRequestMessage(new(method), "/v1/things");
                AssertUnauthorized(await api.SendAsync(header is null ? request : request.With("Authorization", header)));
            }
        }

        Assert.Equal(0, api.Backend.Count);
    }

    /// <summary>Two fields: one might be read by the proxy and the other by Tandem. nginx refuses them by itself.</summary>
    [Theory]
    [InlineData(Recipe.Nginx)]
    [InlineData(Recipe.Caddy)]
    [InlineData(Recipe.HAProxy)]
    public async Task Two_credentials_are_none(Recipe recipe)
    {
        await using var api = await GuardedApi.StartAsync(recipe);
        var (valid, wrong) = (new TestCredential(api.Sid, api.Token).Basic, TestCredential.Unknown.Basic);
        foreach (var (first, second) in ((string, string)[])[(valid, valid), (valid, wrong), (wrong, valid), (valid, ""), ("", valid)])
        {
            var answer = await api.SendRawAsync($"GET / HTTP/1.1\r\nHost: api.test\r\nAuthorization: {first}\r\nauthorization: {second}\r\n\r\n");
            Assert.Equal(recipe == Recipe.Nginx ? 400 : 401, answer.Status);
        }

        // Nor does an odd name stand for the real one.
        foreach (var name in (string[])["Authorization_", "X-Authorization", "Proxy-Authorization", "authorization.", "Connection: Authorization\r\nAuthorization_"])
        {
            Assert.Equal(401, (await api.SendRawAsync($"GET / HTTP/1.1\r\nHost: api.test\r\n{name}: {valid}\r\n\r\n")).Status);
        }

        Assert.Equal(0, api.Backend.Count);
    }

    [Theory]
    [InlineData(Recipe.Nginx)]
    [InlineData(Recipe.Caddy)]
    [InlineData(Recipe.HAProxy)]
    public async Task Too_many_refusals_are_429_and_the_right_token_still_passes(Recipe recipe)
    {
        await using var api = await GuardedApi.StartAsync(recipe, ("TANDEM_THROTTLE_ACCOUNT", "3+1/s"));
        List<TestAnswer> answers = [];
        for (var i = 0; i < 30; i++)
        {
            answers.Add(await api.GetAsync(api.Sid, i.ToString("x32", CultureInfo.InvariantCulture)));
            Assert.Equal(200, (await api.GetAsync(api.Sid, api.Token)).Status);
        }

        Assert.All(answers.Take(3), AssertUnauthorized);
        var throttled = answers.Where(a => a.Status != 401).ToList();
        Assert.NotEmpty(throttled);
        Assert.All(throttled, a =>
        {
            Assert.Equal(429, a.Status);
            Assert.Equal(20429, a.Json.GetProperty("code").GetInt32());
            Assert.True(int.Parse(a.Header("Retry-After")!, CultureInfo.InvariantCulture) > 0);
        });
        Assert.Equal(30, api.Backend.Count);
    }

    [Theory]
    [InlineData(Recipe.Nginx)]
    [InlineData(Recipe.Caddy)]
    [InlineData(Recipe.HAProxy)]
    public async Task The_proxy_writes_no_token_down(Recipe recipe)
    {
        await using var api = await GuardedApi.StartAsync(recipe);
        TestCredential[] credentials =
        [
            new(api.Sid, api.Token), new(api.Token, api.Sid), // user name and password swapped
            new(api.Sid, "0123456789abcdef0123456789abcdef"), new(api.Sid, (await api.Twilio.CreateAsync(api.Sid, api.Token)).Text("secondary_auth_token")),
        ];
        for (var round = 0; round < 2; round++) // and once more while the check gives no answer
        {
            await Task.WhenAll(credentials.Select(async c =>
            {
                await api.GetAsync(c);
                await api.SendRawAsync($"GET /v1/twice HTTP/1.1\r\nHost: api.test\r\nAuthorization: {c.Basic}\r\nAuthorization: {c.Basic}\r\n\r\n");
            }));

            await (round == 0 ? api.Tandem.KillAsync() : Task.CompletedTask);
        }

        // The log may come a moment after the answer; it does name the requests.
        await Until.TrueAsync(() => Task.FromResult(api.Proxy.EverythingWritten().Split("/v1/things").Length > 8));
        var written = api.Proxy.EverythingWritten();
        Assert.All(credentials, c =>
        {
            Assert.DoesNotContain(c.Token == api.Sid ? c.Sid : c.Token, written, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(c.Basic["Basic ".Length..], written, StringComparison.Ordinal);
        });
    }

    internal static void AssertUnauthorized(TestAnswer answer)
    {
        Assert.Equal(401, answer.Status);
        Assert.Equal("Basic realm=\"Twilio API\"", answer.Header("WWW-Authenticate"));
        Assert.StartsWith("application/json", answer.Header("Content-Type"), StringComparison.Ordinal);
        Assert.Equal("no-store", answer.Header("Cache-Control"));
        Assert.Equal("""{"code":20003,"message":"Authenticate","more_info":"https://www.twilio.com/docs/errors/20003","status":401}""", answer.Body);
    }

    /// <summary>A credential that was valid until now. The account has another token afterwards.</summary>
    private static async Task<string> RetireAsync(GuardedApi api)
    {
        var (sid, token) = await api.Twilio.CreateSubaccountAsync(api.Sid, api.Token);
        var retired = new TestCredential(sid, token);
        Assert.Equal(200, (await api.GetAsync(retired)).Status);
        await api.Twilio.CreateAsync(sid, token);
        await api.Twilio.PromoteAsync(sid, token);
        api.Backend.Take();
        return retired.Basic;
    }
}
