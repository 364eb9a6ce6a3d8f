using System.Text.Json;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Usage;

/// <summary><c>GET …/usage</c> and <c>…/late-use</c>: what was counted, of which token, and what is known to be missing.</summary>
public sealed class Usage_200
{
    private readonly FakeTime _time = new(Calls.Start);

    [Fact]
    public async Task Each_token_has_its_calls_by_minute_hour_and_day()
    {
        await using var tandem = await Consumer.ServerAsync(_time);
        await tandem.CallAsync("billing", tandem.Account);
        _time.Pass(TimeSpan.FromDays(20));
        await tandem.CallAsync("billing", tandem.Account);
        await tandem.CallAsync("cron", tandem.Account);
        var secondary = await tandem.CreateSecondaryAsync();
        _time.Pass(TimeSpan.FromMinutes(5));
        await tandem.CallAsync("cron", secondary);
        await tandem.CallAsync("cron", tandem.Account);

        var usage = (await tandem.AskAsync("usage")).Json;
        var primary = usage.GetProperty("primary");
        Assert.Equal(4, primary.GetProperty("calls").GetInt32());
        Assert.Equal(Second(Calls.Start), primary.GetProperty("first_use").GetDateTimeOffset());
        Assert.Equal(Second(_time.GetUtcNow()), primary.GetProperty("last_use").GetDateTimeOffset());
        Assert.Equal([("2026-01-22T03:04:00", 2), ("2026-01-22T03:09:00", 1)], Series(primary, "by_minute"));
        Assert.Equal([("2026-01-22T03:00:00", 3)], Series(primary, "by_hour"));
        Assert.Equal([("2026-01-02T00:00:00", 1), ("2026-01-22T00:00:00", 3)], Series(primary, "by_day"));
        Assert.Equal(1, usage.GetProperty("secondary").GetProperty("calls").GetInt32());
        Assert.Equal(Second(_time.GetUtcNow()), usage.GetProperty("at").GetDateTimeOffset());

        var tokens = (await tandem.AskAsync("tokens")).Json;
        Assert.Equal(tokens.GetProperty("primary").GetProperty("fingerprint").GetString(), primary.GetProperty("fingerprint").GetString());
        Assert.Equal(tokens.GetProperty("generation").GetInt64(), usage.GetProperty("generation").GetInt64());

        _time.Pass(TimeSpan.FromHours(1)); // what is an hour old is in no minute any more
        primary = (await tandem.AskAsync("usage")).Json.GetProperty("primary");
        Assert.Empty(Series(primary, "by_minute"));
        Assert.Equal([("2026-01-22T03:00:00", 3)], Series(primary, "by_hour"));
    }

    [Fact]
    public async Task A_rotations_own_calls_stand_apart_and_a_promoted_token_keeps_its_calls()
    {
        await using var tandem = await Consumer.ServerAsync(_time);
        var secondary = await tandem.CreateSecondaryAsync();
        await tandem.CallAsync("billing", tandem.Account);
        await tandem.CallAsync("billing", secondary);
        await tandem.CallAsync("billing", secondary);
        var before = (await tandem.AskAsync("usage")).Json.GetProperty("primary");
        Assert.Equal((1, 2), (before.GetProperty("calls").GetInt32(), before.GetProperty("control").GetProperty("calls").GetInt32()));

        await tandem.SendAsync("POST", Calls.Promote, r => r.As(secondary));
        var after = (await tandem.AskAsync("usage", secondary)).Json;
        Assert.Equal(2, after.GetProperty("primary").GetProperty("calls").GetInt32());
        Assert.Equal(JsonValueKind.Null, after.GetProperty("secondary").ValueKind);
    }

