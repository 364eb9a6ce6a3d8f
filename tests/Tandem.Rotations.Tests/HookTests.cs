using System.Diagnostics;
using System.Text.Json;
using Tandem.Rotations.Destinations;
using Xunit;

namespace Tandem.Rotations.Tests;

/// <summary>The user's own programs: what they are given, and what becomes of those that misbehave.</summary>
public sealed class HookTests : IDisposable
{
    private const string Sid = "AC00000000000000000000000000000001";

    private readonly string _home = Directory.CreateTempSubdirectory("tandem-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Delivery Delivery => new(
        new(HeldToken.Read(Sid, new('a', 32), "the test"), HeldToken.Read(Sid, new('b', 32), "the test")), Sid, "https://accounts.twilio.com", []);

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public async Task The_tokens_come_by_standard_input_and_by_nothing_else()
    {
        Environment.SetEnvironmentVariable("TWILIO_AUTH_TOKEN", new('a', 32));
        await Shell("cat > input; env > environment; tr '\\0' '\\n' < /proc/$$/cmdline > arguments").RunAsync("deliver", Delivery, Cancel);
        Environment.SetEnvironmentVariable("TWILIO_AUTH_TOKEN", null);

        var input = JsonElement.Parse(await ReadAsync("input"));
        Assert.Equal((1, "deliver", Sid, new('b', 32), new string('a', 32)), (
            input.GetProperty("version").GetInt32(), input.GetProperty("phase").GetString(), input.GetProperty("account_sid").GetString(),
            input.GetProperty("new").GetString(), input.GetProperty("old").GetString()));
        var elsewhere = await ReadAsync("environment") + await ReadAsync("arguments");
        Assert.Contains("TANDEM_PHASE=deliver", elsewhere, StringComparison.Ordinal);
        Assert.DoesNotContain(new string('a', 32), elsewhere, StringComparison.Ordinal);
        Assert.DoesNotContain(new string('b', 32), elsewhere, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_it_says_is_shown_without_tokens_and_control_characters_and_only_the_end_of_it()
    {
        var failed = await Assert.ThrowsAsync<RotationException>(() => Shell("seq 1 5000; cat; printf '\\033[2Jred\\n'; exit 3").RunAsync("deliver", Delivery, Cancel));

        Assert.Contains("ended with exit code 3 (deliver)", failed.Message, StringComparison.Ordinal);
        Assert.Contains("\"new\":\"[token ", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(new string('b', 32), failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\n4000\n", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_takes_too_long_is_killed_with_its_children()
    {
        var failed = await Assert.ThrowsAsync<RotationException>(
            () => Shell("sleep 600 & echo $! > child; wait", TimeSpan.FromSeconds(1)).RunAsync("verify", Delivery, Cancel));

        Assert.Contains("did not end within 1 s and was killed", failed.Message, StringComparison.Ordinal);
        var child = (await ReadAsync("child")).Trim();
        await Testing.Until.TrueAsync(() => !File.Exists($"/proc/{child}/cmdline") || File.ReadAllText($"/proc/{child}/cmdline").Length == 0);
    }

    [Fact]
    public async Task One_that_leaves_a_daemon_behind_is_not_waited_for()
    {
        var began = Stopwatch.GetTimestamp();
        await Shell("sleep 60 & echo $! > child", TimeSpan.FromSeconds(30)).RunAsync("deliver", Delivery, Cancel);
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(20));
        Process.GetProcessById(int.Parse(await ReadAsync("child"), System.Globalization.CultureInfo.InvariantCulture)).Kill();
    }

    [Fact]
    public async Task One_that_does_not_read_its_input_may_succeed() => await Shell("exec 0<&-; exit 0").RunAsync("deliver", Delivery, Cancel);

    [Fact]
    public void A_program_that_is_not_there_or_may_not_run_is_told_before()
    {
        File.WriteAllText(Path.Combine(_home, "text"), "");
        Assert.Contains("There is no program", new Hook(["./absent"], TimeSpan.FromSeconds(1), _home).Problem(), StringComparison.Ordinal);
        Assert.Contains("chmod +x", new Hook(["./text"], TimeSpan.FromSeconds(1), _home).Problem(), StringComparison.Ordinal);
        Assert.Contains("in PATH", new Hook(["no-such-program-anywhere"], TimeSpan.FromSeconds(1), _home).Problem(), StringComparison.Ordinal);
        Assert.Null(new Hook(["sh"], TimeSpan.FromSeconds(1), _home).Problem());
    }

    private Hook Shell(string script, TimeSpan? limit = null) => new(["sh", "-c", script], limit ?? TimeSpan.FromSeconds(30), _home);

    private Task<string> ReadAsync(string name) => File.ReadAllTextAsync(Path.Combine(_home, name), Cancel);
}
