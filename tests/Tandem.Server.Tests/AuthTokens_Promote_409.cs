using Microsoft.Extensions.Time.Testing;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

/// <summary>The promote guard: on Twilio's path and ours, a promote waits until everyone is seen to have moved, or is forced.</summary>
public sealed class AuthTokens_Promote_409
{
    private const string Check = "/auth/forward";

    [Fact]
    public async Task The_refusal_names_who_stands_in_the_way_and_the_forced_call()
    {
        await using var tandem = await TestTandem.StartAsync();
        await GuardAsync(tandem, "enforce");
        var secondary = await tandem.CreateSecondaryAsync();
        await tandem.SendAsync("GET", Check, r => r.With("X-Client-Name", "nightly").With("User-Agent", "curl/8.1"));

        foreach (var credential in (TestCredential[])[tandem.Account, secondary])
        {
            var refused = await tandem.SendAsync("POST", Calls.Promote, r => r.As(credential));
            Assert.Equal((409, 20409), (refused.Status, refused.Json.GetProperty("code").GetInt32()));
            Assert.StartsWith(
                $"Not promoted: the primary token is still used by nightly (curl) on {tandem.Address.Authority}, 1 call, the last ",
                refused.Text("message"),
                StringComparison.Ordinal);
            Assert.Contains($"POST /tandem/v1/accounts/{tandem.Account.Sid}/tokens/promote", refused.Text("message"), StringComparison.Ordinal);
        }

        var own = await tandem.SendAsync("POST", Own(tandem, "promote"));
        Assert.Equal((409, "not_ready"), (own.Status, own.Text("kind")));
        Assert.Contains("nightly (curl)", own.Text("detail"), StringComparison.Ordinal);
        Assert.True(await tandem.WorksAsync(tandem.Account));
    }

    [Fact]
    public async Task It_opens_when_everyone_has_moved_and_the_old_token_is_quiet()
    {
        var time = new FakeTimeProvider(Calls.Start);
        await using var tandem = await TestTandem.StartAsync(new() { Time = time, Options = o => o with { QuietTime = TimeSpan.FromMinutes(10) } });
        await GuardAsync(tandem, "enforce");
        await tandem.SendAsync("GET", Check, r => r.With("X-Client-Name", "billing"));
        var secondary = await tandem.CreateSecondaryAsync();
        time.Advance(TimeSpan.FromSeconds(60));
        await tandem.SendAsync("GET", Check, r => r.As(secondary).With("X-Client-Name", "billing"));

        Assert.Equal(409, (await tandem.SendAsync("POST", Calls.Promote)).Status);
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(200, (await tandem.SendAsync("POST", Calls.Promote)).Status);
    }

    [Fact]
    public async Task A_wrong_token_and_a_missing_secondary_are_told_before_the_guard()
    {
        await using var tandem = await TestTandem.StartAsync();
        await GuardAsync(tandem, "enforce");
        Assert.Equal(404, (await tandem.SendAsync("POST", Calls.Promote)).Status);
        Assert.Equal(401, (await tandem.SendAsync("POST", Calls.Promote, r => r.As(tandem.Account with { Token = new string('a', 32) }))).Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Either_token_forces_it_with_a_reason_that_the_audit_keeps(bool bySecondary)
    {
        await using var tandem = await TestTandem.StartAsync();
        await GuardAsync(tandem, "enforce");
        var secondary = await tandem.CreateSecondaryAsync();
        var credential = bySecondary ? secondary : tandem.Account;

        foreach (var body in (string[])["""{"force":true}""", """{"force":true,"reason":" "}""", $$"""{"force":true,"reason":"{{new string('x', 201)}}"}""", """{"force":true,"reason":"a\u0007b"}"""])
        {
            Assert.Equal(400, (await SendAsync(tandem, credential, body)).Status);
        }

        Assert.Equal(200, (await SendAsync(tandem, credential, """{"force":true,"reason":"it leaked"}""")).Status);
        Assert.False(await tandem.WorksAsync(tandem.Account));
        var audit = await tandem.SendAsync("GET", $"/tandem/v1/accounts/{tandem.Account.Sid}/audit", r => r.As(secondary));
        var newest = audit.Json.GetProperty("entries")[0];
        Assert.Equal(("secondary_promoted_by_force", "it leaked"), (newest.GetProperty("action").GetString(), newest.GetProperty("detail").GetString()));
    }

    [Fact]
    public async Task The_guard_is_shown_switched_and_nothing_else()
    {
        await using var tandem = await TestTandem.StartAsync();
        Assert.Equal("off", (await tandem.SendAsync("GET", $"/tandem/v1/accounts/{tandem.Account.Sid}/tokens")).Text("promote_guard"));
        Assert.Equal("enforce", (await GuardAsync(tandem, "enforce")).Text("promote_guard"));
        Assert.Equal(400, (await tandem.SendAsync("POST", Own(tandem, "promote-guard"), r => r.Json("""{"promote_guard":"on"}"""))).Status);
        Assert.Equal(400, (await tandem.SendAsync("POST", Own(tandem, "promote-guard"))).Status);
        Assert.Equal("off", (await GuardAsync(tandem, "off")).Text("promote_guard"));
        await tandem.CreateSecondaryAsync();
        Assert.Equal(200, (await tandem.SendAsync("POST", Calls.Promote)).Status);
    }

    private static Task<TestAnswer> SendAsync(TestTandem tandem, TestCredential credential, string body) =>
        tandem.SendAsync("POST", Own(tandem, "promote"), r => r.As(credential).Json(body));

    private static async Task<TestAnswer> GuardAsync(TestTandem tandem, string guard)
    {
        var answer = await tandem.SendAsync("POST", Own(tandem, "promote-guard"), r => r.Json($$"""{"promote_guard":"{{guard}}"}"""));
        Assert.Equal(200, answer.Status);
        return answer;
    }

    private static string Own(TestTandem tandem, string what) => $"/tandem/v1/accounts/{tandem.Account.Sid}/tokens/{what}";
}
