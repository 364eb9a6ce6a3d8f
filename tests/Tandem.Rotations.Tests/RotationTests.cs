using Microsoft.Extensions.Time.Testing;
using Tandem.Testing;
using Xunit;

namespace Tandem.Rotations.Tests;

/// <summary>A rotation from the first step to the last, and what stops it.</summary>
public sealed class RotationTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_rotation_ends_with_the_new_token_in_the_file_and_the_old_one_refused()
    {
        await using var rig = await Rig.StartAsync();

        var result = await rig.Engine.RotateAsync(rig.Request(), Cancel);

        Assert.Equal("rotated", result.Report.Outcome);
        Assert.NotEqual(rig.Server.Account.Token, rig.EnvToken);
        Assert.Equal((200, 401), (await rig.CheckAsync(rig.EnvToken), await rig.CheckAsync(rig.Server.Account.Token)));
        Assert.False(await rig.HasSecondaryAsync(rig.EnvToken));
        Assert.False(rig.HasState());
        Assert.Equal(
            $"APP=billing\nTWILIO_ACCOUNT_SID={rig.Sid}\nTWILIO_AUTH_TOKEN=\"{rig.EnvToken}\" # ours\nLAST=1\n", await File.ReadAllTextAsync(rig.Env, Cancel));
        Assert.Equal(["preflight", "create", "deliver", "watch", "promote", "verify"], rig.Events.Where(e => e.Result == "ok").Select(e => e.Step));
        Assert.True(File.Exists(result.Path));
    }

    [Fact]
    public async Task Nothing_that_is_said_or_kept_holds_a_token()
    {
        await using var rig = await Rig.StartAsync();
        rig.Script("tells.sh", "env | grep -v PATH; cat; echo; exit 1\n");
        var plan = rig.Plan("""
            [[destination]]
            type = "dotenv"
            path = ".env"
            set = { TWILIO_AUTH_TOKEN = "new", TWILIO_AUTH_TOKEN_ALT = "old" }
            [[destination]]
            type = "command"
            run = ["./tells.sh"]
            """);

        var failed = await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(rig.Request([.. plan.Destinations]), Cancel));

        Assert.Equal(RotationFailure.Destination, failed.Failure);
        Assert.Contains($"\"old\":\"[token {rig.First}]\"", failed.Message, StringComparison.Ordinal);
        Assert.Equal(rig.Server.Account.Token, rig.Value("TWILIO_AUTH_TOKEN_ALT"));
        AssertSilent(rig, rig.EverythingSaid() + failed);
    }

    [Fact]
    public async Task A_failed_destination_stops_it_and_the_next_run_goes_on_from_there()
    {
        await using var rig = await Rig.StartAsync();
        rig.Script("push.sh", "cat >> \"$(dirname \"$0\")/pushed\"; test -f \"$(dirname \"$0\")/ready\"\n");
        var plan = rig.Plan("[[destination]]\ntype = \"dotenv\"\npath = \".env\"\n[[destination]]\ntype = \"command\"\nrun = [\"./push.sh\"]\n");
        var request = rig.Request([.. plan.Destinations]);
        await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(request, Cancel));
        var delivered = rig.EnvToken;
        Assert.Equal((200, 200), (await rig.CheckAsync(delivered), await rig.CheckAsync(rig.Server.Account.Token)));

        await File.WriteAllTextAsync(rig.PathOf("ready"), "", Cancel);
        await rig.Engine.RotateAsync(request with { Token = null }, Cancel);

        Assert.Equal(delivered, rig.EnvToken);
        Assert.Equal((200, 401), (await rig.CheckAsync(delivered), await rig.CheckAsync(rig.Server.Account.Token)));
        var said = await File.ReadAllTextAsync(rig.PathOf("pushed"), Cancel);
        Assert.Equal(["deliver", "deliver", "verify", "verify", "tidy"], System.Text.RegularExpressions.Regex.Matches(said, "\"phase\":\"(\\w+)\"").Select(m => m.Groups[1].Value));
        Assert.Contains($"\"new\":\"{delivered}\",\"old\":\"{rig.Server.Account.Token}\"", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Abort_gives_the_file_back_as_it_was_and_deletes_the_secondary()
    {
        await using var rig = await Rig.StartAsync();
        var before = await File.ReadAllTextAsync(rig.Env, Cancel);
        var plan = rig.Plan("[[destination]]\ntype = \"dotenv\"\npath = \".env\"\nset = { TWILIO_AUTH_TOKEN = \"new\", TWILIO_AUTH_TOKEN_ALT = \"old\" }\n");
        var request = rig.Request([.. plan.Destinations]);
        rig.Answer = _ => false;
        var declined = await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(request, Cancel));
        Assert.Equal(RotationFailure.Declined, declined.Failure);
        var secondary = rig.EnvToken;

        rig.Answer = _ => true;
        await rig.Engine.AbortAsync(request with { Token = null }, Cancel);

        Assert.Equal(before, await File.ReadAllTextAsync(rig.Env, Cancel));
        Assert.Equal((401, 200), (await rig.CheckAsync(secondary), await rig.CheckAsync(rig.Server.Account.Token)));
        Assert.False(rig.HasState());
        var nothing = await Assert.ThrowsAsync<RotationException>(() => rig.Engine.AbortAsync(request, Cancel));
        Assert.Equal(RotationFailure.Precondition, nothing.Failure);
    }

    [Fact]
    public async Task After_the_promotion_there_is_no_way_back()
    {
        await using var rig = await Rig.StartAsync();
        rig.Script("check.sh", "grep -q '\"phase\":\"verify\"' && test -f \"$(dirname \"$0\")/promoted\" && exit 1; exit 0\n");
        var plan = rig.Plan("[[destination]]\ntype = \"dotenv\"\npath = \".env\"\nverify = [\"./check.sh\"]\n");
        var request = rig.Request([.. plan.Destinations]);
        rig.Answer = _ =>
        {
            File.WriteAllText(rig.PathOf("promoted"), "");
            return true;
        };

        var urgent = await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(request, Cancel));
        Assert.Equal(RotationFailure.Verification, urgent.Failure);
        var late = await Assert.ThrowsAsync<RotationException>(() => rig.Engine.AbortAsync(request, Cancel));
        Assert.Equal(RotationFailure.Precondition, late.Failure);
        Assert.Contains("no way back", late.Message, StringComparison.Ordinal);

        File.Delete(rig.PathOf("promoted"));
        await rig.Engine.RotateAsync(request, Cancel);
        Assert.Equal((200, 401), (await rig.CheckAsync(rig.EnvToken), await rig.CheckAsync(rig.Server.Account.Token)));
    }

    [Fact]
    public async Task Both_tokens_are_in_the_file_during_the_overlap_and_one_after_it()
    {
        await using var rig = await Rig.StartAsync();
        var plan = rig.Plan("[[destination]]\ntype = \"dotenv\"\npath = \".env\"\nwebhooks = true\nset = { TWILIO_AUTH_TOKEN = \"new\", TWILIO_AUTH_TOKEN_ALT = \"old\" }\n");
        var (during, alternate) = ("", "");
        rig.Answer = _ =>
        {
            (during, alternate) = (rig.EnvToken, rig.Value("TWILIO_AUTH_TOKEN_ALT")!);
            return true;
        };

        await rig.Engine.RotateAsync(rig.Request([.. plan.Destinations]), Cancel);

        Assert.Equal((rig.EnvToken, rig.Server.Account.Token), (during, alternate));
        Assert.Null(rig.Value("TWILIO_AUTH_TOKEN_ALT"));
        Assert.DoesNotContain(rig.Events, e => e.Result == "warning");
    }

    [Fact]
    public async Task A_receiver_of_webhooks_that_gets_one_token_is_warned_of()
    {
        await using var rig = await Rig.StartAsync();
        var plan = rig.Plan("[[destination]]\ntype = \"dotenv\"\npath = \".env\"\nwebhooks = true\n");

        await rig.Engine.RotateAsync(rig.Request([.. plan.Destinations]), Cancel);

        Assert.Contains(rig.Events, e => e.Result == "warning" && e.Text.Contains("refuses every signature", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_leaked_token_is_ended_before_anything_is_delivered()
    {
        await using var rig = await Rig.StartAsync();
        rig.Script("push.sh", "exit 1\n");
        var plan = rig.Plan("[[destination]]\ntype = \"command\"\nrun = [\"./push.sh\"]\n[[destination]]\ntype = \"dotenv\"\npath = \".env\"\n");
        var request = rig.Request([.. plan.Destinations]) with { Leaked = true };

        var failed = await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(request, Cancel));

        Assert.Equal(RotationFailure.Destination, failed.Failure);
        Assert.Equal((rig.Server.Account.Token, 401), (rig.EnvToken, await rig.CheckAsync(rig.Server.Account.Token)));
        var question = Assert.Single(rig.Questions);
        Assert.Equal(2, question.InTheWay.Count);
        rig.Script("push.sh", "exit 0\n");
        await rig.Engine.RotateAsync(request, Cancel);
        Assert.Equal(200, await rig.CheckAsync(rig.EnvToken));
        Assert.False(rig.HasState());
    }

    [Fact]
    public async Task A_wrong_token_and_the_secondary_are_refused_before_anything_happens()
    {
        await using var rig = await Rig.StartAsync();
        var wrong = await Assert.ThrowsAsync<RotationException>(
            () => rig.Engine.RotateAsync(rig.Request() with { Token = HeldToken.Read(rig.Sid, new('a', 32), "the test") }, Cancel));
        Assert.Equal(RotationFailure.Credential, wrong.Failure);

        var secondary = await rig.CreateSecondaryElsewhereAsync();
        var second = await Assert.ThrowsAsync<RotationException>(
            () => rig.Engine.RotateAsync(rig.Request() with { Token = HeldToken.Read(rig.Sid, secondary, "the test") }, Cancel));
        Assert.Equal(RotationFailure.Precondition, second.Failure);
        Assert.False(rig.HasState());
    }

    [Fact]
    public async Task A_secondary_that_another_has_made_is_left_alone_unless_told_otherwise()
    {
        await using var rig = await Rig.StartAsync();
        var theirs = await rig.CreateSecondaryElsewhereAsync();

        var refused = await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(rig.Request(), Cancel));
        Assert.Equal(RotationFailure.Precondition, refused.Failure);
        Assert.Contains(HeldToken.Read(rig.Sid, theirs, "the test").Fingerprint, refused.Message, StringComparison.Ordinal);
        Assert.Equal(200, await rig.CheckAsync(theirs));

        await rig.Engine.RotateAsync(rig.Request() with { ReplaceSecondary = true }, Cancel);
        Assert.Equal((401, 200), (await rig.CheckAsync(theirs), await rig.CheckAsync(rig.EnvToken)));
        Assert.Contains(rig.Questions, q => q.Text.Contains("did not make", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_kept_tokens_a_stopped_rotation_makes_another_and_delivers_it()
    {
        await using var rig = await Rig.StartAsync();
        var request = rig.Request() with { StoreTokens = false };
        rig.Answer = _ => false;
        await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(request, Cancel));
        var first = rig.EnvToken;

        rig.Answer = _ => true;
        await rig.Engine.RotateAsync(request, Cancel);

        Assert.NotEqual(first, rig.EnvToken);
        Assert.Equal((401, 200, 401), (await rig.CheckAsync(first), await rig.CheckAsync(rig.EnvToken), await rig.CheckAsync(rig.Server.Account.Token)));
    }

    [Fact]
    public async Task A_secondary_that_somebody_deleted_meanwhile_is_made_again_and_delivered_everywhere()
    {
        await using var rig = await Rig.StartAsync();
        rig.Answer = _ => false;
        await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(rig.Request(), Cancel));
        var dead = rig.EnvToken;
        await rig.Server.SendAsync("DELETE", "/v1/AuthTokens/Secondary");

        rig.Answer = _ => true;
        await rig.Engine.RotateAsync(rig.Request(), Cancel);

        Assert.NotEqual(dead, rig.EnvToken);
        Assert.Equal(200, await rig.CheckAsync(rig.EnvToken));
    }

    [Fact]
    public async Task One_rotation_of_an_account_runs_at_a_time_and_the_other_is_told_who()
    {
        await using var rig = await Rig.StartAsync();
        RotationException? second = null;
        rig.Answer = _ =>
        {
            second = Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(rig.Request() with { StartedBy = "grace" }, Cancel)).GetAwaiter().GetResult();
            return true;
        };

        await rig.Engine.RotateAsync(rig.Request() with { StartedBy = "ada" }, Cancel);

        Assert.Equal(RotationFailure.Precondition, second!.Failure);
        Assert.Contains("ada, process ", second.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Time_that_runs_out_while_waiting_leaves_both_tokens_and_the_state()
    {
        await using var rig = await Rig.StartAsync();
        var waiting = rig.Request() with { Watch = new(), Timeout = TimeSpan.FromMilliseconds(20) };

        var pending = await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(waiting, Cancel));

        Assert.Equal(RotationFailure.Pending, pending.Failure);
        Assert.True(rig.HasState());
        Assert.Equal((200, 200), (await rig.CheckAsync(rig.EnvToken), await rig.CheckAsync(rig.Server.Account.Token)));
        await rig.Engine.RotateAsync(waiting with { Force = true }, Cancel);
        Assert.NotEmpty(Assert.Single(rig.Questions).InTheWay);
        Assert.Equal(401, await rig.CheckAsync(rig.Server.Account.Token));
    }

    [Fact]
    public async Task Twilio_is_given_the_soak_and_says_that_it_reports_no_use()
    {
        var time = new FakeTimeProvider(DateTimeOffset.Parse("2026-11-24T09:00:00Z", System.Globalization.CultureInfo.InvariantCulture));
        await using var rig = await Rig.StartAsync(time);
        var plan = rig.Plan("[[destination]]\ntype = \"dotenv\"\npath = \".env\"\nverify = [\"true\"]\n");
        var running = rig.Engine.RotateAsync(rig.OnTwilio([.. plan.Destinations]) with { Watch = new(), Poll = null }, Cancel);

        await Until.TrueAsync(() => rig.Events.Any(e => e.Step == "watch"));
        Assert.Equal(200, await rig.CheckAsync(rig.Server.Account.Token));
        await Until.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(30));
            return running.IsCompleted;
        });

        var result = await running;
        Assert.True(result.Report.State.PromotedAt - result.Report.State.DeliveredAt >= TimeSpan.FromMinutes(10));
        Assert.Contains(rig.Events, e => e.Text.Contains("verified by 1 check; Twilio does not report who uses a token", StringComparison.Ordinal));
        Assert.Equal((200, 401), (await rig.CheckAsync(rig.EnvToken), await rig.CheckAsync(rig.Server.Account.Token)));
    }

    [Fact]
    public async Task No_destination_and_a_missing_file_are_told_before_a_token_is_made()
    {
        await using var rig = await Rig.StartAsync();
        var none = await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(rig.Request() with { Destinations = [] }, Cancel));
        Assert.Equal(RotationFailure.Usage, none.Failure);
        var missing = await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(rig.Request(RotationPlan.Dotenv(rig.PathOf("absent"))), Cancel));
        Assert.Equal(RotationFailure.Destination, missing.Failure);
        Assert.False(await rig.HasSecondaryAsync(rig.Server.Account.Token));
    }

    [Fact]
    public async Task A_preview_says_what_would_change_and_changes_nothing()
    {
        await using var rig = await Rig.StartAsync();
        var before = await File.ReadAllTextAsync(rig.Env, Cancel);

        var preview = await rig.Engine.PreviewAsync(rig.Request(), Cancel);

        Assert.Equal(("Acme", rig.First.Fingerprint), (preview.AccountName, preview.Fingerprint));
        Assert.Equal(
            [$"- TWILIO_AUTH_TOKEN=\"[token {rig.First}]\"", "+ TWILIO_AUTH_TOKEN=\"[the new token]\""], Assert.Single(preview.Destinations).Found.Changes);
        Assert.Equal(before, await File.ReadAllTextAsync(rig.Env, Cancel));
        Assert.False(await rig.HasSecondaryAsync(rig.Server.Account.Token));
        Assert.False(rig.HasState());
    }

    private static void AssertSilent(Rig rig, string said)
    {
        Assert.DoesNotContain(rig.Server.Account.Token, said, StringComparison.Ordinal);
        Assert.DoesNotContain(rig.EnvToken, said, StringComparison.Ordinal);
    }
}