    [Fact]
    public async Task Since_when_is_counted_and_whether_is_told()
    {
        await using var tandem = await Consumer.ServerAsync(_time);
        await using var off = await Consumer.ServerAsync(_time, o => o with { CountUsage = false, LateUse = false });
        var (counted, uncounted) = ((await tandem.AskAsync("usage")).Json, (await off.AskAsync("usage")).Json);

        Assert.Equal((true, false), (counted.GetProperty("is_counting").GetBoolean(), uncounted.GetProperty("is_counting").GetBoolean()));
        Assert.Equal(Second(Calls.Start), counted.GetProperty("counting_since").GetDateTimeOffset());
        Assert.Equal(Second(Calls.Start), counted.GetProperty("gap_until").GetDateTimeOffset());
        Assert.Equal((0, 0), (counted.GetProperty("gaps").GetArrayLength(), counted.GetProperty("dropped").GetInt32()));
        _time.Pass(TimeSpan.FromHours(1));
        Assert.Equal(Second(_time.GetUtcNow()), (await off.AskAsync("usage")).Json.GetProperty("gap_until").GetDateTimeOffset());
        Assert.True((await tandem.AskAsync("late-use")).Json.GetProperty("is_noted").GetBoolean());
        Assert.False((await off.AskAsync("late-use")).Json.GetProperty("is_noted").GetBoolean());
    }

    [Fact]
    public async Task Who_still_calls_with_a_retired_token_is_told_with_its_name()
    {
        await using var tandem = await Consumer.ServerAsync(_time);
        await tandem.CallAsync("nightly", tandem.Account);
        await tandem.DecideAsync(await tandem.IdOfAsync("nightly"), """{"name":"Nightly report"}""");
        var fingerprint = (await tandem.AskAsync("tokens")).Json.GetProperty("primary").GetProperty("fingerprint").GetString();
        var secondary = await tandem.CreateSecondaryAsync();
        await tandem.SendAsync("POST", Calls.Promote, r => r.As(secondary));
        Assert.Empty((await tandem.AskAsync("late-use", secondary)).Json.GetProperty("entries").EnumerateArray());

        _time.Pass(TimeSpan.FromHours(8));
        for (var i = 0; i < 2; i++)
        {
            await tandem.SendAsync("GET", "/auth/forward", r => r.With("X-Client-Name", "nightly").With("X-Forwarded-Host", "billing.example.com"));
        }

        var late = Assert.Single((await tandem.AskAsync("late-use", secondary)).Json.GetProperty("entries").EnumerateArray());
        Assert.Equal((fingerprint, 2), (late.GetProperty("fingerprint").GetString(), late.GetProperty("calls").GetInt32()));
        Assert.Equal(Second(Calls.Start), late.GetProperty("retired_at").GetDateTimeOffset());
        Assert.Equal(Second(_time.GetUtcNow()), late.GetProperty("first_use").GetDateTimeOffset());
        var consumer = late.GetProperty("consumer");
        Assert.Equal(
            ("Nightly report", "nightly", "billing.example.com"),
            (consumer.GetProperty("name").GetString(), consumer.GetProperty("client_name").GetString(), consumer.GetProperty("route").GetString()));
    }

    [Fact]
    public async Task A_closed_account_has_no_use_and_says_so()
    {
        await using var tandem = await Consumer.ServerAsync(_time);
        var sub = await tandem.CreateSubaccountAsync();
        await tandem.CallAsync("billing", sub);
        await tandem.SetStatusAsync(sub, "closed");

        var usage = await tandem.SendAsync("GET", Consumer.PathOf(sub, "usage"));
        Assert.Equal((200, JsonValueKind.Null), (usage.Status, usage.Json.GetProperty("primary").ValueKind));
        var readiness = await tandem.SendAsync("GET", Consumer.PathOf(sub, "readiness"));
        Assert.Equal(("unknown", "no_secondary", null), (readiness.Text("state"), readiness.Text("reason"), readiness.Text("primary")));
    }

    private static IEnumerable<(string Start, int Calls)> Series(JsonElement token, string which) => token.GetProperty(which).EnumerateArray()
        .Select(p => ($"{p.GetProperty("start").GetDateTimeOffset():yyyy-MM-dd'T'HH:mm:ss}", p.GetProperty("calls").GetInt32()));

    private static DateTimeOffset Second(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());
}
