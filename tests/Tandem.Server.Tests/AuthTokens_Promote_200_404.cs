using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

public sealed class AuthTokens_Promote_200_404
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answers_200_with_the_promoted_token_to_either_token(bool bySecondary)
    {
        var clock = Calls.Clock();
        await using var tandem = await TestTandem.StartAsync(new() { Time = clock });
        var secondary = await tandem.CreateSecondaryAsync();
        clock.Advance(TimeSpan.FromHours(30));
        var answer = await tandem.SendAsync("POST", Calls.Promote, r => r.As(bySecondary ? secondary : tandem.Account));
        Assert.Equal(200, answer.Status);
        Assert.Equal(
            $$"""{"account_sid":"{{tandem.Account.Sid}}","auth_token":"{{secondary.Token}}","date_created":"2026-01-02T03:04:05Z","date_updated":"2026-01-03T09:04:05Z","url":"{{tandem.Address}}v1/AuthTokens/Promote"}""",
            answer.Body);
        answer.HasAnswerHeaders();
        Assert.True(await tandem.WorksAsync(secondary));
        (await tandem.SendAsync("POST", Calls.Promote)).IsError(401, 20003, "Authenticate");
    }

    [Fact]
    public async Task Answers_404_without_a_secondary()
    {
        await using var tandem = await TestTandem.StartAsync();
        (await tandem.SendAsync("POST", Calls.Promote)).IsNotFound("/AuthTokens/Promote");
    }

    [Fact]
    public async Task A_second_promote_finds_no_secondary()
    {
        await using var tandem = await TestTandem.StartAsync();
        var secondary = await tandem.CreateSecondaryAsync();
        Assert.Equal(200, (await tandem.SendAsync("POST", Calls.Promote, r => r.As(secondary))).Status);
        (await tandem.SendAsync("POST", Calls.Promote, r => r.As(secondary))).IsNotFound("/AuthTokens/Promote");
    }

    [Fact]
    public async Task Of_many_at_once_by_the_primary_one_gets_200_and_the_others_401()
    {
        await using var tandem = await TestTandem.StartAsync();
        await tandem.CreateSecondaryAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => tandem.SendAsync("POST", Calls.Promote)));
        Assert.Single(answers, a => a.Status == 200);
        foreach (var refused in answers.Where(a => a.Status != 200))
        {
            refused.IsError(401, 20003, "Authenticate");
        }
    }

    [Fact]
    public async Task Rotations_can_follow_each_other()
    {
        await using var tandem = await TestTandem.StartAsync();
        var current = tandem.Account;
        for (var i = 0; i < 5; i++)
        {
            var next = await tandem.CreateSecondaryAsync(current);
            Assert.Equal(200, (await tandem.SendAsync("POST", Calls.Promote, r => r.As(current))).Status);
            Assert.False(await tandem.WorksAsync(current));
            current = next;
        }

        Assert.True(await tandem.WorksAsync(current));
    }
}
