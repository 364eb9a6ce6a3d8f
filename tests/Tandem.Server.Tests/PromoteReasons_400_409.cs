using Microsoft.Extensions.Time.Testing;
using Tandem.Server.Tests.Console;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

/// <summary>
/// A reason that must not be kept is refused in every room where one can be given, also when nobody stands in the way of the promote.
/// </summary>
public sealed class PromoteReasons_400_409
{
    private readonly FakeTimeProvider _time = new(Calls.Start);

    [Theory]
    [InlineData("a\u001b[2Jb")]
    [InlineData("two\nlines")]
    [InlineData(null)]
    public async Task It_is_refused_and_nothing_is_promoted(string? text)
    {
        var reason = text ?? new string('x', 201);
        await using var tandem = await TestTandem.StartAsync(new() { Time = _time, Options = o => o with { QuietTime = TimeSpan.FromMinutes(10) } });
        await MoveEverybodyAsync(tandem);
        var path = $"/tandem/v1/accounts/{tandem.Account.Sid}/tokens/promote";
        foreach (var force in new[] { true, false })
        {
            var body = $$"""{"force":{{(force ? "true" : "false")}},"reason":{{System.Text.Json.JsonSerializer.Serialize(reason)}}}""";
            foreach (var answer in new[]
            {
                await tandem.SendAsync("POST", path, r => r.Json(body)),
                await tandem.SendToAdminAsync("POST", path, r => r.Json(body)),
            })
            {
                Assert.Equal((400, "invalid_request"), (answer.Status, answer.Text("kind")));
                Assert.Contains("200 characters, no control characters", answer.Text("detail"), StringComparison.Ordinal);
            }
        }

        using var ada = await ConsoleClient.SignedInAsync(tandem);
        var page = $"/accounts/{tandem.Account.Sid}/promote";
        var tokens = await tandem.SendAsync("GET", $"/tandem/v1/accounts/{tandem.Account.Sid}/tokens");
        var generation = tokens.Json.GetProperty("generation").GetInt64();
        var refused = await ada.PostAsync(page, page, ("generation", $"{generation}"), ("reason", reason));
        Assert.Equal(409, refused.Status);
        Assert.Contains("The reason has at most 200 characters", refused.Body, StringComparison.Ordinal);
        Assert.True(await tandem.WorksAsync(tandem.Account));

        var promoted = await ada.PostAsync(page, page, ("generation", $"{generation}"), ("reason", "everybody has moved"));
        Assert.Equal(303, promoted.Status);
        Assert.False(await tandem.WorksAsync(tandem.Account));
    }

    private async Task MoveEverybodyAsync(TestTandem tandem)
    {
        await tandem.SendAsync("GET", "/auth/forward", r => r.With("X-Client-Name", "billing"));
        var secondary = await tandem.CreateSecondaryAsync();
        _time.Advance(TimeSpan.FromSeconds(60));
        await tandem.SendAsync("GET", "/auth/forward", r => r.As(secondary).With("X-Client-Name", "billing"));
        _time.Advance(TimeSpan.FromMinutes(10));
    }
}
