using System.Security.Cryptography;
using Xunit;

namespace Tandem.Rotations.Tests;

/// <summary>What is remembered of an unfinished rotation: sealed, private, and of no use when it was changed.</summary>
public sealed class StateTests
{
    private const string Sid = "AC00000000000000000000000000000001";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_are_private_and_hold_no_token_in_clear()
    {
        await using var rig = await StoppedAsync();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(rig.States.Path));
        foreach (var file in Directory.EnumerateFiles(rig.States.Path).Where(f => !f.EndsWith(".holder", StringComparison.Ordinal)))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            var text = await File.ReadAllTextAsync(file, Cancel);
            Assert.DoesNotContain(rig.EnvToken, text, StringComparison.Ordinal);
            Assert.DoesNotContain(rig.Server.Account.Token, text, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(rig.EnvToken))[..20], text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_state_that_was_changed_anywhere_does_not_open()
    {
        await using var rig = await StoppedAsync();
        var file = Assert.Single(Directory.EnumerateFiles(rig.States.Path, "*.state"));
        var whole = await File.ReadAllTextAsync(file, Cancel);
        foreach (var changed in new[]
        {
            whole.Replace("\"watching\"", "\"promoting\"", StringComparison.Ordinal), whole.Replace("\"leaked\":false", "\"leaked\":true", StringComparison.Ordinal),
            whole[..^10] + "AAAAAAAA=\n", whole.Split('\n')[0] + "\n", "{}\n", "",
        })
        {
            Assert.NotEqual(whole, changed);
            await File.WriteAllTextAsync(file, changed, Cancel);
            var refused = await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(rig.Request(), Cancel));
            Assert.Equal(RotationFailure.Precondition, refused.Failure);
        }

