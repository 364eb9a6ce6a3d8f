using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Tandem.Rotations.Destinations;
using Tandem.Testing;
using Xunit;

namespace Tandem.Rotations.Tests;

/// <summary>Variables of Twilio Functions, at a stand-in that Twilio's own library takes for the real one.</summary>
public sealed class FunctionsTests
{
    private const string Sid = "AC00000000000000000000000000000001";
    private const string OldText = "0123456789abcdef0123456789abcdef";
    private const string NewText = "fedcba9876543210fedcba9876543210";
    private const string Plan = $"[[destination]]\ntype = \"twilio-functions\"\nservice = \"{FunctionsStandIn.Service}\"\nenvironment = \"production\"\n";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static HeldToken Old => HeldToken.Read(Sid, OldText, "the test");

    private static Delivery Delivery(params string[] added) => new(new(Old, HeldToken.Read(Sid, NewText, "the test")), Sid, "https://accounts.twilio.com", added);

    [Fact]
    public async Task The_stand_in_is_Twilio_to_its_own_library()
    {
        await using var twilio = await StandInAsync(OldText);
        foreach (var key in (string[])["A", "B", "C", "D", "E"])
        {
            twilio.Set(key, $"value of {key}");
        }

        var seen = await JudgeAsync(twilio, OldText);

        Assert.Equal(["A", "B", "C", "D", "E"], seen.GetProperty("list").EnumerateArray().Select(v => v.GetProperty("key").GetString()));
        Assert.Equal("production", seen.GetProperty("environments")[0].GetString());
        Assert.Equal(("MADE", "one", "2026-01-01T00:00:00.000Z"), (Text(seen, "created", "key"), Text(seen, "created", "value"), Text(seen, "created", "date")));
        Assert.Equal(("two", "two", true), (Text(seen, "updated", "value"), Text(seen, "fetched", "value"), seen.GetProperty("removed").GetBoolean()));
        Assert.Equal(
            [("twice", 409, 20409), ("tooLong", 400, 20001), ("gone", 404, 20404), ("wrongToken", 401, 20003), ("noService", 404, 20404)],
            ((string[])["twice", "tooLong", "gone", "wrongToken", "noService"]).Select(n => (n, seen.GetProperty(n).GetProperty("status").GetInt32(), seen.GetProperty(n).GetProperty("code").GetInt32())));
    }

