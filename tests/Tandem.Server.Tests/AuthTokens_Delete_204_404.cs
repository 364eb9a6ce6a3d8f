using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

public sealed class AuthTokens_Delete_204_404
{
    [Fact]
    public async Task Answers_204_without_body_or_type_and_the_secondary_is_dead()
    {
        await using var tandem = await TestTandem.StartAsync();
        var secondary = await tandem.CreateSecondaryAsync();
        var answer = await tandem.SendAsync("DELETE", Calls.Secondary);
        Assert.Equal(204, answer.Status);
        Assert.Equal("", answer.Body);
        Assert.Null(answer.Header("Content-Type"));
        answer.HasAnswerHeaders();
        Assert.False(await tandem.WorksAsync(secondary));
        Assert.True(await tandem.WorksAsync(tandem.Account));
    }

    [Fact]
    public async Task The_secondary_may_delete_itself()
    {
        await using var tandem = await TestTandem.StartAsync();
        var secondary = await tandem.CreateSecondaryAsync();
        Assert.Equal(204, (await tandem.SendAsync("DELETE", Calls.Secondary, r => r.As(secondary))).Status);
        Assert.False(await tandem.WorksAsync(secondary));
    }

    [Fact]
    public async Task Answers_404_without_a_secondary()
    {
        await using var tandem = await TestTandem.StartAsync();
        (await tandem.SendAsync("DELETE", Calls.Secondary)).IsNotFound("/AuthTokens/Secondary");
    }

    [Fact]
    public async Task Takes_the_parameter_from_the_query_and_a_form_type_without_a_form()
    {
        await using var tandem = await TestTandem.StartAsync();
        await tandem.CreateSecondaryAsync();
        var answer = await tandem.SendAsync("DELETE", $"{Calls.Secondary}?SuppressEmailNotification=TRUE&x=1", r => r.Form());
        Assert.Equal(204, answer.Status);
    }
}
