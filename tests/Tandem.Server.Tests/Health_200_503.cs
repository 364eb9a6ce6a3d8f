using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

public sealed class Health_200_503
{
    [Fact]
    public async Task Ready_and_alive_need_no_credential()
    {
        await using var tandem = await TestTandem.StartAsync();
        var health = await tandem.SendAsync("GET", "/health", r => r.As(null));
        Assert.Equal((200, """{"status":"ready","alarms":[]}"""), (health.Status, health.Body));
        health.HasAnswerHeaders();
        Assert.Null(health.Header("Access-Control-Allow-Origin"));
        var alive = await tandem.SendAsync("GET", "/alive", r => r.As(null));
        Assert.Equal((200, """{"status":"alive"}"""), (alive.Status, alive.Body));
    }

    [Fact]
    public async Task A_checkpoint_that_is_due_is_an_alarm_but_no_reason_to_stay_away()
    {
        var store = new StoreDouble { ResiduePending = true };
        await using var tandem = await TestTandem.StartAsync(new() { Services = store.Replace });
        var health = await tandem.SendAsync("GET", "/health");
        Assert.Equal((200, """{"status":"ready","alarms":["residue_pending"]}"""), (health.Status, health.Body));
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
        Assert.Equal((503, """{"status":"stopping","alarms":[]}"""), (health!.Status, health.Body));
        Assert.Equal(200, alive!.Status);
    }
}
