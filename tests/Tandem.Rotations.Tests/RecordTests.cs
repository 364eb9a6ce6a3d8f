using System.Text.Json;
using Tandem.Testing;
using Xunit;

namespace Tandem.Rotations.Tests;

/// <summary>A Tandem is told of the rotations of its accounts: one at a time, from whatever machine, and people can watch.</summary>
public sealed class RecordTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_server_knows_who_rotates_where_it_is_and_how_it_ended_and_no_token()
    {
        await using var rig = await Rig.StartAsync();
        var during = "";
        rig.Answer = _ =>
        {
            Until.TrueAsync(async () => (during = (await RecordAsync(rig)).ToString()).Contains("\"watching\"", StringComparison.Ordinal)).GetAwaiter().GetResult();
            return true;
        };

        await rig.Engine.RotateAsync(rig.Request() with { StartedBy = "ada@build" }, Cancel);

        var before = JsonElement.Parse(during);
        Assert.Equal(("ada@build", "running", true), (before.GetProperty("owner").GetString(), before.GetProperty("progress").GetString(), before.GetProperty("is_live").GetBoolean()));
        Assert.Equal($"dotenv {rig.Env}", before.GetProperty("destinations")[0].GetProperty("name").GetString());
        Assert.Equal("delivered", before.GetProperty("destinations")[0].GetProperty("progress").GetString());
        var after = await RecordAsync(rig);
        Assert.Equal(("rotated", "done", rig.First.Fingerprint), (after.GetProperty("progress").GetString(), after.GetProperty("steps").EnumerateArray().Last().GetProperty("step").GetString(), after.GetProperty("old_fingerprint").GetString()));
        Assert.Equal("creating", after.GetProperty("steps")[0].GetProperty("step").GetString());
        Assert.All((string[])[rig.EnvToken, rig.Server.Account.Token], token => Assert.DoesNotContain(token, during + after, StringComparison.Ordinal));
        var late = (await rig.Server.SendAsync("GET", $"/tandem/v1/accounts/{rig.Sid}/late-use", r => r.As(new(rig.Sid, rig.EnvToken)))).Json.GetProperty("entries").EnumerateArray();
        Assert.DoesNotContain(late, e => e.GetProperty("calls").GetInt32() > 1); // the proof's own call, and no more
    }

    [Fact]
    public async Task A_second_rotation_from_another_machine_is_refused_with_owner_time_and_the_next_command()
    {
        await using var rig = await Rig.StartAsync();
        RotationException? refused = null;
        RotationPreview? preview = null;
        var other = rig.Other();
        rig.Answer = _ =>
        {
            var theirs = rig.Request() with { StartedBy = "bob@laptop" };
            refused = Assert.ThrowsAsync<RotationException>(() => other.RotateAsync(theirs, Cancel)).GetAwaiter().GetResult();
            preview = other.PreviewAsync(theirs, Cancel).GetAwaiter().GetResult();
            return true;
        };

        await rig.Engine.RotateAsync(rig.Request() with { StartedBy = "ada@build" }, Cancel);

        Assert.Equal(RotationFailure.Precondition, refused!.Failure);
        Assert.Matches($"Another rotation of {rig.Sid} runs: ada@build, since 20\\d\\d-\\d\\d-\\d\\d \\d\\d:\\d\\dZ, now \\w+, last heard of .* ago. Nothing was done. Watch it: {rig.Server.Address}rotations/{rig.Sid} .* tandem rotate$", refused.Message);
        Assert.Contains("ada@build", Assert.Single(preview!.Problems), StringComparison.Ordinal);
        await other.RotateAsync(rig.Request() with { StartedBy = "bob@laptop", Token = HeldToken.Read(rig.Sid, rig.EnvToken, "the test") }, Cancel);
        Assert.Equal("bob@laptop", (await RecordAsync(rig)).GetProperty("owner").GetString());
    }

    [Fact]
    public async Task One_that_was_stopped_says_why_and_its_secondary_is_told_to_be_its()
    {
        await using var rig = await Rig.StartAsync();
        rig.Answer = _ => false;
        await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(rig.Request() with { StartedBy = "ada@build" }, Cancel));

        var record = await RecordAsync(rig);
        Assert.Equal(("stopped", false), (record.GetProperty("progress").GetString(), record.GetProperty("is_live").GetBoolean()));
        Assert.StartsWith("Declined. The secondary ", record.GetProperty("message").GetString(), StringComparison.Ordinal);
        var foreign = await Assert.ThrowsAsync<RotationException>(() => rig.Other().RotateAsync(rig.Request(), Cancel));
        Assert.Contains("made by the rotation that ada@build began at", foreign.Message, StringComparison.Ordinal);
        rig.Answer = _ => true;
        await rig.Engine.AbortAsync(rig.Request(), Cancel);
        Assert.Equal("aborted", (await RecordAsync(rig)).GetProperty("progress").GetString());
    }

    [Fact]
    public async Task One_that_another_has_taken_the_place_of_promotes_nothing()
    {
        await using var rig = await Rig.StartAsync();
        var rotation = rig.Engine.RotateAsync(rig.Request() with { Watch = new() }, Cancel);
        await Until.TrueAsync(() => rig.Events.Any(e => e.Step is "watch"));
        Assert.Equal(204, (await rig.Server.SendToAdminAsync("DELETE", $"/tandem/v1/accounts/{rig.Sid}/rotation")).Status);
        var theirs = $$"""{"id":"{{new string('b', 32)}}","owner":"bob@laptop","started":"2026-01-02T03:04:05Z","progress":"running","step":"creating"}""";
        await Until.TrueAsync(async () => (await rig.Server.SendToAdminAsync(
            "PUT", $"/tandem/v1/accounts/{rig.Sid}/rotation", r => r.Content = new StringContent(theirs, System.Text.Encoding.UTF8, "application/json"))).Status == 200);
        await rig.Server.SendAsync("GET", "/auth/forward", r => r.As(new(rig.Sid, rig.Server.Account.Token)).With("X-Client-Name", "billing")); // news to be told

        var stopped = await Assert.ThrowsAsync<RotationException>(() => rotation);

        Assert.Equal(RotationFailure.Precondition, stopped.Failure);
        Assert.Contains("bob@laptop", stopped.Message, StringComparison.Ordinal);
        Assert.Equal((200, 200), (await rig.CheckAsync(rig.EnvToken), await rig.CheckAsync(rig.Server.Account.Token)));
        Assert.Equal("bob@laptop", (await RecordAsync(rig)).GetProperty("owner").GetString());
    }

    private static async Task<JsonElement> RecordAsync(Rig rig) => (await rig.Server.SendToAdminAsync("GET", $"/tandem/v1/accounts/{rig.Sid}/rotation")).Json;
}