    [Fact]
    public async Task What_is_delivered_the_library_reads_and_it_is_asked_for_as_the_library_asks()
    {
        await using var twilio = await StandInAsync(OldText);
        twilio.Set("APP", "billing");
        twilio.Set("TWILIO_AUTH_TOKEN", OldText);
        twilio.Set("LAST", "1");
        var destination = Destination(twilio, FunctionsStandIn.Environment, ("TWILIO_AUTH_TOKEN", TokenRole.New), ("TWILIO_AUTH_TOKEN_ALT", TokenRole.Old));
        var delivery = Delivery("TWILIO_AUTH_TOKEN_ALT");

        Assert.Equal("2 keys set", await destination.DeliverAsync(delivery, Cancel));
        Assert.Equal("already set", await destination.DeliverAsync(delivery, Cancel));
        await destination.VerifyAsync(delivery, Cancel);

        Assert.Equal(["APP=billing", $"TWILIO_AUTH_TOKEN={NewText}", "LAST=1", $"TWILIO_AUTH_TOKEN_ALT={OldText}"], await ListAsync(twilio, OldText));
        Assert.Equal("TWILIO_AUTH_TOKEN_ALT taken out", await destination.TidyAsync(delivery, Cancel));
        Assert.Null(await destination.TidyAsync(delivery, Cancel));
        Assert.Equal(["APP=billing", $"TWILIO_AUTH_TOKEN={NewText}", "LAST=1"], await ListAsync(twilio, OldText));

        var ours = twilio.Asked.ToHashSet(StringComparer.Ordinal);
        twilio.Asked.Clear();
        await JudgeAsync(twilio, OldText);
        Assert.Superset(ours, twilio.Asked.ToHashSet(StringComparer.Ordinal));
        Assert.Contains(ours, a => a.StartsWith("POST ", StringComparison.Ordinal) && a.EndsWith("/ZV Value", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_taken_back_leaves_no_trace()
    {
        await using var twilio = await StandInAsync(OldText, NewText);
        twilio.Set("TWILIO_AUTH_TOKEN", OldText);
        var before = twilio.All();
        var destination = Destination(twilio, FunctionsStandIn.Environment, ("TWILIO_AUTH_TOKEN", TokenRole.New), ("SECOND", TokenRole.New), ("ALT", TokenRole.Old));
        var found = await destination.InspectAsync(Old, Cancel);
        var delivery = Delivery([.. found.AddedKeys]);

        await destination.DeliverAsync(delivery, Cancel);
        Assert.Equal(3, twilio.All().Length);
        await destination.RollBackAsync(delivery, Cancel);

        Assert.Equal(before, twilio.All());
        var wrong = await Assert.ThrowsAsync<RotationException>(() => destination.VerifyAsync(delivery, Cancel));
        Assert.Contains("does not hold the new token", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_look_masks_every_value_names_what_else_holds_the_token_and_changes_nothing()
    {
        await using var twilio = await StandInAsync(OldText);
        twilio.Set("TWILIO_AUTH_TOKEN", OldText + "\n");
        twilio.Set("OTHER_TOKEN", OldText);
        var before = twilio.All();

        var found = await Destination(twilio, "production", ("TWILIO_AUTH_TOKEN", TokenRole.New), ("ALT", TokenRole.Old)).InspectAsync(Old, Cancel);

        Assert.Equal(["- TWILIO_AUTH_TOKEN=[something else]", "+ TWILIO_AUTH_TOKEN=[the new token]", $"+ ALT=[token {Old}]"], found.Changes);
        Assert.Equal(["ALT"], found.AddedKeys);
        Assert.Empty(found.Problems);
        Assert.Contains(found.Warnings, w => w.Contains("white space", StringComparison.Ordinal));
        Assert.Contains(found.Warnings, w => w.Contains("OTHER_TOKEN holds the token in force too", StringComparison.Ordinal));
        Assert.DoesNotContain(OldText, string.Join('\n', [.. found.Changes, .. found.Warnings]), StringComparison.Ordinal);
        Assert.Equal(before, twilio.All());
    }

    [Fact]
    public async Task What_stands_in_the_way_is_told_in_words()
    {
        await using var twilio = await StandInAsync(OldText);
        var there = Destination(twilio, "production", ("TWILIO_AUTH_TOKEN", TokenRole.New));

        Assert.Contains("without the account's token", Problem(await there.InspectAsync(null, Cancel)), StringComparison.Ordinal);
        Assert.Contains("those of Functions (Classic)", Problem(await Destination(twilio, "staging", ("T", TokenRole.New)).InspectAsync(Old, Cancel)), StringComparison.Ordinal);
        Assert.Contains("Twilio refused", Problem(await there.InspectAsync(HeldToken.Read(Sid, NewText, "the test"), Cancel)), StringComparison.Ordinal);
        twilio.Refuse = (403, 20403);
        Assert.Contains("(403, 20403", Problem(await there.InspectAsync(Old, Cancel)), StringComparison.Ordinal);
        twilio.Refuse = (429, 20429);
        var time = Hurried.CreateClock();
        var busy = await Assert.ThrowsAsync<RotationException>(() => time.RunAsync(() => there.DeliverAsync(Delivery() with { Time = time }, Cancel)));
        Assert.Equal(RotationFailure.Destination, busy.Failure);
        Assert.Contains("too much to do", busy.Message, StringComparison.Ordinal);
        var asked = twilio.Asked.Count;
        var delivering = there.DeliverAsync(Delivery() with { Time = time }, Cancel);
        await Until.TrueAsync(() => twilio.Asked.Count > asked);
        twilio.Refuse = null;
        await time.RunAsync(() => delivering);
        Assert.Equal(NewText, twilio.Value("TWILIO_AUTH_TOKEN"));
        await twilio.DisposeAsync();
        Assert.Contains("No answer from", Problem(await there.InspectAsync(Old, Cancel)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_the_promotion_a_minute_passes_before_the_proof_and_a_stopped_wait_goes_on_where_it_was()
    {
        var time = new FakeTimeProvider(DateTimeOffset.Parse("2026-11-24T09:00:00Z", CultureInfo.InvariantCulture));
        await using var rig = await Rig.StartAsync(time);
        await using var twilio = await FunctionsStandIn.StartAsync(async (_, token) => await rig.CheckAsync(token) == 200);
        twilio.Set("TWILIO_AUTH_TOKEN", rig.Server.Account.Token);
        var request = rig.OnTwilio([.. rig.Plan(Plan, twilio.Addresses).Destinations]);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var stopped = rig.Engine.RotateAsync(request, stop.Token);
        await Until.TrueAsync(() => rig.Events.Any(e => e.Step == "settle"));
        time.Advance(TimeSpan.FromSeconds(40));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopped);
        Assert.Equal((200, 401), (await rig.CheckAsync(twilio.Value("TWILIO_AUTH_TOKEN")!), await rig.CheckAsync(rig.Server.Account.Token)));

        var running = rig.Engine.RotateAsync(request with { Token = null }, Cancel);
        await Until.TrueAsync(() => rig.Events.Count(e => e.Step == "settle") == 2);
        time.Advance(TimeSpan.FromSeconds(19));
        Assert.DoesNotContain(rig.Events, e => e.Step == "verify");
        time.Advance(TimeSpan.FromSeconds(2));

        var result = await running;
        Assert.Equal("rotated", result.Report.Outcome);
        Assert.Contains(rig.Events, e => e.Step == "settle" && e.Text.StartsWith("waiting 20 s", StringComparison.Ordinal));
        Assert.DoesNotContain(twilio.Value("TWILIO_AUTH_TOKEN")!, rig.EverythingSaid(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_leaked_token_is_dead_when_the_variables_are_written_with_the_new_one()
    {
        await using var rig = await Rig.StartAsync();
        await using var twilio = await FunctionsStandIn.StartAsync(async (_, token) => await rig.CheckAsync(token) == 200);
        var plan = rig.Plan(Plan, twilio.Addresses);

        await rig.Engine.RotateAsync(rig.OnTwilio([.. plan.Destinations]) with { Leaked = true, Settle = TimeSpan.Zero }, Cancel);

        Assert.Equal((200, 401), (await rig.CheckAsync(twilio.Value("TWILIO_AUTH_TOKEN")!), await rig.CheckAsync(rig.Server.Account.Token)));
    }

    [Fact]
    public async Task Abort_writes_the_old_token_back_and_no_minute_is_waited()
    {
        await using var rig = await Rig.StartAsync();
        await using var twilio = await FunctionsStandIn.StartAsync(async (_, token) => await rig.CheckAsync(token) == 200);
        twilio.Set("TWILIO_AUTH_TOKEN", rig.Server.Account.Token);
        var request = rig.OnTwilio([.. rig.Plan(Plan, twilio.Addresses).Destinations]);
        rig.Answer = _ => false;
        await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(request, Cancel));
        Assert.NotEqual(rig.Server.Account.Token, twilio.Value("TWILIO_AUTH_TOKEN"));

        rig.Answer = _ => true;
        await rig.Engine.AbortAsync(request, Cancel);

        Assert.Equal(rig.Server.Account.Token, twilio.Value("TWILIO_AUTH_TOKEN"));
        Assert.DoesNotContain(rig.Events, e => e.Step == "settle");
    }

    private static Task<FunctionsStandIn> StandInAsync(params string[] tokens) =>
        FunctionsStandIn.StartAsync((sid, token) => Task.FromResult(sid == Sid && tokens.Contains(token, StringComparer.Ordinal)));

    private static FunctionsDestination Destination(FunctionsStandIn twilio, string environment, params (string Key, TokenRole Role)[] keys) =>
        new(FunctionsStandIn.Service, environment, new(keys.ToDictionary(k => k.Key, k => k.Role, StringComparer.Ordinal), canBeEmpty: false), twilio.Addresses);

    private static string Problem(Inspection found) => Assert.Single(found.Problems);

    private static string? Text(JsonElement seen, string of, string name) => seen.GetProperty(of).GetProperty(name).GetString();

    private static async Task<IEnumerable<string>> ListAsync(FunctionsStandIn twilio, string token) =>
        (await JudgeAsync(twilio, token, ("ONLY_LIST", "1"))).GetProperty("list").EnumerateArray().Select(v => $"{v.GetProperty("key")}={v.GetProperty("value")}");

    private static async Task<JsonElement> JudgeAsync(FunctionsStandIn twilio, string token, params (string, string)[] more)
    {
        var (exitCode, output, errors) = await Judges.RunAsync(
            [Judges.Node, "variables.js", twilio.Url.GetLeftPart(UriPartial.Authority), FunctionsStandIn.Service, FunctionsStandIn.Environment],
            [("TWILIO_ACCOUNT_SID", Sid), ("TWILIO_AUTH_TOKEN", token), .. more]);
        Assert.True(exitCode == 0, errors);
        return JsonElement.Parse(output);
    }
}
