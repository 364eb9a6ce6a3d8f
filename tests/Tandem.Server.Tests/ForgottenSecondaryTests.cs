using Microsoft.Extensions.Time.Testing;
using Tandem.Server.Tests.Metrics;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

/// <summary>A secondary that nobody promotes or deletes is told of: alarm, log, metrics, and the account's own page.</summary>
public sealed class ForgottenSecondaryTests
{
    private readonly FakeTimeProvider _time = Calls.Clock();

    [Fact]
    public async Task After_a_week_it_is_an_alarm_until_the_rotation_is_ended()
    {
        await using var tandem = await StartAsync();
        using var listening = Measured.ListenTo(tandem);
        var secondary = await tandem.CreateSecondaryAsync();
        _time.Later(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1));
        Assert.Equal((false, "[]"), (await IsForgottenAsync(tandem), await AlarmsAsync(tandem)));
        Assert.Equal((1, 0), Pending(listening));

        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal((true, """["secondary_forgotten"]"""), (await IsForgottenAsync(tandem), await AlarmsAsync(tandem)));
        Assert.Equal((1, 1), Pending(listening));
        Assert.InRange(listening.Read()["tandem.secondary.oldest_age"], 7 * 86_400, (7 * 86_400) + 180);
        Assert.Equal(200, (await tandem.SendAsync("GET", Calls.Accounts, r => r.As(secondary))).Status); // a warning, and nothing else

        await tandem.SendAsync("POST", Calls.Promote, r => r.As(secondary));
        Assert.Equal("[]", await AlarmsAsync(tandem));
        Assert.Equal((0, 0), Pending(listening));
        Assert.Equal(0, listening.Read()["tandem.secondary.oldest_age"]);
    }

    [Fact]
    public async Task The_log_names_the_account_once_a_day_and_says_what_to_do()
    {
        await using var tandem = await StartAsync();
        var secondary = await tandem.CreateSecondaryAsync();
        await tandem.SendAsync("GET", Calls.Accounts, r => r.As(secondary));
        _time.Later(TimeSpan.FromDays(7) - TimeSpan.FromHours(1));
        Assert.Empty(Lines(tandem));

        Hours(3);
        var line = Assert.Single(Lines(tandem));
        Assert.StartsWith("Warning ", line, StringComparison.Ordinal);
        Assert.Contains($"the secondary token of {tandem.Account.Sid} is 169 hours old, last used 2026-01-02T03:04:05Z.", line, StringComparison.Ordinal);
        Assert.Contains($"tandem token promote {tandem.Account.Sid}", line, StringComparison.Ordinal);

        Hours(20);
        Assert.Single(Lines(tandem));
        Hours(10);
        Assert.Equal(2, Lines(tandem).Count);

        await tandem.SendAsync("DELETE", Calls.Secondary);
        Hours(48);
        Assert.Equal(2, Lines(tandem).Count);
    }

    [Fact]
    public async Task Of_many_twenty_are_named_in_a_day_the_oldest_first_and_the_others_counted()
    {
        await using var tandem = await StartAsync();
        var subs = new List<TestCredential>();
        for (var i = 0; i < 25; i++)
        {
            subs.Add(await tandem.CreateSubaccountAsync());
            await tandem.CreateSecondaryAsync(subs[^1]);
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        _time.Later(TimeSpan.FromDays(7));
        Hours(12);

        var lines = Lines(tandem);
        Assert.Equal(21, lines.Count);
        Assert.Equal(subs.Take(20).Select(s => s.Sid), lines.Take(20).Select(l => l.Split(" of ")[1].Split(' ')[0]));
        Assert.Contains("secondary_forgotten: 5 more accounts", lines[20], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Turned_off_it_is_told_of_nowhere_but_counted_as_pending()
    {
        await using var tandem = await StartAsync(TimeSpan.Zero);
        using var listening = Measured.ListenTo(tandem);
        await tandem.CreateSecondaryAsync();
        _time.Later(TimeSpan.FromDays(80));
        Hours(3);

        Assert.Equal((false, "[]"), (await IsForgottenAsync(tandem), await AlarmsAsync(tandem)));
        Assert.Equal((1, 0), Pending(listening));
        Assert.Empty(Lines(tandem));
    }

    [Fact]
    public async Task The_age_is_a_setting()
    {
        await using var tandem = await StartAsync(TimeSpan.FromHours(1));
        await tandem.CreateSecondaryAsync();
        _time.Advance(TimeSpan.FromMinutes(62));
        Assert.Equal((true, """["secondary_forgotten"]"""), (await IsForgottenAsync(tandem), await AlarmsAsync(tandem)));
    }

    private static (double Pending, double Forgotten) Pending(Measured listening) =>
        listening.Read() is var all ? (all["tandem.secondary.pending"], all["tandem.secondary.forgotten"]) : default;

    private static async Task<bool> IsForgottenAsync(TestTandem tandem)
    {
        var tokens = (await tandem.SendAsync("GET", $"/tandem/v1/accounts/{tandem.Account.Sid}/tokens")).Json;
        Assert.False(tokens.GetProperty("primary").GetProperty("forgotten").GetBoolean());
        return tokens.GetProperty("secondary").GetProperty("forgotten").GetBoolean();
    }

    /// <summary>As operators see them.</summary>
    private static async Task<string> AlarmsAsync(TestTandem tandem)
    {
        await using var raw = await tandem.ConnectToAdminAsync();
        await raw.SendAsync("GET /tandem/v1/server HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        var answer = await raw.ReadToEndAsync();
        var alarms = answer[answer.IndexOf("\"alarms\":", StringComparison.Ordinal)..];
        return alarms[9..(alarms.IndexOf(']', StringComparison.Ordinal) + 1)];
    }

    private static List<string> Lines(TestTandem tandem) => [.. tandem.Log.Lines.Where(l => l.Contains("secondary_forgotten", StringComparison.Ordinal))];

    private Task<TestTandem> StartAsync(TimeSpan? age = null) =>
        TestTandem.StartAsync(new() { Time = _time, Options = o => age is { } other ? o with { SecondaryAgeWarning = other } : o });

    /// <summary>Lets the hours pass one by one.</summary>
    private void Hours(int hours)
    {
        for (var i = 0; i < hours; i++)
        {
            _time.Advance(TimeSpan.FromHours(1));
        }
    }
}
