using Microsoft.Extensions.Time.Testing;
using Tandem.Client;
using Xunit;

namespace Tandem.Rotations.Tests;

/// <summary>
/// Whatever a call is answered, in whatever step: only the API's own 401 means that a token is refused. Nothing else deletes a token, ends a rotation as
/// urgent or is taken for the end of an abort; and the next run finishes what was begun, with the token that was delivered.
/// </summary>
public sealed class OutcomeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Only_the_APIs_own_401_means_that_a_token_is_refused(bool onTwilio)
    {
        await using var rig = await Rig.StartAsync(inMemory: true);
        foreach (var outcome in Outcome.NoRefusals)
        {
            rig.Handler = new Interception(_ => true, outcome, 1).CreateHandler;
            using var issuer = (onTwilio ? rig.OnTwilio() : rig.Request()).Issuer;
            var unknown = await Assert.ThrowsAsync<TwilioException>(() => issuer.CheckAsync(rig.First, Cancel));
            Assert.False(unknown.IsTokenRefused, outcome.Name);
        }

        rig.Handler = new Interception(_ => true, Outcome.Refusal, 1).CreateHandler;
        using var refusing = rig.Request().Issuer;
        Assert.Equal(TokenStanding.Refused, await refusing.CheckAsync(rig.First, Cancel));
    }

    [Theory]
    [InlineData("the look at the new token", "GET /2010-04-01/Accounts/{sid}.json {new}")]
    [InlineData("the look at the old token", "GET /2010-04-01/Accounts/{sid}.json {old}")]
    [InlineData("the promote", "POST /v1/AuthTokens/Promote {new}")]
    [InlineData("the verdict", "GET /tandem/v1/accounts/{sid}/readiness {new}")]
    [InlineData("the guard", "GET /tandem/v1/accounts/{sid}/tokens {new}")]
    public async Task A_stopped_rotation_goes_on_with_its_own_token_whatever_was_answered(string what, string call)
    {
        var time = Hurried.CreateClock();
        await using var rig = await Rig.StartAsync(time, inMemory: true);
        foreach (var (outcome, times) in Cases())
        {
            var old = rig.EnvToken;
            var made = await StopAsync(rig, time, old);
            var answered = new Interception(IsCall(rig, call, old, made), outcome, times);
            rig.Handler = answered.CreateHandler;
            var stopped = await RunAsync(rig, time, () => rig.Engine.RotateAsync(rig.Request(), Cancel));

            rig.Handler = null;
            Assert.True(answered.Answered > 0, $"{what} was not made"); // the control
            AssertHarmless(stopped, $"{what}: {outcome}, {times} times: {stopped?.Message}");
            Assert.DoesNotContain(answered.Carried, c => c.StartsWith("DELETE /v1/AuthTokens", StringComparison.Ordinal));
            if (stopped is not null)
            {
                Assert.Equal(200, await rig.CheckAsync(made));
                Assert.Null(await RunAsync(rig, time, () => rig.Engine.RotateAsync(rig.Request(), Cancel)));
            }

            Assert.Equal(made, rig.EnvToken);
            await AssertRotatedAsync(rig, old);
        }
    }

    [Theory]
    [InlineData("POST /v1/AuthTokens/Secondary {old}")]
    [InlineData("GET /tandem/v1/accounts/{sid}/tokens {old}")]
    [InlineData("GET /tandem/v1/accounts/{sid}/audit {old}")]
    public async Task A_create_ends_with_one_token_whatever_was_answered(string call)
    {
        var time = Hurried.CreateClock();
        await using var rig = await Rig.StartAsync(time, inMemory: true);
        foreach (var (outcome, times) in Cases())
        {
            var old = rig.EnvToken;
            rig.Handler = new Interception(IsCall(rig, call, old, "-"), outcome, times).CreateHandler;
            var request = rig.Request() with { Token = HeldToken.Read(rig.Sid, old, "the test") };
            var stopped = await RunAsync(rig, time, () => rig.Engine.RotateAsync(request, Cancel));

            rig.Handler = null;
            AssertHarmless(stopped, $"{outcome}, {times} times: {stopped?.Message}");
            Assert.True(stopped is null || rig.EnvToken == old);
            if (stopped is not null)
            {
                var again = await RunAsync(rig, time, () => rig.Engine.RotateAsync(rig.Request() with { Token = HeldToken.Read(rig.Sid, old, "the test") }, Cancel));
                Assert.True(again is null, again?.Message);
            }

            await AssertRotatedAsync(rig, old);
        }
    }

    [Theory]
    [InlineData("GET /2010-04-01/Accounts/{sid}.json {new}")]
    [InlineData("GET /2010-04-01/Accounts/{sid}.json {old}")]
    [InlineData("DELETE /v1/AuthTokens/Secondary {old}")]
    public async Task An_abort_that_says_that_it_went_back_has_deleted_the_secondary_whatever_was_answered(string call)
    {
        var time = Hurried.CreateClock();
        await using var rig = await Rig.StartAsync(time, inMemory: true);
        foreach (var (outcome, times) in Cases())
        {
            var old = rig.EnvToken;
            var made = await StopAsync(rig, time, old);
            rig.Handler = new Interception(IsCall(rig, call, old, made), outcome, times).CreateHandler;
            var stopped = await RunAsync(rig, time, () => rig.Engine.AbortAsync(rig.Request(), Cancel));

            rig.Handler = null;
            AssertHarmless(stopped, $"{outcome}, {times} times: {stopped?.Message}");
            if (stopped is not null)
            {
                Assert.True(rig.HasState());
                Assert.Null(await RunAsync(rig, time, () => rig.Engine.AbortAsync(rig.Request(), Cancel)));
            }

            Assert.Equal((old, 200, 401), (rig.EnvToken, await rig.CheckAsync(old), await rig.CheckAsync(made)));
        }
    }

    [Fact]
    public async Task With_leave_to_replace_a_secondary_a_proxys_refusal_of_a_create_at_Twilio_deletes_none()
    {
        var time = Hurried.CreateClock();
        await using var rig = await Rig.StartAsync(time, inMemory: true);
        var theirs = await rig.CreateSecondaryElsewhereAsync();
        foreach (var outcome in Outcome.NoRefusals)
        {
            var answered = new Interception(call => call.StartsWith("POST /v1/AuthTokens/Secondary", StringComparison.Ordinal), outcome, int.MaxValue);
            rig.Handler = answered.CreateHandler;
            var stopped = await RunAsync(rig, time, () => rig.Engine.RotateAsync(rig.OnTwilio() with { ReplaceSecondary = true }, Cancel));
            AssertHarmless(stopped, $"{outcome}: {stopped?.Message}");
            if (!outcome.Name.StartsWith("408 {", StringComparison.Ordinal))
            {
                Assert.DoesNotContain(answered.Carried, c => c.StartsWith("DELETE", StringComparison.Ordinal));
                Assert.Equal(200, await rig.CheckAsync(theirs));
            }
        }
    }

    [Fact]
    public async Task A_server_that_is_away_for_a_minute_delays_a_rotation_and_does_not_end_it()
    {
        var time = Hurried.CreateClock();
        await using var rig = await Rig.StartAsync(time, inMemory: true);
        var away = new Outcome("away", () => throw new HttpRequestException(HttpRequestError.ConnectionError, "refused"));
        var until = DateTimeOffset.MaxValue;
        rig.Handler = new Interception(
            call =>
            {
                until = until == DateTimeOffset.MaxValue && call.StartsWith("POST /v1/AuthTokens/", StringComparison.Ordinal) ? time.GetUtcNow().AddMinutes(1) : until;
                return until != DateTimeOffset.MaxValue && time.GetUtcNow() < until;
            },
            away, int.MaxValue).CreateHandler;

        Assert.Null(await RunAsync(rig, time, () => rig.Engine.RotateAsync(rig.Request(), Cancel)));

        await AssertRotatedAsync(rig, rig.Server.Account.Token);
        Assert.Contains(rig.Events, e => e.Result is "waiting" && e.Text.Contains("trying again in", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_old_token_that_its_consumers_present_all_the_time_is_proven_dead_although_its_address_is_throttled()
    {
        var time = Hurried.CreateClock();
        await using var rig = await Rig.StartAsync(time, inMemory: true);
        var old = rig.EnvToken;
        var made = await StopAsync(rig, time, old);
        var throttled = Outcome.NoRefusals.First(o => o.Name.StartsWith("429 {", StringComparison.Ordinal));
        rig.Handler = new Interception(call => rig.State()?.PromotedAt is not null && IsCall(rig, "GET /2010-04-01/Accounts/{sid}.json {old}", old, made)(call), throttled, int.MaxValue).CreateHandler;

        Assert.Null(await RunAsync(rig, time, () => rig.Engine.RotateAsync(rig.Request(), Cancel)));

        await AssertRotatedAsync(rig, old);
    }

    /// <summary>Each outcome once, and those that a server gives for longer until patience ends.</summary>
    private static IEnumerable<(Outcome Outcome, int Times)> Cases() =>
        Outcome.NoRefusals.Select(o => (o, 1)).Concat(Outcome.NoRefusals.Where((_, i) => i % 3 == 0).Select(o => (o, int.MaxValue)));

    private static Func<string, bool> IsCall(Rig rig, string call, string old, string made)
    {
        var meant = call.Replace("{sid}", rig.Sid, StringComparison.Ordinal).Replace("{new}", made, StringComparison.Ordinal).Replace("{old}", old, StringComparison.Ordinal);
        return real => real == meant;
    }

    /// <summary>A rotation that has delivered and waits for its answer. Returns the new token.</summary>
    private static async Task<string> StopAsync(Rig rig, FakeTimeProvider time, string old)
    {
        rig.Answer = _ => false;
        var stopped = await RunAsync(rig, time, () => rig.Engine.RotateAsync(rig.Request() with { Token = HeldToken.Read(rig.Sid, old, "the test") }, Cancel));
        rig.Answer = _ => true;
        Assert.Equal(RotationFailure.Declined, stopped?.Failure);
        Assert.NotEqual(old, rig.EnvToken);
        return rig.EnvToken;
    }

    private static async Task<RotationException?> RunAsync(Rig rig, FakeTimeProvider time, Func<Task<RotationResult>> run) => await time.RunAsync(async () =>
    {
        try
        {
            await run();
            return null;
        }
        catch (RotationException e)
        {
            return e;
        }
        finally
        {
            // The clock has run past the moment that the rotation had to tell its end in.
            await rig.Server.SendToAdminAsync("DELETE", $"/tandem/v1/accounts/{rig.Sid}/rotation");
        }
    });

    private static void AssertHarmless(RotationException? stopped, string message)
    {
        Assert.True(stopped is null or { Failure: RotationFailure.Failed or RotationFailure.Precondition }, $"{stopped?.Failure}, {message}");
        Assert.DoesNotContain("URGENT", stopped?.Message ?? "", StringComparison.Ordinal);
        Assert.DoesNotContain("refused the token", stopped?.Message ?? "", StringComparison.Ordinal);
    }

    private static async Task AssertRotatedAsync(Rig rig, string old)
    {
        Assert.Equal((200, 401), (await rig.CheckAsync(rig.EnvToken), await rig.CheckAsync(old)));
        Assert.False(await rig.HasSecondaryAsync(rig.EnvToken));
        Assert.False(rig.HasState());
    }
}
