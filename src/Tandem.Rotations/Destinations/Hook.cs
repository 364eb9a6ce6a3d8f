using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tandem.Rotations.Destinations;

/// <summary>What a hook reads from its standard input: one JSON object.</summary>
public sealed record HookInput
{
    /// <summary>The form of this object; members may be added to it.</summary>
    public int Version { get; init; } = 1;

    /// <summary>What is to be done: <c>deliver</c>, <c>verify</c>, <c>rollback</c>, <c>tidy</c>.</summary>
    public required string Phase { get; init; }

    /// <summary>The account.</summary>
    public required string AccountSid { get; init; }

    /// <summary>Where its tokens are made.</summary>
    public required string Target { get; init; }

    /// <summary>The new token.</summary>
    public required string New { get; init; }

    /// <summary>The old token; null when nobody at hand holds it any more.</summary>
    public required string? Old { get; init; }

    /// <summary>The new token's fingerprint.</summary>
    public required string NewFingerprint { get; init; }

    /// <summary>The old token's fingerprint.</summary>
    public required string? OldFingerprint { get; init; }

    /// <summary>The phase; never a token.</summary>
    public override string ToString() => Phase;
}

/// <summary>
/// Runs a program of the user's: an argv array and no shell, the tokens as JSON on its standard input and nowhere else, a time limit, and what
/// it said with the tokens taken out.
/// </summary>
/// <param name="argv">The program and its arguments.</param>
/// <param name="limit">After this long it is killed, with its children.</param>
/// <param name="directory">Where it runs; null for where this program was started.</param>
internal sealed class Hook(IReadOnlyList<string> argv, TimeSpan limit, string? directory)
{
    private const int MostLines = 12;

    /// <summary>A program may leave another behind that holds its output open: that one is not waited for.</summary>
    private static readonly TimeSpan s_lastWords = TimeSpan.FromMilliseconds(500);

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

    /// <summary>Runs it. Exit code 0 is success.</summary>
    /// <exception cref="RotationException">It failed, or took too long.</exception>
    public async Task RunAsync(string phase, Delivery delivery, CancellationToken cancel)
    {
        var (status, output) = await TryRunAsync(phase, delivery, cancel);
        if (status is not 0)
        {
            var why = status is { } code ? $"ended with exit code {code.ToString(CultureInfo.InvariantCulture)}" : $"did not end within {limit.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s and was killed";
            throw new RotationException(RotationFailure.Destination, $"{Text} {why} ({phase}).{(output.Length == 0 ? "" : $" It said:\n{output}")}");
        }
    }

    private async Task<(int? Status, string Output)> TryRunAsync(string phase, Delivery delivery, CancellationToken cancel)
    {
        using var process = Start(phase, delivery);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        ending.CancelAfter(limit);
        var said = new StringBuilder();
        var exited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.Exited += (_, _) => exited.TrySetResult();
        process.EnableRaisingEvents = true;
        process.OutputDataReceived += (_, line) => Keep(said, line.Data);
        process.ErrorDataReceived += (_, line) => Keep(said, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await WriteAsync(process, phase, delivery, ending.Token);
            await exited.Task.WaitAsync(ending.Token);
            await Task.WhenAny(process.WaitForExitAsync(ending.Token), Task.Delay(s_lastWords, ending.Token));
            return (process.ExitCode, Shown(said, delivery));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancel.ThrowIfCancellationRequested();
            return (null, Shown(said, delivery));
        }
    }

    /// <summary>A path is relative to the hook's folder, as its writer sees it; a bare name is looked for in PATH.</summary>
    private string Program() => argv[0].Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(argv[0], directory ?? Environment.CurrentDirectory) : argv[0];

    private Process Start(string phase, Delivery delivery)
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

        start.Environment["TANDEM_PHASE"] = phase;
        start.Environment["TANDEM_ACCOUNT_SID"] = delivery.AccountSid;
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new RotationException(RotationFailure.Destination, $"{Text} cannot be started ({e.Message}).", e);
        }
    }

    private static async Task WriteAsync(Process process, string phase, Delivery delivery, CancellationToken cancel)
    {
        var (old, token) = (delivery.Tokens.Old, delivery.Tokens.New);
        var input = JsonSerializer.SerializeToUtf8Bytes(
            new HookInput
            {
                Phase = phase,
                AccountSid = delivery.AccountSid,
                Target = delivery.Target,
                New = token.Reveal(),
                Old = old?.Reveal(),
                NewFingerprint = token.Fingerprint,
                OldFingerprint = old?.Fingerprint,
            },
            SecretJson.Default.HookInput);
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

    private static void Keep(StringBuilder said, string? line)
    {
        lock (said)
        {
            if (line is { Length: > 0 } && said.Length < 64 * 1024)
            {
                said.Append(line).Append('\n');
            }
        }
    }

    private static string Shown(StringBuilder said, Delivery delivery)
    {
        lock (said)
        {
            var lines = delivery.Tokens.Redact(said.ToString()).TrimEnd('\n').Split('\n');
            return string.Join('\n', lines.TakeLast(MostLines).Select(l => new string([.. l.Where(c => !char.IsControl(c))]))).Trim();
        }
    }
}
