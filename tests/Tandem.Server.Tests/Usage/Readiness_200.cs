using Microsoft.Extensions.DependencyInjection;
using Tandem.Server.Usage;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Usage;

/// <summary><c>GET …/readiness</c>: may the secondary be promoted now? Never better than what was seen.</summary>
public sealed class Readiness_200
{
    private readonly FakeTime _time = new(Calls.Start);

    [Fact]
    public async Task From_nothing_seen_to_moved()
    {
        await using var tandem = await Consumer.ServerAsync(_time);
        Assert.Equal(("unknown", "no_secondary"), await tandem.VerdictAsync());
        var secondary = await tandem.CreateSecondaryAsync();
        Assert.Equal(("unknown", "no_consumer_seen"), await tandem.VerdictAsync());
        await tandem.CallAsync("billing", tandem.Account);
        Assert.Equal(("not_yet", null), await tandem.VerdictAsync());
        _time.Pass(Consumer.Quiet);
        Assert.Equal(("unknown", "silent_consumers"), await tandem.VerdictAsync());
        await tandem.CallAsync("billing", secondary);

        var readiness = await tandem.AskAsync("readiness", secondary);
        Assert.Equal(("moved", null, null), (readiness.Text("state"), readiness.Text("reason"), readiness.Text("until")));
        Assert.Equal(600, readiness.Json.GetProperty("quiet_seconds").GetInt32());
        var tokens = await tandem.AskAsync("tokens");
        Assert.Equal(tokens.Json.GetProperty("generation").GetInt64(), readiness.Json.GetProperty("generation").GetInt64());
        Assert.Equal(tokens.Json.GetProperty("primary").GetProperty("fingerprint").GetString(), readiness.Text("primary"));
        Assert.Equal(tokens.Json.GetProperty("secondary").GetProperty("fingerprint").GetString(), readiness.Text("secondary"));
    }

    [Fact]
    public async Task One_call_in_a_million_with_the_old_token_is_told()
    {
        await using var tandem = await Consumer.ServerAsync(_time);
        await tandem.CallAsync("billing", tandem.Account);
        var secondary = await tandem.CreateSecondaryAsync();
        tandem.CallOften("billing", Slot.Secondary, 2, 500_000, _time, TimeSpan.FromHours(1));
        Assert.Equal(("moved", null), await tandem.VerdictAsync());

        await tandem.CallAsync("cron", tandem.Account);
        tandem.CallOften("billing", Slot.Secondary, 2, 10_000, _time, TimeSpan.FromMinutes(9));
        var during = await tandem.AskAsync("readiness");
        Assert.Equal("not_yet", during.Text("state"));
        Assert.Equal([("cron", "on_old"), ("billing", "moved")], during.Standings());

        tandem.CallOften("billing", Slot.Secondary, 2, 490_000, _time, TimeSpan.FromDays(3));
        var later = await tandem.AskAsync("readiness");
        Assert.Equal(("unknown", "silent_consumers"), (later.Text("state"), later.Text("reason")));
        Assert.Equal([("cron", "silent"), ("billing", "moved")], later.Standings());

        await tandem.CallAsync("cron", secondary);
        Assert.Equal(("moved", null), await tandem.VerdictAsync());
        Assert.Equal(200, (await tandem.SendAsync("POST", Calls.Promote)).Status);
    }

    [Fact]
    public async Task A_laggard_that_looks_like_a_consumer_which_has_moved_is_told_too()
    {
        await using var tandem = await Consumer.ServerAsync(_time);
        await tandem.CallAsync("billing", tandem.Account);
        await tandem.CreateSecondaryAsync();
        tandem.CallOften("billing", Slot.Secondary, 2, 1_000_000, _time, TimeSpan.FromHours(2));
        Assert.Equal(("moved", null), await tandem.VerdictAsync());

        await tandem.CallAsync("billing", tandem.Account); // the instance that was forgotten, after two silent hours
        tandem.CallOften("billing", Slot.Secondary, 2, 10_000, _time, TimeSpan.FromMinutes(30));
        var readiness = await tandem.AskAsync("readiness");
        Assert.Equal(("unknown", "silent_consumers"), (readiness.Text("state"), readiness.Text("reason")));
        var billing = readiness.Json.GetProperty("consumers")[0];
        Assert.Equal("silent", billing.GetProperty("standing").GetString());
        Assert.InRange(billing.GetProperty("expected_at").GetDateTimeOffset(), _time.GetUtcNow() + TimeSpan.FromMinutes(80), _time.GetUtcNow() + TimeSpan.FromMinutes(91));

        tandem.CallOften("billing", Slot.Secondary, 2, 10_000, _time, TimeSpan.FromHours(4)); // twice as long without it
        Assert.Equal(("moved", null), await tandem.VerdictAsync());
    }

