using Microsoft.Extensions.Time.Testing;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Reference;

/// <summary>What is answered is what the reference announces: status, content type, and a body that fits its schema to the last member.</summary>
public sealed class AnnouncedAnswers
{
    private const string Own = "/tandem/v1/accounts/{sid}";

    [Fact]
    public async Task On_our_own_paths_with_something_in_every_list()
    {
        await using var tandem = await TestTandem.StartAsync();
        var document = await ApiDocument.ReadAsync(tandem);
        await tandem.SendAsync("GET", "/auth/forward", r => r.With("X-Client-Name", "nightly"));
        var secondary = await tandem.CreateSecondaryAsync();
        await tandem.SendAsync("DELETE", Calls.Secondary);
        await tandem.SendAsync("GET", "/auth/forward", r => r.As(secondary).With("X-Client-Name", "nightly"));
        foreach (var what in (string[])["tokens", "usage", "late-use", "consumers", "readiness", "audit"])
        {
            var answer = await tandem.SendAsync("GET", $"/tandem/v1/accounts/{tandem.Account.Sid}/{what}");
            Assert.Equal(200, answer.Status);
            Assert.DoesNotContain("[]", answer.Body.Replace("\"gaps\":[]", "", StringComparison.Ordinal), StringComparison.Ordinal);
            await document.ExpectAsync("GET", $"{Own}/{what}", answer);
        }
    }

    [Theory]
    [InlineData("GET", Own + "/tokens", "", 400)]
    [InlineData("POST", Own + "/tokens/promote", "", 404)]
    [InlineData("POST", Own + "/tokens/promote", "no JSON", 400)]
    [InlineData("POST", Own + "/tokens/promote-guard", """{"promote_guard":"on"}""", 400)]
    [InlineData("POST", Own + "/tokens/promote", "long", 413)]
    [InlineData("DELETE", Own + "/tokens/secondary", "", 404)]
    [InlineData("POST", Own + "/tokens/secondary", "cross-site", 403)]
    [InlineData("POST", "/2010-04-01/Accounts.json", "cross-site", 403)]
    [InlineData("POST", "/v1/AuthTokens/Promote", "", 404)]
    [InlineData("POST", "/v1/AuthTokens/Promote", "long", 413)]
    [InlineData("DELETE", "/v1/AuthTokens/Secondary", "", 404)]
    [InlineData("GET", "/2010-04-01/Accounts/{sid}.json", "", 404)]
    public async Task When_a_request_is_refused(string method, string path, string body, int status)
    {
        await using var tandem = await TestTandem.StartAsync();
        var document = await ApiDocument.ReadAsync(tandem);
        var sid = method == "GET" ? "nobody" : tandem.Account.Sid;
        var answer = await tandem.SendAsync(method, path.Replace("{sid}", sid, StringComparison.Ordinal), r =>
        {
            if (body == "cross-site")
            {
                r.With("Sec-Fetch-Site", "cross-site");
            }
            else if (body.Length > 0)
            {
                r.Content = new StringContent(body == "long" ? new string('x', 20_000) : body, System.Text.Encoding.UTF8, path.StartsWith("/v1", StringComparison.Ordinal) ? "application/x-www-form-urlencoded" : "application/json");
            }
        });
        Assert.Equal(status, answer.Status);
        await document.ExpectAsync(method, path, answer);
    }

    [Fact]
    public async Task When_nothing_can_be_stored_or_a_fault_comes_between()
    {
        var store = new StoreDouble();
        await using var tandem = await TestTandem.StartAsync(new() { Services = store.Replace });
        var document = await ApiDocument.ReadAsync(tandem);
        foreach (var (method, path, _) in document.Operations.Where(o => o.Path.StartsWith(Own + "/", StringComparison.Ordinal) || o.Path.Contains("AuthTokens", StringComparison.Ordinal)))
        {
            if (path.EndsWith("/rotation", StringComparison.Ordinal))
            {
                var refusal = document.Json["paths"]![path]![method.ToLowerInvariant()]!["responses"]!["503"]!.ToJsonString();
                Assert.DoesNotContain("It cannot be stored now", refusal, StringComparison.Ordinal);
                continue; // beside the counts, and not in the store
            }

            var at = OpenApi_200.Filled(path, tandem.Account);
            (store.Unavailable, store.Fault) = (method != "GET", null);
            var unavailable = await tandem.SendAsync(method, at, r => r.Json("""{"name":"x","promote_guard":"off","seconds":60}"""));
            Assert.Equal(method == "GET" ? 200 : 503, unavailable.Status);
            await document.ExpectAsync(method, path, unavailable);

            store.Fault = new InvalidOperationException("A fault of the test's.");
            var fault = await tandem.SendAsync(method, at, r => r.Json("""{"name":"x","promote_guard":"off","seconds":60}"""));
            Assert.Equal(500, fault.Status);
            await document.ExpectAsync(method, path, fault);
        }
    }

