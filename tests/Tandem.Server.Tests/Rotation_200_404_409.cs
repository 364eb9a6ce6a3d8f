using System.Text.Json;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

/// <summary><c>…/rotation</c>: what rotations tell of themselves, one of an account at a time.</summary>
public sealed class Rotation_200_404_409
{
    private static readonly string Ada = new('a', 32);
    private static readonly string Bob = new('b', 32);

    private readonly FakeTime _time = new(Calls.Start);

    [Fact]
    public async Task What_is_told_is_shown_with_the_steps_so_far_and_fits_the_reference()
    {
        await using var tandem = await StartAsync();
        var document = await Reference.ApiDocument.ReadAsync(tandem);
        Assert.Equal((404, "no_rotation"), await ShowAsync(tandem) is var none ? (none.Status, none.Text("kind")) : default);
        await document.ExpectAsync("GET", "/tandem/v1/accounts/{sid}/rotation", await ShowAsync(tandem));

        await TellAsync(tandem, Ada, "creating");
        _time.Pass(TimeSpan.FromSeconds(5));
        await TellAsync(tandem, Ada, "watching", message: "1 consumer used the primary");
        var shown = await ShowAsync(tandem);

        await document.ExpectAsync("GET", "/tandem/v1/accounts/{sid}/rotation", shown);
        Assert.Equal(("ada@build", "running", true, "1 consumer used the primary", "07da"),
            (shown.Text("owner"), shown.Text("progress"), shown.Json.GetProperty("is_live").GetBoolean(), shown.Text("message"), shown.Text("new_fingerprint")));
        Assert.Equal(["creating", "watching"], shown.Json.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("step").GetString()));
        Assert.Equal("dotenv /srv/.env", shown.Json.GetProperty("destinations")[0].GetProperty("name").GetString());