    [Fact]
    public async Task A_weekly_job_is_waited_for_with_its_date()
    {
        await using var tandem = await Consumer.ServerAsync(_time);
        for (var week = 0; week < 3; week++)
        {
            await tandem.CallAsync("weekly", tandem.Account);
            _time.Pass(TimeSpan.FromDays(7));
        }

        _time.Pass(TimeSpan.FromDays(-5)); // two days after its third run
        await tandem.CallAsync("billing", tandem.Account);
        var secondary = await tandem.CreateSecondaryAsync();
        _time.Pass(Consumer.Quiet);
        await tandem.CallAsync("billing", secondary);

        var readiness = await tandem.AskAsync("readiness");
        Assert.Equal(("unknown", "silent_consumers"), (readiness.Text("state"), readiness.Text("reason")));
        var weekly = readiness.Json.GetProperty("consumers")[0];
        Assert.Equal(("weekly", "silent"), (weekly.GetProperty("client_name").GetString(), weekly.GetProperty("standing").GetString()));
        Assert.InRange(weekly.GetProperty("rhythm_seconds").GetInt64(), 6.9 * 86_400, 7.1 * 86_400);
        Assert.InRange(weekly.GetProperty("expected_at").GetDateTimeOffset(), _time.GetUtcNow() + TimeSpan.FromDays(4.5), _time.GetUtcNow() + TimeSpan.FromDays(5.5));

        _time.Pass(TimeSpan.FromDays(5));
        await tandem.CallAsync("weekly", secondary);
        Assert.Equal(("moved", null), await tandem.VerdictAsync());
    }

    [Fact]
    public async Task A_gap_turns_moved_into_unknown_until_the_quiet_time_has_passed_after_it()
    {
        await using var tandem = await Consumer.ServerAsync(_time);
        await MoveAsync(tandem);
        Assert.Equal(("moved", null), await tandem.VerdictAsync());

        var (recorder, sid) = (tandem.Services.GetRequiredService<UsageRecorder>(), AccountSid.Parse(tandem.Account.Sid));
        while (recorder.Counters.Dropped == 0) // the worker takes calls out meanwhile
        {
            for (var i = 0; i < 100_000; i++)
            {
                recorder.Record(new() { Sid = sid, Slot = Slot.Secondary, Generation = 2, Kind = CallKind.Control, Second = (uint)_time.GetUtcNow().ToUnixTimeSeconds() });
            }

            recorder.Report(sid);
        }

        var readiness = await tandem.AskAsync("readiness");
        Assert.Equal(("unknown", "gap"), (readiness.Text("state"), readiness.Text("reason")));
        Assert.Equal(Whole(_time.GetUtcNow() + Consumer.Quiet), readiness.Json.GetProperty("until").GetDateTimeOffset());
        _time.Pass(Consumer.Quiet);
        Assert.Equal(("moved", null), await tandem.VerdictAsync());
    }

    [Fact]
    public async Task Without_counting_nothing_is_known()
    {
        await using var tandem = await Consumer.ServerAsync(_time, o => o with { CountUsage = false });
        await MoveAsync(tandem);
        Assert.Equal(("unknown", "no_consumer_seen"), await tandem.VerdictAsync());
    }

    [Fact]
    public async Task Control_calls_and_refused_ones_are_no_evidence()
    {
        await using var tandem = await Consumer.ServerAsync(_time);
        var secondary = await tandem.CreateSecondaryAsync();
        await tandem.SendAsync("GET", Calls.Accounts);
        await tandem.AskAsync("tokens", secondary);
        await tandem.SendAsync("GET", "/auth/forward", r => r.As(tandem.Account with { Token = new string('0', 32) }));
        Assert.Equal(("unknown", "no_consumer_seen"), await tandem.VerdictAsync());
    }

    [Fact]
    public async Task A_promote_between_its_reads_makes_it_read_again()
    {
        var store = new StoreDouble();
        await using var tandem = await TestTandem.StartAsync(new() { Time = _time, Services = store.Replace });
        var secondary = await tandem.CreateSecondaryAsync();
        await tandem.CallAsync("billing", tandem.Account);
        await tandem.CallAsync("billing", secondary);
        await tandem.CallAsync("billing", secondary);
        var finds = 0;
        store.AfterFind = async () =>
        {
            if (++finds == 2) // the first asks whether the caller may know of the account
            {
                Assert.Equal(200, (await tandem.SendAsync("POST", Calls.Promote)).Status);
            }
        };

        var usage = (await tandem.AskAsync("usage", secondary)).Json;
        Assert.Equal((3, 2), (usage.GetProperty("generation").GetInt32(), usage.GetProperty("primary").GetProperty("calls").GetInt32()));
        Assert.Equal(3, finds);
    }

    [Fact]
    public async Task It_always_speaks_of_the_tokens_that_it_names_while_they_are_rotated()
    {
        await using var tandem = await Consumer.ServerAsync(_time);
        var done = RotateAsync();
        do
        {
            var usage = (await tandem.SendToAdminAsync("GET", Consumer.PathOf(tandem.Account, "usage"))).Json;
            var (generation, calls) = (usage.GetProperty("generation").GetInt64(), usage.GetProperty("primary").GetProperty("calls").GetInt32());

            // Each primary but the first was called once, as the secondary that it was before.
            Assert.True(calls == (generation > 2 ? 1 : 0), usage.ToString());
        }
        while (!done.IsCompleted);

        await done;

        async Task RotateAsync()
        {
            var primary = tandem.Account;
            for (var i = 0; i < 40; i++)
            {
                var secondary = await tandem.CreateSecondaryAsync(primary);
                await tandem.CallAsync("billing", secondary);
                await tandem.SendAsync("POST", Calls.Promote, r => r.As(secondary));
                primary = secondary;
            }
        }
    }

    private async Task MoveAsync(TestTandem tandem)
    {
        await tandem.CallAsync("billing", tandem.Account);
        var secondary = await tandem.CreateSecondaryAsync();
        _time.Pass(Consumer.Quiet);
        await tandem.CallAsync("billing", secondary);
    }

    private static DateTimeOffset Whole(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());
}