    [Fact]
    public async Task On_Twilios_paths()
    {
        await using var tandem = await TestTandem.StartAsync();
        var document = await ApiDocument.ReadAsync(tandem);
        var account = Calls.PathOf(tandem.Account);
        foreach (var (method, at, path, status) in ((string, string, string, int)[])[
            ("POST", Calls.Secondary, Calls.Secondary, 201), ("POST", Calls.Secondary, Calls.Secondary, 400), ("DELETE", Calls.Secondary, Calls.Secondary, 204),
            ("POST", Calls.Accounts, Calls.Accounts, 201), ("GET", Calls.Accounts, Calls.Accounts, 200), ("GET", Calls.Accounts + "?PageSize=9999", Calls.Accounts, 400),
            ("GET", account, "/2010-04-01/Accounts/{sid}.json", 200), ("POST", account, "/2010-04-01/Accounts/{sid}.json", 200),
            ("POST", Calls.Secondary, Calls.Secondary, 201), ("POST", Calls.Promote, Calls.Promote, 200), ("POST", Calls.Promote, Calls.Promote, 401)])
        {
            var answer = await tandem.SendAsync(method, at);
            Assert.Equal(status, answer.Status);
            await document.ExpectAsync(method, path, answer);
        }
    }

    [Fact]
    public async Task Of_the_check_and_when_too_many_fail()
    {
        await using var tandem = await TestTandem.StartAsync(new()
        {
            Time = new FakeTimeProvider(Calls.Start), // so that no attempt is earned back while the calls are made
            Options = o => o with { ThrottleAccount = new(1, 1) },
        });
        var document = await ApiDocument.ReadAsync(tandem);
        var wrong = tandem.Account with { Token = new string('0', 32) };
        foreach (var path in (string[])["/auth/nginx", "/auth/forward", "/auth/envoy/{rest}"])
        {
            await document.ExpectAsync("GET", path, await tandem.SendAsync("GET", OpenApi_200.Filled(path, wrong)));
            await document.ExpectAsync("GET", path, await tandem.SendAsync("GET", OpenApi_200.Filled(path, wrong), r => r.As(null)));
            for (var i = 0; i < 3; i++)
            {
                await document.ExpectAsync("GET", path, await tandem.SendAsync("GET", OpenApi_200.Filled(path, wrong), r => r.As(wrong)));
            }
        }

        var throttled = await tandem.SendAsync("GET", $"/tandem/v1/accounts/{wrong.Sid}/tokens", r => r.As(wrong));
        Assert.Equal(429, throttled.Status);
        await document.ExpectAsync("GET", Own + "/tokens", throttled);
        foreach (var (code, say) in ((string, Action<HttpRequestMessage>)[])[("VALID", _ => { }), ("THROTTLED", r => r.As(wrong)), ("MALFORMED", r => r.As(null))])
        {
            var verdict = await tandem.SendAsync("POST", "/auth/verify", say);
            Assert.Equal(code, verdict.Text("code"));
            await document.ExpectAsync("POST", "/auth/verify", verdict);
        }
    }

    [Fact]
    public async Task And_an_answer_that_is_not_announced_is_found()
    {
        await using var tandem = await TestTandem.StartAsync();
        var document = await ApiDocument.ReadAsync(tandem);
        var real = await tandem.SendAsync("GET", $"/tandem/v1/accounts/{tandem.Account.Sid}/tokens");
        foreach (var wrong in (TestAnswer[])[
            real with { Body = real.Body.Replace("\"generation\":1", "\"generation\":\"1\"", StringComparison.Ordinal) },
            real with { Body = real.Body.Replace("\"generation\":1,", "", StringComparison.Ordinal) },
            real with { Body = real.Body.Replace("\"generation\":1", "\"generation\":1,\"more\":2", StringComparison.Ordinal) },
            real with { Body = real.Body.Replace("\"promote_guard\":\"off\"", "\"promote_guard\":\"perhaps\"", StringComparison.Ordinal) },
            real with { Body = real.Body.Replace("\"age_seconds\":", "\"age_second\":", StringComparison.Ordinal) },
            real with { Status = 418 }])
        {
            Assert.NotEqual((real.Body, real.Status), (wrong.Body, wrong.Status));
            await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() => document.ExpectAsync("GET", Own + "/tokens", wrong));
        }
    }
}
