using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

public sealed class Browsers_204_403
{
    private const string Refused = "Forbidden: a browser sent this from another website. Its origin can be allowed with --cors-origin.";

    [Theory]
    [InlineData("/v1/AuthTokens/Secondary")]
    [InlineData("/2010-04-01/Accounts.json")]
    [InlineData("/nowhere")]
    public async Task A_preflight_is_answered_204_without_a_credential(string path)
    {
        await using var tandem = await TestTandem.StartAsync();
        var answer = await tandem.SendAsync("OPTIONS", path, r => r.As(null)
            .With("Origin", "https://elsewhere.example").With("Access-Control-Request-Method", "POST").With("Access-Control-Request-Headers", "authorization"));
        Assert.Equal(204, answer.Status);
        Assert.Equal("*", answer.Header("Access-Control-Allow-Origin"));
        Assert.Equal("GET, POST, DELETE, OPTIONS", answer.Header("Access-Control-Allow-Methods"));
        Assert.Equal(
            "Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since, Idempotency-Key",
            answer.Header("Access-Control-Allow-Headers"));
        Assert.Equal("ETag", answer.Header("Access-Control-Expose-Headers"));
        answer.HasAnswerHeaders();
    }

    [Theory]
    [InlineData("cross-site", null)]
    [InlineData("same-site", null)]
    [InlineData("cross-site", "https://elsewhere.example")]
    [InlineData("something-new", null)]
    [InlineData(null, "https://elsewhere.example")]
    [InlineData(null, "null")]
    public async Task A_mutation_from_another_site_is_refused_before_its_credential_is_looked_at(string? site, string? origin)
    {
        await using var tandem = await TestTandem.StartAsync();
        foreach (var credential in new[] { tandem.Account, null })
        {
            var answer = await tandem.SendAsync("POST", Calls.Secondary, r => Say(r.As(credential), site, origin));
            answer.IsError(403, 20403, Refused);
        }

        await tandem.CreateSecondaryAsync();
        (await tandem.SendAsync("DELETE", Calls.Secondary, r => Say(r, site, origin))).IsError(403, 20403, Refused);
    }

    [Theory]
    [InlineData("same-origin", "https://elsewhere.example")]
    [InlineData("none", null)]
    [InlineData(null, null)]
    [InlineData(null, "own")]
    [InlineData("cross-site", "https://Listed.example")]
    [InlineData(null, "https://listed.example")]
    public async Task A_mutation_from_here_or_a_listed_origin_or_no_browser_passes(string? site, string? origin)
    {
        await using var tandem = await TestTandem.StartAsync(new() { Options = o => o with { CorsOrigins = ["https://listed.example"] } });
        var own = tandem.Address.GetLeftPart(UriPartial.Authority);
        var answer = await tandem.SendAsync("POST", Calls.Secondary, r => Say(r, site, origin == "own" ? own : origin));
        Assert.Equal(201, answer.Status);
    }

    [Fact]
    public async Task Reading_from_another_site_needs_a_credential_and_nothing_else()
    {
        await using var tandem = await TestTandem.StartAsync();
        var answer = await tandem.SendAsync("GET", Calls.Accounts, r => Say(r, "cross-site", "https://elsewhere.example"));
        Assert.Equal(200, answer.Status);
        answer.HasAnswerHeaders();
    }

    private static void Say(HttpRequestMessage request, string? site, string? origin)
    {
        if (site is not null)
        {
            request.With("Sec-Fetch-Site", site);
        }

        if (origin is not null)
        {
            request.With("Origin", origin);
        }
    }
}