        var forgotten = await tandem.SendAsync("DELETE", PathOf(tandem));
        Assert.Equal((204, ""), (forgotten.Status, forgotten.Body));
        Assert.Equal(404, (await tandem.SendAsync("DELETE", PathOf(tandem))).Status);
    }

    [Fact]
    public async Task A_second_one_is_refused_with_owner_and_time_until_the_first_is_over_stopped_or_stale()
    {
        await using var tandem = await StartAsync();
        var document = await Reference.ApiDocument.ReadAsync(tandem);
        await TellAsync(tandem, Ada, "watching");

        var refused = await TellAsync(tandem, Bob, "creating");
        Assert.Equal((409, "rotation_running"), (refused.Status, refused.Text("kind")));
        Assert.Equal("Another rotation of this account runs: ada@build, since 2026-01-02 03:04Z, now watching. It is taken for dead when nothing was heard of it until 03:06:05Z.", refused.Text("detail"));
        await document.ExpectAsync("PUT", "/tandem/v1/accounts/{sid}/rotation", refused);
        _time.Pass(TimeSpan.FromMinutes(1));
        Assert.Equal(200, (await TellAsync(tandem, Ada, "watching")).Status);
        _time.Pass(TimeSpan.FromSeconds(119));
        Assert.Equal(409, (await TellAsync(tandem, Bob, "creating")).Status);
        _time.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(200, (await TellAsync(tandem, Bob, "creating")).Status);
        Assert.Equal(409, (await TellAsync(tandem, Ada, "watching")).Status);
        Assert.Equal(200, (await TellAsync(tandem, Bob, "watching", progress: "stopped")).Status);
        Assert.Equal(200, (await TellAsync(tandem, Ada, "done", progress: "rotated")).Status);
        Assert.Equal(200, (await TellAsync(tandem, Bob, "creating")).Status);
    }

    [Fact]
    public async Task It_never_stands_in_the_way_of_a_token_change()
    {
        await using var tandem = await StartAsync();
        await TellAsync(tandem, Ada, "watching");
        var secondary = await tandem.CreateSecondaryAsync();
        Assert.Equal(200, (await tandem.SendAsync("POST", Calls.Promote, r => r.As(secondary))).Status);
        Assert.Equal(201, (await tandem.SendAsync("POST", Calls.Secondary, r => r.As(secondary))).Status);
        Assert.Equal(204, (await tandem.SendAsync("DELETE", Calls.Secondary, r => r.As(secondary))).Status);
    }

    [Fact]
    public async Task A_parent_and_an_operator_may_and_others_see_nothing_of_it()
    {
        await using var tandem = await StartAsync();
        var child = await tandem.SendAsync("POST", Calls.Accounts);
        var (sid, token) = (child.Text("sid")!, child.Text("auth_token")!);
        Assert.Equal(200, (await TellAsync(tandem, Ada, "creating", sid)).Status);
        Assert.Equal(200, (await tandem.SendToAdminAsync("GET", $"/tandem/v1/accounts/{sid}/rotation")).Status);
        Assert.Equal(200, (await tandem.SendAsync("GET", $"/tandem/v1/accounts/{sid}/rotation", r => r.As(new(sid, token)))).Status);
        Assert.Equal((404, "account_not_found"), await tandem.SendAsync("GET", PathOf(tandem), r => r.As(new(sid, token))) is var other ? (other.Status, other.Text("kind")) : default);
    }

    [Fact]
    public void What_is_told_outlives_a_restart()
    {
        var directory = Directory.CreateTempSubdirectory("tandem-").FullName;
        var sid = AccountSid.Parse($"AC{new string('1', 32)}");
        var record = new RotationRecord { Id = Ada, Owner = "ada@build", Started = Calls.Start, Progress = RotationProgress.Rotated, Step = "done", Heard = Calls.Start };
        using (var file = Storage.UsageFile.Open(directory, 1, counting: true, lateUse: true, out _))
        {
            var batch = new UsageBatch { At = 2 };
            batch.Rotations.Add(new(sid, record));
            file.Write(batch);
        }

        using (var file = Storage.UsageFile.Open(directory, 3, counting: true, lateUse: true, out var content))
        {
            Assert.Equal((sid, "ada@build", RotationProgress.Rotated), Assert.Single(content.Rotations) is { Record: { } kept } row ? (row.Account, kept.Owner, kept.Progress) : default);
            var batch = new UsageBatch { At = 4 };
            batch.Rotations.Add(new(sid, null));
            file.Write(batch);
        }

        using (Storage.UsageFile.Open(directory, 5, counting: true, lateUse: true, out var content))
        {
            Assert.Empty(content.Rotations);
        }

        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public void What_nobody_has_heard_of_for_a_month_is_forgotten()
    {
        var records = new RotationRecords(_time, new());
        var sid = AccountSid.Parse($"AC{new string('1', 32)}");
        records.Tell(sid, new() { Id = Ada, Owner = "ada", Started = Calls.Start, Progress = RotationProgress.Rotated, Step = "done" });
        Assert.Single(records.Take(10));
        Assert.Empty(records.Take(10));
        _time.Pass(TimeSpan.FromDays(31));
        Assert.Null(Assert.Single(records.Take(10, forget: true)).Record);
        Assert.Null(records.Find(sid));
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"id":"x","owner":"a","started":"2026-01-01T00:00:00Z","progress":"running","step":"creating"}""")]
    [InlineData("""{"id":"ID","started":"2026-01-01T00:00:00Z","progress":"running","step":"creating"}""")]
    [InlineData("""{"id":"ID","owner":"a\u001b[31m","started":"2026-01-01T00:00:00Z","progress":"running","step":"creating"}""")]
    [InlineData("""{"id":"ID","owner":"a","progress":"running","step":"creating"}""")]
    [InlineData("""{"id":"ID","owner":"a","started":"2026-01-01T00:00:00Z","progress":"flying","step":"creating"}""")]
    [InlineData("""{"id":"ID","owner":"a","started":"2026-01-01T00:00:00Z","progress":"running","step":"flying"}""")]
    [InlineData("""{"id":"ID","owner":"a","started":"2026-01-01T00:00:00Z","progress":"running","step":"creating","new_fingerprint":"0123456789abcdef0123456789abcdef"}""")]
    [InlineData("""{"id":"ID","owner":"a","started":"2026-01-01T00:00:00Z","progress":"running","step":"creating","destinations":[{"name":"x","progress":"x"}]}""")]
    [InlineData("""{"id":"ID","owner":"a","started":"2026-01-01T00:00:00Z","progress":"running","step":"creating","destinations":[null]}""")]
    public async Task What_makes_no_sense_is_400_and_nothing_is_kept(string body)
    {
        await using var tandem = await StartAsync();
        var answer = await tandem.SendAsync("PUT", PathOf(tandem), r => r.Json(body.Replace("ID", Ada, StringComparison.Ordinal)));
        Assert.Equal((400, "invalid_request"), (answer.Status, answer.Text("kind")));
        Assert.Equal(404, (await ShowAsync(tandem)).Status);
    }

    private static string PathOf(TestTandem tandem) => $"/tandem/v1/accounts/{tandem.Account.Sid}/rotation";

    private static Task<TestAnswer> ShowAsync(TestTandem tandem) => tandem.SendAsync("GET", PathOf(tandem));

    private static Task<TestAnswer> TellAsync(TestTandem tandem, string id, string step, string? sid = null, string progress = "running", string? message = null)
    {
        var body = new Dictionary<string, object?>
        {
            ["id"] = id,
            ["owner"] = id == Ada ? "ada@build" : "bob@laptop",
            ["started"] = "2026-01-02T03:04:05Z",
            ["progress"] = progress,
            ["step"] = step,
            ["old_fingerprint"] = "b41e",
            ["new_fingerprint"] = "07da",
            ["destinations"] = new[] { new Dictionary<string, string> { ["name"] = "dotenv /srv/.env", ["progress"] = "delivered" } },
            ["message"] = message,
        };
        return tandem.SendAsync("PUT", $"/tandem/v1/accounts/{sid ?? tandem.Account.Sid}/rotation", r => r.Json(JsonSerializer.Serialize(body)));
    }

    private Task<TestTandem> StartAsync() => TestTandem.StartAsync(new() { Time = _time });
}
