using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

public sealed class Health_200_503
{
    private const string Ready = """{"status":"ready","check":true,"mutations":true,"usage":true}""";

    [Fact]
    public async Task Ready_and_alive_need_no_credential()
    {
        await using var tandem = await TestTandem.StartAsync();
        foreach (var path in new[] { "/health", "/health/mutations", "/health/usage" })
        {
            var health = await tandem.SendAsync("GET", path, r => r.As(null));
            Assert.Equal((200, Ready), (health.Status, health.Body));
            health.HasAnswerHeaders();
            Assert.Null(health.Header("Access-Control-Allow-Origin"));
        }

        var alive = await tandem.SendAsync("GET", "/alive", r => r.As(null));
        Assert.Equal((200, """{"status":"alive"}"""), (alive.Status, alive.Body));
    }

    [Fact]
    public async Task A_checkpoint_that_is_due_is_an_alarm_for_operators_and_no_reason_to_stay_away()
    {
        var store = new StoreDouble { ResiduePending = true };
        await using var tandem = await TestTandem.StartAsync(new() { Services = store.Replace });
        var health = await tandem.SendAsync("GET", "/health");
        Assert.Equal((200, Ready), (health.Status, health.Body));
        Assert.Equal(["residue_pending"], await AlarmsAsync(tandem));
    }

    [Fact]
    public async Task While_the_database_takes_no_change_checks_stay_in_rotation_and_changes_do_not()
    {
        await using var tandem = await TestTandem.StartAsync();
        using (var outsider = new SqliteConnection($"Data Source={tandem.DataDirectory}/tandem.db;Pooling=False"))
        {
            outsider.Open();
            using var holding = outsider.BeginTransaction(deferred: false);
            Assert.Equal(503, (await tandem.SendAsync("POST", Calls.Secondary)).Status);

            var (health, mutations) = (await tandem.SendAsync("GET", "/health"), await tandem.SendAsync("GET", "/health/mutations", r => r.As(null)));
            Assert.Equal((200, """{"status":"ready","check":true,"mutations":false,"usage":true}"""), (health.Status, health.Body));
            Assert.Equal((503, """{"status":"unavailable","check":true,"mutations":false,"usage":true}"""), (mutations.Status, mutations.Body));
            Assert.Equal(["changes_refused"], await AlarmsAsync(tandem));
            Assert.True(await tandem.WorksAsync(tandem.Account));
        }

        // Nobody has to ask for a change first.
        await Until.TrueAsync(async () => (await tandem.SendAsync("GET", "/health/mutations")).Status == 200);
        Assert.Empty(await AlarmsAsync(tandem));
        Assert.Equal(201, (await tandem.SendAsync("POST", Calls.Secondary)).Status);
    }

    [Fact]
    public async Task A_usage_file_that_cannot_be_opened_is_an_alarm_and_counts_are_not_kept()
    {
        await using var tandem = await TestTandem.StartAsync(new()
        {
            Options = o =>
            {
                Directory.CreateDirectory(Path.Combine(o.DataDirectory, "tandem-usage.db"));
                return o;
            },
        });
        Assert.Equal(200, (await tandem.SendAsync("GET", "/health")).Status);
        Assert.Equal(200, (await tandem.SendAsync("GET", "/health/mutations")).Status);
        Assert.Equal(503, (await tandem.SendAsync("GET", "/health/usage")).Status);
        Assert.Equal(["usage_file"], await AlarmsAsync(tandem));
    }

    [Fact]
    public async Task Counting_that_is_turned_off_is_no_alarm_and_counts_are_not_kept()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Options = o => o with { CountUsage = false } });
        Assert.Equal((200, 503), ((await tandem.SendAsync("GET", "/health")).Status, (await tandem.SendAsync("GET", "/health/usage")).Status));
        Assert.Empty(await AlarmsAsync(tandem));
    }

    [Fact]
    public async Task Not_ready_while_stopping_but_alive()
    {
        await using var tandem = await TestTandem.StartAsync();
        TestAnswer? health = null, alive = null;

        // The server answers until all of these callbacks have returned.
        var lifetime = tandem.Services.GetRequiredService<IHostApplicationLifetime>();
        lifetime.ApplicationStopping.Register(() => Task.Run(async () =>
        {
            health = await tandem.SendAsync("GET", "/health");
            alive = await tandem.SendAsync("GET", "/alive");
        }).Wait());
        lifetime.StopApplication();
        Assert.Equal((503, """{"status":"stopping","check":false,"mutations":false,"usage":false}"""), (health!.Status, health.Body));
        Assert.Equal(200, alive!.Status);
    }

    private static async Task<string[]> AlarmsAsync(TestTandem tandem) =>
        [.. (await tandem.SendToAdminAsync("GET", "/tandem/v1/server")).Json.GetProperty("alarms").EnumerateArray().Select(a => a.GetString()!)];
}
