using Xunit;

namespace Tandem.Cli.Tests;

/// <summary><c>tandem completion</c> in the shells themselves, on a terminal where somebody presses Tab.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly Workspace _at = new();

    public CompletionTests()
    {
        // The program as a shell finds it.
        var bin = Directory.CreateDirectory(Path.Combine(_at.Root, "bin")).FullName;
        var program = Path.Combine(bin, "tandem");
        File.WriteAllText(program, $"#!/bin/sh\nexec {string.Join(' ', Workspace.Program)} \"$@\"\n");
        File.SetUnixFileMode(program, (UnixFileMode)0b111_101_101);
        File.WriteAllText(Path.Combine(_at.Root, "notes.env"), "");
        _at.Variables["PATH"] = $"{bin}:{Environment.GetEnvironmentVariable("PATH")}";
        _at.Variables["TERM"] = "xterm";
        _at.Variables["HOME"] = _at.Root;
    }

    public void Dispose() => _at.Dispose();

    [Theory]
    [InlineData("bash --norc --noprofile -i", "source <(tandem completion bash)")]
    [InlineData("zsh -f -i", "PS1='$ '; autoload -U compinit; compinit -D; source <(tandem completion zsh)")]
    public async Task Tab_completes_verbs_flags_values_and_files(string shell, string source)
    {
        var said = await _at.ConverseAsync(
            shell,
            ("", source + "; echo r''eady\n"),
            ("ready", "tandem verify-s\t"),
            ("tandem verify-signature", "--sig\t"), // what was typed and what was completed, in one piece
            ("--signature", "\u0015tandem token sh\t"),
            ("tandem token show", "AC00000000000000000000000000000000 -o t\t\t"),
            ("table  tsv", "\u0015tandem rotate --dotenv no\t"),
            ("--dotenv notes.env", "\u0015exit\n"));

        Assert.Contains("table", said.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("/?", said.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fish_is_told_the_same()
    {
        Assert.Equal("token\n", (await FishAsync("tandem tok")).Out);
        Assert.Equal("bash\nfish\nzsh\n", (await FishAsync("tandem completion ")).Out);
        Assert.Contains("--signature\n", (await FishAsync("tandem verify-signature --s")).Out, StringComparison.Ordinal);
        Assert.Equal("notes.env\n", (await FishAsync("tandem rotate --dotenv no")).Out);
    }

    [Fact]
    public async Task A_shell_that_is_not_known_is_refused_with_those_that_are()
    {
        var said = await _at.TandemAsync("completion", "tcsh");

        Assert.Equal((2, ""), (said.ExitCode, said.Out));
        Assert.Contains("'bash'", said.Error, StringComparison.Ordinal);
    }

    /// <summary>What fish would offer, sorted, without descriptions.</summary>
    private Task<Said> FishAsync(string line) => _at.BashAsync($"fish --no-config -c 'tandem completion fish | source; complete -C \"{line}\"' | cut -f1 | LC_ALL=C sort");
}
