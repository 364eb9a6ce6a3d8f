using System.ComponentModel;
using System.Diagnostics;

namespace Tandem.Rotations.Destinations;

/// <summary>
/// A program that is run: an argv array and no shell, what it reads on its standard input, no token in its arguments or its environment, and a time limit.
/// </summary>
/// <param name="argv">The program and its arguments.</param>
/// <param name="limit">After this long it is killed, with its children.</param>
/// <param name="directory">Where it runs; null for where this program was started.</param>
internal sealed class ChildProcess(IReadOnlyList<string> argv, TimeSpan limit, string? directory)
{
    private const int MostCharacters = 64 * 1024;

    /// <summary>The command as people would write it.</summary>
    public string Text => string.Join(' ', argv.Select(a => a.Any(c => char.IsWhiteSpace(c) || c is '\'' or '"') || a.Length == 0 ? $"'{a.Replace("'", "'\\''", StringComparison.Ordinal)}'" : a));

    /// <summary>What stands in the way of running it; null for nothing.</summary>
    public string? Problem()
    {
        var program = argv[0];
        if (program.Contains('/', StringComparison.Ordinal))
        {
            var path = Program();
            return !File.Exists(path) ? $"There is no program {path}."
                : (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) == UnixFileMode.None ? $"{path} may not be executed: chmod +x {path}"
                : null;
        }

        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, program)))
            ? null
            : $"There is no program '{program}' in PATH.";
    }

    /// <summary>Runs it to its end. Returns its exit code; null when it was killed because it took too long.</summary>
    /// <param name="input">What it reads.</param>
    /// <param name="environment">What is added to this process's environment, from which tokens are taken out.</param>
    /// <param name="output">Is given each line of its output, in pieces of at most 64 Ki characters; not on one thread.</param>
    /// <param name="errors">The same of its errors.</param>
    /// <param name="lastWords">For how long after its end its output is read, since a program that it has left behind may hold that open.</param>
    /// <param name="cancel">Kills it.</param>
    /// <exception cref="RotationException">It cannot be started.</exception>
    public async Task<int?> RunAsync(
        ReadOnlyMemory<byte> input, IReadOnlyDictionary<string, string> environment, Action<string> output, Action<string> errors, TimeSpan lastWords, CancellationToken cancel)
    {
        using var process = Start(environment);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        ending.CancelAfter(limit);
        var exited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.Exited += (_, _) => exited.TrySetResult();
        process.EnableRaisingEvents = true;
        using var over = new CancellationTokenSource();
        var reading = Task.WhenAll(ReadAsync(process.StandardOutput, output, over.Token), ReadAsync(process.StandardError, errors, over.Token));
        try
        {
            await WriteAsync(process, input, ending.Token);
            await exited.Task.WaitAsync(ending.Token);
            await Task.WhenAny(reading, Task.Delay(lastWords, ending.Token));
            return process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancel.ThrowIfCancellationRequested();
            return null;
        }
        finally
        {
            await over.CancelAsync();
            await reading;
        }
    }

    /// <summary>A path is relative to the folder of who names it, as its writer sees it; a bare name is looked for in PATH.</summary>
    public static string Find(string program, string directory) => program.Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(program, directory) : program;

    private string Program() => Find(argv[0], directory ?? Environment.CurrentDirectory);

    private Process Start(IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(Program(), argv.Skip(1))
        {
            WorkingDirectory = directory ?? "",
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // The tokens come by standard input alone; the environment of a process can be read by others of the same user.
        foreach (var name in start.Environment.Keys.Where(n => n.StartsWith("TWILIO_AUTH_TOKEN", StringComparison.Ordinal) || n.StartsWith("TANDEM_STATE_PASSPHRASE", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new RotationException(RotationFailure.Destination, $"{Text} cannot be started ({e.Message}).", e);
        }
    }

    /// <summary>Reads to the end, or until nobody listens. A line that does not end is handed on in pieces, in bounded memory.</summary>
    private static async Task ReadAsync(StreamReader from, Action<string> line, CancellationToken over)
    {
        var (buffer, held) = (new char[MostCharacters], 0);
        try
        {
            while (await from.ReadAsync(buffer.AsMemory(held), over) is > 0 and var read)
            {
                held += read;
                var rest = buffer.AsMemory(0, held);
                for (int end; (end = rest.Span.IndexOf('\n')) >= 0; rest = rest[(end + 1)..])
                {
                    line(rest.Span[..end].TrimEnd('\r').ToString());
                }

                if (rest.Length == buffer.Length)
                {
                    line(rest.ToString());
                    rest = default;
                }

                rest.CopyTo(buffer);
                held = rest.Length;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // It was killed, or has left somebody behind who still holds its output.
        }

        if (held > 0)
        {
            line(new string(buffer, 0, held));
        }
    }

    private static async Task WriteAsync(Process process, ReadOnlyMemory<byte> input, CancellationToken cancel)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(input, cancel);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended, or closed its input, without reading; its exit code tells what that means.
        }
    }
}
