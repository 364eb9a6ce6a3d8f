using Microsoft.Extensions.Time.Testing;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

/// <summary>What the server does by itself once an hour.</summary>
public sealed class UpkeepTests
{
    [Fact]
    public async Task Audit_entries_older_than_they_are_kept_are_cut_off_and_the_trail_goes_on_to_verify()
    {
        var time = new FakeTimeProvider(Calls.Start);
        await using var tandem = await TestTandem.StartAsync(new() { Time = time, Options = o => o with { AuditRetention = TimeSpan.FromDays(30) } });
        await tandem.CreateSecondaryAsync();
        time.Later(TimeSpan.FromDays(20));
        await tandem.CreateSubaccountAsync();
        time.Later(TimeSpan.FromDays(11));

        await Until.TrueAsync(async () =>
        {
            time.Advance(TimeSpan.FromHours(1));
            var list = (await tandem.SendToAdminAsync("GET", "/tandem/v1/audit?limit=1")).Json.GetProperty("entries")[0];
            return string.Equals(list.GetProperty("action").GetString(), "audit_cut", StringComparison.Ordinal);
        });

        var found = (await tandem.SendToAdminAsync("GET", "/tandem/v1/audit/verification")).Json;
        Assert.Equal((true, 2, 2), (found.GetProperty("intact").GetBoolean(), found.GetProperty("cut_up_to").GetInt32(), found.GetProperty("entries").GetInt32()));
    }

    [Fact]
    public async Task A_copy_from_before_an_upgrade_is_erased_after_a_week()
    {
        var time = new FakeTimeProvider(Calls.Start);
        await using var tandem = await TestTandem.StartAsync(new() { Time = time });
        var (old, young) = (Path.Combine(tandem.DataDirectory, "before-schema-4.db"), Path.Combine(tandem.DataDirectory, "before-schema-5.db"));
        foreach (var (file, made) in new[] { (old, Calls.Start - TimeSpan.FromDays(6.99)), (young, Calls.Start) })
        {
            await File.WriteAllTextAsync(file, "rows", TestContext.Current.CancellationToken);
            File.SetLastWriteTimeUtc(file, made.UtcDateTime);
        }

        await Until.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromHours(1));
            return !File.Exists(old);
        });
        Assert.True(File.Exists(young));
    }

    [Fact]
    public async Task The_root_key_is_changed_while_the_hour_removes_a_seal_key_that_nothing_needs_any_more()
    {
        var time = new FakeTimeProvider(Calls.Start);
        await using var tandem = await TestTandem.StartAsync(new() { Time = time });
        for (var i = 0; i < 40; i++)
        {
            await tandem.CreateSecondaryAsync();
            await ChangeAsync(); // the secondary's seal key is an older one now
            Assert.Equal(204, (await tandem.SendAsync("DELETE", "/v1/AuthTokens/Secondary")).Status);

            var change = ChangeAsync();
            time.Advance(TimeSpan.FromHours(1));
            await change;
        }

        await ChangeAsync();
        var keys = (await tandem.SendToAdminAsync("GET", "/tandem/v1/keys")).Json.GetProperty("data_keys").EnumerateArray();
        Assert.Single(keys, k => k.GetProperty("purpose").ValueEquals("seal"));

        async Task ChangeAsync() => Assert.Equal(200, (await tandem.SendToAdminAsync("POST", "/tandem/v1/keys/rotate")).Status);
    }

    [Fact]
    public async Task Verifying_and_the_keys_are_not_there_for_a_credential()
    {
        await using var tandem = await TestTandem.StartAsync();
        foreach (var (method, path) in new[] { ("GET", "/tandem/v1/audit/verification"), ("GET", "/tandem/v1/keys"), ("POST", "/tandem/v1/keys/rotate"), ("POST", "/tandem/v1/backup") })
        {
            Assert.Equal(404, (await tandem.SendAsync(method, path)).Status);
        }
    }
}