        await File.WriteAllTextAsync(file, whole, Cancel);
        await rig.Engine.RotateAsync(rig.Request(), Cancel);
    }

    [Theory]
    [InlineData("id")]
    [InlineData("version")]
    [InlineData("account_sid")]
    [InlineData("target")]
    [InlineData("started")]
    [InlineData("started_by")]
    [InlineData("old_fingerprint")]
    [InlineData("destinations")]
    public async Task A_state_that_lacks_something_is_told_of_and_not_gone_on_with(string name)
    {
        await using var rig = await StoppedAsync();
        var file = Assert.Single(Directory.EnumerateFiles(rig.States.Path, "*.state"));
        var lines = (await File.ReadAllTextAsync(file, Cancel)).Split('\n');
        foreach (var isNull in (bool[])[false, true])
        {
            var state = System.Text.Json.Nodes.JsonNode.Parse(lines[0])!.AsObject();
            Assert.True(state.Remove(name));
            if (isNull)
            {
                state[name] = null;
            }

            await File.WriteAllTextAsync(file, $"{state.ToJsonString()}\n{lines[1]}\n", Cancel);
            foreach (var refused in (RotationException[])[
                Assert.Throws<RotationException>(() => rig.States.List()), await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(rig.Request(), Cancel))])
            {
                Assert.Equal(RotationFailure.Precondition, refused.Failure);
                Assert.StartsWith($"{file} ", refused.Message, StringComparison.Ordinal);
                Assert.Contains("finish it with the tandem that began it", refused.Message, StringComparison.Ordinal);
                Assert.Contains($"rm '{file}'", refused.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task A_key_that_others_may_read_is_refused_with_the_cure()
    {
        await using var rig = await StoppedAsync();
        var key = Path.Combine(rig.States.Path, "state.key");
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        rig.States = new(rig.States.Path);
        var refused = await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(rig.Request(), Cancel));
        Assert.Contains($"chmod 600 {key}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_passphrase_seals_in_place_of_the_key_file_and_only_it_opens()
    {
        await using var rig = await Rig.StartAsync();
        rig.States = new(rig.States.Path, "correct horse");
        rig.Answer = _ => false;
        await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(rig.Request(), Cancel));
        Assert.False(File.Exists(Path.Combine(rig.States.Path, "state.key")));

        rig.Answer = _ => true;
        foreach (var other in new[] { null, "wrong horse" })
        {
            rig.States = new(rig.States.Path, other);
            var refused = await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(rig.Request(), Cancel));
            Assert.Equal(RotationFailure.Precondition, refused.Failure);
        }

        rig.States = new(rig.States.Path, "correct horse");
        await rig.Engine.RotateAsync(rig.Request(), Cancel);
        Assert.Equal(200, await rig.CheckAsync(rig.EnvToken));
    }

    [Fact]
    public void A_passphrase_is_stretched_once_for_all_that_a_process_seals_and_no_two_seals_are_alike()
    {
        var seal = StateSeal.FromPassphrase("correct horse");
        var tokens = new SealedTokens { Old = "a", New = "b" };
        var lines = Enumerable.Range(0, 2_000).Select(_ => seal.Seal(tokens, "beside"u8).Split(' ')).ToList(); // each stretched by itself would take minutes

        Assert.Single(lines.Select(l => l[0]).Distinct());
        Assert.Matches("^pbkdf2-[0-9a-f]{32}$", lines[0][0]);
        Assert.Equal(lines.Count, lines.Select(l => l[1]).Distinct().Count());
        var other = StateSeal.FromPassphrase("correct horse");
        Assert.NotEqual(lines[0][0], other.Seal(tokens, "beside"u8).Split(' ')[0]);
        Assert.Equal("b", other.Open(string.Join(' ', lines[^1]), "beside"u8, "file").New);
        Assert.Throws<RotationException>(() => StateSeal.FromPassphrase("wrong horse").Open(string.Join(' ', lines[0]), "beside"u8, "file"));
    }

    [Fact]
    public async Task Without_kept_tokens_the_sealed_part_holds_none()
    {
        await using var rig = await Rig.StartAsync();
        rig.Answer = _ => false;
        await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(rig.Request() with { StoreTokens = false }, Cancel));

        var (state, tokens) = rig.States.Load(AccountSid.Parse(rig.Sid), rig.Request().Issuer.Target)!.Value;

        Assert.Equal((null, null), (tokens.Old, tokens.New));
        Assert.Equal((rig.First.Fingerprint, RotationStep.Watching), (state.OldFingerprint, state.Step));
    }

    [Fact]
    public async Task Fingerprints_are_those_that_the_server_shows()
    {
        await using var rig = await Rig.StartAsync();
        var shown = await rig.Server.SendAsync("GET", $"/tandem/v1/accounts/{rig.Sid}/tokens");
        Assert.Equal(shown.Json.GetProperty("primary").GetProperty("fingerprint").GetString(), rig.First.Fingerprint);
        for (var i = 0; i < 100; i++)
        {
            var text = RandomNumberGenerator.GetHexString(32, lowercase: true);
            using var token = AuthToken.TryParse(System.Text.Encoding.ASCII.GetBytes(text), out var parsed) ? parsed : throw new InvalidOperationException();
            Assert.True(AccountSid.TryParse(Sid, out var sid));
            Assert.Equal(Fingerprint.Of(sid, token).ToString(), HeldToken.Read(Sid, text, "the test").Fingerprint);
        }
    }

    [Theory]
    [InlineData("0123456789abcdef0123456789abcdef\n", "a token is 32 characters, this is 33")]
    [InlineData(" 0123456789abcdef0123456789abcdef", "white space")]
    [InlineData("", "is empty")]
    [InlineData("SK0123456789abcdef0123456789abcdef", "API keys may not")]
    [InlineData("0123456789abcdef0123456789abcde-", "holds no token")]
    public void What_is_no_token_is_told_without_showing_it(string text, string told)
    {
        var refused = Assert.Throws<RotationException>(() => HeldToken.Read(Sid, text, "TWILIO_AUTH_TOKEN"));
        Assert.Contains(told, refused.Message, StringComparison.Ordinal);
        Assert.Contains("TWILIO_AUTH_TOKEN", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("0123456789abcdef", refused.Message, StringComparison.Ordinal);
    }

    private static async Task<Rig> StoppedAsync()
    {
        var rig = await Rig.StartAsync();
        rig.Answer = _ => false;
        await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(rig.Request(), TestContext.Current.CancellationToken));
        rig.Answer = _ => true;
        return rig;
    }
}
