using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

/// <summary>Our own API on the API's listeners: an account's credential reaches itself and its subaccounts, and nothing else.</summary>
public sealed class TandemApi_200_401_404
{
    [Fact]
    public async Task An_account_creates_looks_at_and_promotes_its_secondary_by_its_own_credential()
    {
        await using var tandem = await TestTandem.StartAsync();
        var created = await tandem.SendAsync("POST", Secondary(tandem.Account));
        Assert.Equal(201, created.Status);
        var secondary = tandem.Account with { Token = created.Text("auth_token")! };

        var tokens = await tandem.SendAsync("GET", Tokens(tandem.Account), r => r.As(secondary));
        Assert.Equal(200, tokens.Status);
        Assert.Equal(created.Text("fingerprint"), tokens.Json.GetProperty("secondary").GetProperty("fingerprint").GetString());
        Assert.DoesNotContain(tandem.Account.Token, tokens.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(secondary.Token, tokens.Body, StringComparison.Ordinal);

        var promoted = await tandem.SendAsync("POST", $"{Tokens(tandem.Account)}/promote");
        Assert.Equal((200, created.Text("fingerprint")), (promoted.Status, promoted.Text("fingerprint")));
        Assert.False(await tandem.WorksAsync(tandem.Account));
        Assert.True(await tandem.WorksAsync(secondary));

        var audit = await tandem.SendAsync("GET", $"/tandem/v1/accounts/{tandem.Account.Sid}/audit", r => r.As(secondary));
        var newest = audit.Json.GetProperty("entries")[0];
        Assert.Equal("secondary_promoted", newest.GetProperty("action").GetString());
        Assert.Equal($"{tandem.Account.Sid} primary", newest.GetProperty("actor").GetString());
        Assert.Equal("127.0.0.1", newest.GetProperty("source").GetString());
        Assert.Equal(promoted.Header("Twilio-Request-Id"), newest.GetProperty("request_id").GetString());
    }

    [Fact]
    public async Task A_parent_rotates_its_subaccounts_token()
    {
        await using var tandem = await TestTandem.StartAsync();
        var sub = await tandem.CreateSubaccountAsync();

        var created = await tandem.SendAsync("POST", Secondary(sub));
        Assert.Equal(200, (await tandem.SendAsync("POST", $"{Tokens(sub)}/promote")).Status);

        Assert.False(await tandem.WorksAsync(sub));
        Assert.True(await tandem.WorksAsync(sub with { Token = created.Text("auth_token")! }));
        Assert.Equal(204, (await DeleteNewAsync(tandem, sub)).Status);
    }

    [Fact]
    public async Task Another_account_and_one_that_does_not_exist_look_the_same()
    {
        await using var tandem = await TestTandem.StartAsync();
        var (stranger, sub) = (await tandem.CreateStrangerAsync(), await tandem.CreateSubaccountAsync());
        foreach (var (method, path) in Calls())
        {
            var foreign = await tandem.SendAsync(method, path(stranger));
            var unknown = await tandem.SendAsync(method, path(TestCredential.Unknown));
            var parent = await tandem.SendAsync(method, path(tandem.Account), r => r.As(sub));

            Assert.Equal((404, "account_not_found"), (foreign.Status, foreign.Text("kind")));
            Assert.Equal(foreign.Body, unknown.Body);
            Assert.Equal(foreign.Body, parent.Body);
            Assert.Equal("application/problem+json", foreign.Header("Content-Type"));
        }

        Assert.True(await tandem.WorksAsync(stranger));
    }

    [Fact]
    public async Task Without_a_valid_credential_everything_is_401_in_problem_details()
    {
        await using var tandem = await TestTandem.StartAsync();
        foreach (var credential in (TestCredential?[])[null, TestCredential.Unknown, tandem.Account with { Token = new string('b', 32) }])
        {
            foreach (var (method, path) in Calls())
            {
                var refused = await tandem.SendAsync(method, path(tandem.Account), r => r.As(credential));
                Assert.Equal((401, "unauthenticated"), (refused.Status, refused.Text("kind")));
                Assert.Equal("Basic realm=\"Twilio API\"", refused.Header("WWW-Authenticate"));
            }
        }
    }

    [Theory]
    [InlineData("GET", "/tandem/v1/server")]
    [InlineData("GET", "/tandem/v1/accounts")]
    [InlineData("POST", "/tandem/v1/accounts")]
    [InlineData("GET", "/tandem/v1/audit")]
    public async Task What_is_an_operators_is_not_there_for_a_credential(string method, string path)
    {
        await using var tandem = await TestTandem.StartAsync();
        var refused = await tandem.SendAsync(method, path);
        Assert.Equal((404, "not_found"), (refused.Status, refused.Text("kind")));
    }

    [Fact]
    public async Task A_browsers_mutation_from_another_site_is_refused()
    {
        await using var tandem = await TestTandem.StartAsync();
        var refused = await tandem.SendAsync("POST", Secondary(tandem.Account), r => r.With("Sec-Fetch-Site", "cross-site"));
        Assert.Equal((403, "cross_site"), (refused.Status, refused.Text("kind")));
        Assert.Equal(404, (await tandem.SendAsync("DELETE", Secondary(tandem.Account))).Status);
    }

    private static string Tokens(TestCredential account) => $"/tandem/v1/accounts/{account.Sid}/tokens";

    private static string Secondary(TestCredential account) => $"{Tokens(account)}/secondary";

    private static IEnumerable<(string Method, Func<TestCredential, string> Path)> Calls() =>
    [
        ("GET", Tokens),
        ("POST", Secondary),
        ("DELETE", Secondary),
        ("POST", a => $"{Tokens(a)}/promote"),
        ("GET", a => $"/tandem/v1/accounts/{a.Sid}/audit"),
    ];

    private static async Task<TestAnswer> DeleteNewAsync(TestTandem tandem, TestCredential account)
    {
        await tandem.SendAsync("POST", Secondary(account));
        return await tandem.SendAsync("DELETE", Secondary(account));
    }
}
