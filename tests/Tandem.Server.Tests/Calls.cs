using Microsoft.Extensions.Time.Testing;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

/// <summary>The calls that many tests begin with, and what many end with.</summary>
internal static class Calls
{
    public const string Secondary = "/v1/AuthTokens/Secondary";
    public const string Promote = "/v1/AuthTokens/Promote";
    public const string Accounts = "/2010-04-01/Accounts.json";

    public static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    public static FakeTimeProvider Clock() => new(Start);

    public static string PathOf(TestCredential account) => $"/2010-04-01/Accounts/{account.Sid}.json";

    public static async Task<TestCredential> CreateSecondaryAsync(this TestTandem tandem, TestCredential? by = null)
    {
        var answer = await tandem.SendAsync("POST", Secondary, r => r.As(by ?? tandem.Account));
        Assert.Equal(201, answer.Status);
        return (by ?? tandem.Account) with { Token = answer.Text("secondary_auth_token")! };
    }

    public static async Task<TestCredential> CreateSubaccountAsync(this TestTandem tandem, string name = "Sub")
    {
        var answer = await tandem.SendAsync("POST", Accounts, r => r.Form(("FriendlyName", name)));
        Assert.Equal(201, answer.Status);
        return new(answer.Text("sid")!, answer.Text("auth_token")!);
    }

    /// <summary>An account that has no parent, made by an operator.</summary>
    public static async Task<TestCredential> CreateStrangerAsync(this TestTandem tandem)
    {
        var lifecycle = (AccountLifecycle)tandem.Services.GetService(typeof(AccountLifecycle))!;
        using var created = (await lifecycle.CreateAsync(Caller.Operator("test"), null, "Stranger", new("test", "RQ"))).Value!;
        return new(created.Account.Sid.ToString(), created.Token.Reveal());
    }

    public static async Task SetStatusAsync(this TestTandem tandem, TestCredential account, string status)
    {
        var answer = await tandem.SendAsync("POST", PathOf(account), r => r.Form(("Status", status)));
        Assert.Equal(200, answer.Status);
    }

    public static async Task<bool> WorksAsync(this TestTandem tandem, TestCredential credential)
    {
        var answer = await tandem.SendAsync("GET", PathOf(credential), r => r.As(credential));
        Assert.True(answer.Status is 200 or 401, answer.Body);
        return answer.Status == 200;
    }

    public static void IsError(this TestAnswer answer, int status, int code, string message)
    {
        Assert.Equal(status, answer.Status);
        Assert.Equal("application/json", answer.Header("Content-Type"));
        Assert.Equal($$"""{"code":{{code}},"message":"{{message}}","more_info":"https://www.twilio.com/docs/errors/{{code}}","status":{{status}}}""", answer.Body);
        Assert.Equal(status == 401 ? "Basic realm=\"Twilio API\"" : null, answer.Header("WWW-Authenticate"));
    }

    public static void IsNotFound(this TestAnswer answer, string resource) =>
        answer.IsError(404, 20404, $"The requested resource {resource} was not found");

    public static void HasAnswerHeaders(this TestAnswer answer)
    {
        Assert.Matches("^RQ[0-9a-f]{32}$", answer.Header("Twilio-Request-Id"));
        Assert.Equal("no-store", answer.Header("Cache-Control"));
        Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
        Assert.Null(answer.Header("Server"));
        Assert.Null(answer.Header("Access-Control-Allow-Credentials"));
    }
}
