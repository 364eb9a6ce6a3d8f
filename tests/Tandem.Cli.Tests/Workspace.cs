using System.Collections;
using System.Diagnostics;
using System.Reflection;
using System.Security.Cryptography;

// Each test is a handful of processes, and some are about how soon one ends.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Tandem.Cli.Tests;

/// <summary>What a command said.</summary>
internal sealed record Said(int ExitCode, string Out, string Error);

/// <summary>
/// A directory of its own, in which the real program runs as a child process. With <c>TANDEM_TEST_BINARY</c> it is that program (the
/// published one, say), else the one that the build has just made.
/// </summary>
internal sealed class Workspace : IDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>The program as the words of a command line.</summary>
    public static readonly string[] Program = Environment.GetEnvironmentVariable("TANDEM_TEST_BINARY") is { Length: > 0 } native
        ? [native]
        : ["dotnet", Path.GetFullPath(typeof(Workspace).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "Program").Value!)];

    public Workspace()
    {
        // Short: a Unix socket's path holds 107 bytes.
        Root = Path.Combine("/tmp", "tandem-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5)));
        Directory.CreateDirectory(Root);
    }

    public string Root { get; }

    /// <summary>How long one command may take.</summary>
    public TimeSpan Patience { get; init; } = Limit;

    public string Data => Path.Combine(Root, "tandem-data");

    public string FirstAccount => Path.Combine(Data, "first-account.env");

    public Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);

    /// <summary>Runs the program with its output in pipes and an empty standard input.</summary>
    public Task<Said> TandemAsync(params string[] arguments) => RunAsync([.. Program, .. arguments]);

    /// <summary>Runs a line of bash.</summary>
    public Task<Said> BashAsync(string line) => RunAsync(["bash", "-c", line]);

    /// <summary>Runs the program on a terminal, where somebody types this.</summary>
    public Task<Said> OnTerminalAsync(string typed, params string[] arguments) =>
        RunAsync(["script", "-qefc", Line(arguments), "/dev/null"], typed);

    /// <summary>Runs the program on a terminal of so many columns. What the runtime says to the terminal itself is left out.</summary>
    public async Task<Said> AtWidthAsync(int columns, params string[] arguments)
    {
        var said = await RunAsync(["script", "-qefc", $"stty cols {columns}; {Line(arguments)}", "/dev/null"]);
        return said with { Out = said.Out.Replace("\u001b[?1h\u001b=", "", StringComparison.Ordinal) };
    }

    /// <summary>Runs the program on a terminal, where each question is answered once it is asked after the answer before.</summary>
    public Task<Said> AnswerAsync((string Question, string Typed)[] answers, params string[] arguments) =>
        ConverseAsync(Line(arguments), answers);

    /// <summary>Runs any command line on a terminal, and types each answer once its question is seen behind the one before.</summary>
    public async Task<Said> ConverseAsync(string line, params (string Question, string Typed)[] answers)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var process = Start(["script", "-qefc", line, "/dev/null"]);
        var (read, said, answered) = (new char[4096], "", 0);
        foreach (var (question, typed) in answers)
        {
            int asked;
            while ((asked = said.IndexOf(question, answered, StringComparison.Ordinal)) < 0)
            {
                var count = await process.StandardOutput.ReadAsync(read, limit.Token);
                said += count > 0 ? new string(read, 0, count) : throw new InvalidOperationException($"It ended without asking: {said}");
            }

            answered = asked + question.Length;
            await process.StandardInput.WriteAsync(typed);
            await process.StandardInput.FlushAsync(limit.Token);
        }

        said += await process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return new(process.ExitCode, said, "");
    }

    /// <summary>Runs the program on a terminal and types Ctrl-C when it asks.</summary>
    public async Task<int> InterruptAtQuestionAsync(params string[] arguments) => (await AnswerAsync([("[y/N]", "\u0003")], arguments)).ExitCode;

    /// <summary>Starts a process here with an environment that holds no setting but this test's.</summary>
    public Process Start(IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            WorkingDirectory = Root,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(e => (string)e.Key).Where(IsOurs))
        {
            start.Environment.Remove(name);
        }

        start.Environment["SHELL"] = "/bin/sh"; // script has its line run by it, and each shell has its own way with a Ctrl-C
        foreach (var (name, value) in Variables)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    /// <summary>The program in the place of the shell, which would otherwise end by Ctrl-C itself, whatever the program makes of it.</summary>
    private static string Line(IEnumerable<string> arguments) => $"exec {string.Join(' ', Program.Concat(arguments))}";

    private static bool IsOurs(string name) =>
        name.StartsWith("TANDEM_", StringComparison.Ordinal) || name.StartsWith("TWILIO_", StringComparison.Ordinal)
        || name.EndsWith("_PROXY", StringComparison.OrdinalIgnoreCase);

    private async Task<Said> RunAsync(IReadOnlyList<string> command, string typed = "")
    {
        using var limit = new CancellationTokenSource(Patience);
        using var process = Start(command);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
        await process.StandardInput.WriteAsync(typed);
        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return new(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{string.Join(' ', command)} did not end within {Patience}.", e);
        }
    }
}
