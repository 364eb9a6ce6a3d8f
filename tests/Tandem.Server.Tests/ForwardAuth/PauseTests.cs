using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Tandem.Server.Usage;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.ForwardAuth;

/// <summary>The rehearsal of a promote: the check alone refuses the primary, and whoever would break shows.</summary>
public sealed class PauseTests
{
    [Theory]
    [InlineData(Checks.Nginx)]
    [InlineData(Checks.Forward)]
    [InlineData(Checks.Envoy)]
    public async Task The_check_refuses_the_primary_as_it_refuses_any_wrong_token_and_accepts_the_secondary(string path)
    {
        var time = new FakeTimeProvider(Calls.Start);
        await using var tandem = await TestTandem.StartAsync(new() { Time = time });
        var secondary = await tandem.CreateSecondaryAsync();
        Assert.Equal(200, (await PauseAsync(tandem, 60)).Status);

        var paused = await tandem.SendAsync("GET", path);
        var wrong = await tandem.SendAsync("GET", path, r => r.As(tandem.Account with { Token = new string('a', 32) }));
        Assert.Equal(401, paused.Status);
        Assert.Equal((wrong.Status, wrong.Body, Headers(wrong)), (paused.Status, paused.Body, Headers(paused)));
        Assert.Equal(200, (await tandem.SendAsync("GET", path, r => r.As(secondary))).Status);

        time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(200, (await tandem.SendAsync("GET", path)).Status);
    }

    [Fact]
    public async Task An_application_is_told_INVALID()
    {
        await using var tandem = await TestTandem.StartAsync();
        await tandem.CreateSecondaryAsync();
        await PauseAsync(tandem, 60);
        Assert.Equal("INVALID", (await tandem.SendAsync("POST", Checks.Verify)).Text("code"));
    }

    [Fact]
    public async Task Twilios_paths_and_ours_accept_the_primary_so_that_it_can_end_the_pause_or_promote()
    {
        await using var tandem = await TestTandem.StartAsync();
        await tandem.CreateSecondaryAsync();
        await PauseAsync(tandem, 300);
        Assert.True(await tandem.WorksAsync(tandem.Account));
        Assert.NotNull((await tandem.SendAsync("GET", Tokens(tandem))).Text("primary_paused_until"));

        var resumed = await tandem.SendAsync("DELETE", $"{Tokens(tandem)}/pause");
        Assert.Equal((200, null), (resumed.Status, resumed.Text("primary_paused_until")));
        Assert.Equal(200, (await tandem.SendAsync("GET", Checks.Forward)).Status);
        var again = await tandem.SendAsync("DELETE", $"{Tokens(tandem)}/pause");
        Assert.Equal((409, "not_paused"), (again.Status, again.Text("kind")));
        await PauseAsync(tandem, 300);
        Assert.Equal(200, (await tandem.SendAsync("POST", Calls.Promote)).Status);
    }

    [Fact]
    public async Task Who_was_refused_is_known_as_one_who_would_break_and_spends_no_budget()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Options = o => o with { ThrottleAccount = new(3, 1), ThrottleSource = new(3, 1) }, Time = Calls.Clock() });
        var secondary = await tandem.CreateSecondaryAsync();
        await PauseAsync(tandem, 60);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(401, (await tandem.SendAsync("GET", Checks.Forward, r => r.With("X-Client-Name", "nightly"))).Status);
        }

        await tandem.SendAsync("GET", Checks.Forward, r => r.As(secondary).With("X-Client-Name", "billing"));
        Assert.Equal(401, (await tandem.SendAsync("GET", Checks.Forward, r => r.As(tandem.Account with { Token = new string('a', 32) }))).Status);

        var consumers = tandem.Services.GetRequiredService<UsageRecorder>().Report(AccountSid.Parse(tandem.Account.Sid)).Usage!.Consumers;
        var now = (uint)Calls.Start.ToUnixTimeSeconds();
        Assert.Equal([("billing", 0U, null), ("nightly", now, 10UL)], consumers.OrderBy(c => c.Key.Name).Select(c => (c.Key.Name, c.BrokeAt, c.Primary?.Calls)));
    }

    [Theory]
    [InlineData("""{"seconds":4}""")]
    [InlineData("""{"seconds":301}""")]
    [InlineData("{}")]
    [InlineData("""{"seconds":"60"}""")]
    public async Task A_pause_of_another_length_is_refused(string body)
    {
        await using var tandem = await TestTandem.StartAsync();
        await tandem.CreateSecondaryAsync();
        Assert.Equal(400, (await tandem.SendAsync("POST", $"{Tokens(tandem)}/pause", r => r.Json(body))).Status);
        Assert.Equal(200, (await tandem.SendAsync("GET", Checks.Forward)).Status);
    }

    private static Task<TestAnswer> PauseAsync(TestTandem tandem, int seconds) =>
        tandem.SendAsync("POST", $"{Tokens(tandem)}/pause", r => r.Json($$"""{"seconds":{{seconds}}}"""));

    private static string Tokens(TestTandem tandem) => $"/tandem/v1/accounts/{tandem.Account.Sid}/tokens";

    private static string Headers(TestAnswer answer) =>
        string.Join('\n', answer.Headers.Where(h => h.Key is not "Date").OrderBy(h => h.Key, StringComparer.Ordinal).Select(h => $"{h.Key}: {h.Value}"));
}
