using Microsoft.Extensions.Time.Testing;
using Microsoft.Playwright;
using Tandem.Testing;
using Xunit;

namespace Tandem.Console.Tests.Accounts;

/// <summary>The first account of a site, seen from both sides: people in a browser, and consumers that call with its tokens.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private Stage(ConsoleSite site, FakeTimeProvider? time) => (Site, Time) = (site, time);

    public ConsoleSite Site { get; }

    /// <summary>The server's clock; null when it is the real one.</summary>
    public FakeTimeProvider? Time { get; }

    public TestCredential Primary => Site.Server.Account;

    /// <summary>The path of the account's page.</summary>
    public string Account => $"/accounts/{Primary.Sid}";

    /// <summary>With a clock that stands still, so that quiet times pass when the test says so.</summary>
    public static async Task<Stage> StartAsync(Chromium chromium, bool realTime = false)
    {
        var time = realTime ? null : new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        return new(await ConsoleSite.StartAsync(chromium, new() { Time = time }), time);
    }

    /// <summary>A consumer asks the check; answers its status.</summary>
    public async Task<int> CallAsync(TestCredential credential, string name) => (await Site.Server.SendAsync("GET", "/auth/forward", r => r
        .As(credential).With("X-Client-Name", name).With("X-Forwarded-Host", "api.example.com").With("User-Agent", "twilio-python/9.8.0"))).Status;

    /// <summary>The account creates its secondary over the API.</summary>
    public async Task<TestCredential> CreateSecondaryAsync()
    {
        var answer = await Site.Server.SendAsync("POST", "/v1/AuthTokens/Secondary");
        Assert.Equal(201, answer.Status);
        return Primary with { Token = answer.Text("secondary_auth_token")! };
    }

    /// <summary>The question before the promote, in a window of an operator.</summary>
    public async Task<IPage> AtPromoteAsync(string user = "ada")
    {
        var page = await Site.SignedInAsync(user, "operator");
        await page.GotoAsync($"{Account}/promote");
        return page;
    }

    public ValueTask DisposeAsync() => Site.DisposeAsync();
}
