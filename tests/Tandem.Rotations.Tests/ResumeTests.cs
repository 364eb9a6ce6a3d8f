using Tandem.Testing;
using Xunit;

namespace Tandem.Rotations.Tests;

/// <summary>A rotation that is resumed without the old token, after somebody has deleted or replaced the new one.</summary>
public sealed class ResumeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_parents_rotation_whose_secondary_was_deleted_makes_another()
    {
        await using var rig = await Rig.StartAsync();
        var (sub, request, env) = await SubaccountAsync(rig);
        var dead = await StopAsync(rig, request, env);
        await rig.Server.SendAsync("DELETE", "/v1/AuthTokens/Secondary", r => r.As(sub));

        await rig.Engine.RotateAsync(request, Cancel);

        var token = TokenIn(env);
        Assert.NotEqual(dead, token);
        Assert.Equal((200, 401), (await CheckAsync(rig, sub with { Token = token }), await CheckAsync(rig, sub)));
    }

    [Fact]
    public async Task A_parents_rotation_whose_tokens_were_replaced_delivers_no_dead_one()
    {
        await using var rig = await Rig.StartAsync();
        var (sub, request, env) = await SubaccountAsync(rig);
        await StopAsync(rig, request, env);
        await rig.Server.SendAsync("DELETE", "/v1/AuthTokens/Secondary", r => r.As(sub));
        var made = (await rig.Server.SendAsync("POST", "/v1/AuthTokens/Secondary", r => r.As(sub))).Text("secondary_auth_token")!;
        await rig.Server.SendAsync("POST", "/v1/AuthTokens/Promote", r => r.As(sub));
        await File.WriteAllTextAsync(env, $"TWILIO_AUTH_TOKEN={made}\n", Cancel);

        var urgent = await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(request, Cancel));

        Assert.Equal(RotationFailure.Verification, urgent.Failure);
        Assert.Equal(made, TokenIn(env));
    }

    [Fact]
    public async Task Without_the_old_token_and_without_a_parent_nothing_is_guessed()
    {
        await using var rig = await Rig.StartAsync();
        rig.Answer = _ => false;
        var request = rig.Request() with { StoreTokens = false };
        await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(request, Cancel));
        rig.Answer = _ => true;
        var dead = rig.EnvToken;
        await rig.Server.SendAsync("DELETE", "/v1/AuthTokens/Secondary");

        var unknown = await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(request with { Token = HeldToken.Read(rig.Sid, dead, "the test") }, Cancel));
        Assert.Equal(RotationFailure.Credential, unknown.Failure);
        Assert.Contains($"Give the old one: --token-file", unknown.Message, StringComparison.Ordinal);

        await rig.Engine.RotateAsync(request, Cancel);
        Assert.NotEqual(dead, rig.EnvToken);
        Assert.Equal((200, 401), (await rig.CheckAsync(rig.EnvToken), await rig.CheckAsync(rig.Server.Account.Token)));
    }

    [Fact]
    public async Task A_leaked_tokens_successor_that_was_replaced_since_is_delivered_to_nobody()
    {
        await using var rig = await Rig.StartAsync();
        rig.Script("push.sh", "exit 1\n");
        var plan = rig.Plan("[[destination]]\ntype = \"command\"\nrun = [\"./push.sh\"]\n[[destination]]\ntype = \"dotenv\"\npath = \".env\"\n");
        var request = rig.Request([.. plan.Destinations]) with { Leaked = true };
        await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(request, Cancel));
        rig.Script("push.sh", "exit 0\n");
        var promoted = rig.States.Load(AccountSid.Parse(rig.Sid), request.Issuer.Target)!.Value.Tokens.New!;
        await rig.Server.SendAsync("POST", "/v1/AuthTokens/Secondary", r => r.As(new(rig.Sid, promoted)));
        await rig.Server.SendAsync("POST", "/v1/AuthTokens/Promote", r => r.As(new(rig.Sid, promoted)));
        var before = await File.ReadAllTextAsync(rig.Env, Cancel);

        var urgent = await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(request, Cancel));

        Assert.Equal(RotationFailure.Verification, urgent.Failure);
        Assert.Contains("rm '", urgent.Message, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(rig.Env, Cancel));
    }

    [Fact]
    public async Task A_secondary_that_was_not_kept_and_that_destinations_hold_is_not_deleted_without_being_asked_for()
    {
        await using var rig = await Rig.StartAsync();
        var request = rig.Request() with { StoreTokens = false };
        rig.Answer = _ => false;
        await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(request, Cancel));
        var held = rig.EnvToken;
        rig.Questions.Clear();

        var declined = await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(request, Cancel));

        Assert.Equal(RotationFailure.Declined, declined.Failure);
        Assert.Contains("dotenv ", Assert.Single(Assert.Single(rig.Questions).InTheWay), StringComparison.Ordinal);
        Assert.Equal(200, await rig.CheckAsync(held));
    }

    private static async Task<(TestCredential Sub, RotationRequest Request, string Env)> SubaccountAsync(Rig rig)
    {
        var answer = await rig.Server.SendAsync("POST", "/2010-04-01/Accounts.json", r => r.Form(("FriendlyName", "Sub")));
        var sub = new TestCredential(answer.Text("sid")!, answer.Text("auth_token")!);
        var env = rig.PathOf("sub.env");
        await File.WriteAllTextAsync(env, "APP=x\n", Cancel);
        return (sub, rig.Request(RotationPlan.Dotenv(env)) with { AccountSid = AccountSid.Parse(sub.Sid), Token = null, Parent = rig.First }, env);
    }

    private static async Task<string> StopAsync(Rig rig, RotationRequest request, string env)
    {
        rig.Answer = _ => false;
        await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(request, Cancel));
        rig.Answer = _ => true;
        return TokenIn(env);
    }

    private static string TokenIn(string env) => File.ReadAllLines(env).Last(l => l.StartsWith("TWILIO_AUTH_TOKEN=", StringComparison.Ordinal))["TWILIO_AUTH_TOKEN=".Length..];

    private static async Task<int> CheckAsync(Rig rig, TestCredential credential) =>
        (await rig.Server.SendAsync("GET", $"/2010-04-01/Accounts/{credential.Sid}.json", r => r.As(credential))).Status;
}
