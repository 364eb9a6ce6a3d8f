using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace Tandem.Cli.Tests;

/// <summary><c>tandem demo</c>: a rotation to watch, which ends by itself and leaves nothing behind.</summary>
public sealed class DemoTests : IDisposable
{
    private readonly Workspace _at = new();

    public DemoTests()
    {
        Directory.CreateDirectory(Temporary);
        _at.Variables["TMPDIR"] = Temporary;

        // A shell with settings of its own server has no part in it.
        _at.Variables["TANDEM_DATA"] = "elsewhere";
        _at.Variables["TANDEM_LISTEN"] = "192.0.2.1:1";
        _at.Variables["TWILIO_AUTH_TOKEN"] = "ffffffffffffffffffffffffffffffff";
    }

    private string Temporary => Path.Combine(_at.Root, "t");

    public void Dispose() => _at.Dispose();

    [Fact]
    public async Task In_a_pipe_it_tells_a_whole_rotation_and_ends_with_no_request_refused()
    {
        var began = Stopwatch.GetTimestamp();
        var said = await _at.TandemAsync("demo");

        Assert.True(said.ExitCode == 0, said.Error);
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.Matches(@"^\d{2,} requests of two apps, 0 failed; the old token [0-9a-f]{4} is refused \(401\), [0-9a-f]{4} is the primary; \d+ s\n$", said.Out);
        var steps = new[] { "server    http://127.0.0.1:", "console   http://127.0.0.1:", "  1  preflight", "  2  create", "  3  deliver", "  4  watch", "  5  promote", "  7  verify", "next: " };
        Assert.Equal(steps, said.Error.Split('\n').Select(line => Array.Find(steps, step => line.StartsWith(step, StringComparison.Ordinal))).OfType<string>().Distinct());
        Assert.Contains("\n     billing", said.Error, StringComparison.Ordinal); // when it moves is its own affair
        Assert.Contains("\n     reports", said.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', said.Error);
        Assert.DoesNotContain("/setup#", said.Error, StringComparison.Ordinal); // a secret, and a pipe may end in a log
        Assert.DoesNotMatch("(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", (said.Out + said.Error).Replace("AC", "", StringComparison.Ordinal));
        AssertClean();
    }

    [Fact]
    public async Task On_a_terminal_it_is_kept_until_Ctrl_C()
    {
        var said = await _at.AnswerAsync([("the server goes on until Ctrl-C", "\u0003")], "demo", "--keep");

        Assert.Equal(0, said.ExitCode);
        Assert.Contains(", 0 failed; the old token ", said.Out, StringComparison.Ordinal);
        Assert.Contains("/setup#", said.Out, StringComparison.Ordinal);
        Assert.Contains("\u001b[32mok\u001b[0m", said.Out, StringComparison.Ordinal);
        AssertClean();
    }

    [Fact]
    public async Task Ctrl_C_in_the_middle_cleans_up_as_well()
    {
        _at.Variables["NO_COLOR"] = "1";
        var said = await _at.AnswerAsync([("  4  watch", "\u0003")], "demo");

        Assert.Equal(130, said.ExitCode);
        Assert.DoesNotContain("[32m", said.Out, StringComparison.Ordinal);
        AssertClean();
    }

    [Fact]
    public async Task For_a_machine_each_event_is_a_line_of_JSON_and_the_last_is_the_outcome()
    {
        var said = await _at.TandemAsync("demo", "-o", "json");

        var lines = said.Out.TrimEnd('\n').Split('\n').Select(line => JsonElement.Parse(line)).ToList();
        Assert.Equal("preflight", lines[0].GetProperty("step").GetString());
        Assert.Equal((0, 401), (lines[^1].GetProperty("failed").GetInt32(), lines[^1].GetProperty("old_token_status").GetInt32()));
        AssertClean();
    }

    [Fact]
    public async Task A_temporary_directory_that_will_not_do_is_said_to_be_so()
    {
        var deep = Path.Combine(Temporary, new string('d', 100));
        Directory.CreateDirectory(deep);
        _at.Variables["TMPDIR"] = deep;

        var said = await _at.TandemAsync("demo");

        Assert.Equal((1, ""), (said.ExitCode, said.Out));
        Assert.Contains("TMPDIR=/tmp tandem demo", said.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(deep));
    }

    private void AssertClean()
    {
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(Temporary), e => Path.GetFileName(e).StartsWith("tandem-demo-", StringComparison.Ordinal));
        Assert.False(Directory.Exists(Path.Combine(_at.Root, "elsewhere")));
    }
}
