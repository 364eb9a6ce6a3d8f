using System.ComponentModel;
using System.Diagnostics;
using Tandem.Rotations.Destinations;

namespace Tandem.Rotations;

/// <summary>
/// A program of the user's that prints a secret, such as a password manager's: an argv array and no shell. What it prints is held in memory and
/// shown nowhere, whatever becomes of it. It may ask its own questions: standard input and standard error stay the terminal's.
/// </summary>
/// <param name="argv">The program and its arguments.</param>
/// <param name="limit">After this long it is killed, with its children.</param>
/// <param name="directory">Where it runs.</param>
public sealed class SecretProgram(IReadOnlyList<string> argv, TimeSpan limit, string directory)
{
    private const int MostCharacters = 4096;

    /// <summary>The program's name, for messages; its arguments are nobody's business.</summary>
    public string Name => argv[0];

    /// <summary>Runs it, and returns the one line that it prints.</summary>
    /// <exception cref="RotationException">It cannot be started, fails, takes too long, or prints anything but one line.</exception>
    public string Read()
    {
        using var process = Start();
        var output = ReadAsync(process.StandardOutput);
        if (!process.WaitForExit(limit) || !output.Wait(limit))
        {
            process.Kill(entireProcessTree: true);
            throw Wrong($"did not end within {Durations.Show(limit)}, and was killed");
        }

        if (process.ExitCode != 0)
        {
            throw Wrong($"ended with exit code {process.ExitCode}");
        }

        return output.Result.TrimEnd('\r', '\n') is { Length: > 0 } line && line.Length < MostCharacters && line.AsSpan().IndexOfAny('\r', '\n') < 0 ? line
            : throw Wrong("did not print one line, the token, and nothing else");
    }

    /// <summary>The name; never what it prints.</summary>
    public override string ToString() => Name;

    private Process Start()
    {
        try
        {
            return Process.Start(new ProcessStartInfo(ChildProcess.Find(argv[0], directory), argv.Skip(1)) { WorkingDirectory = directory, UseShellExecute = false, RedirectStandardOutput = true })!;
        }
        catch (Win32Exception e)
        {
            throw Wrong($"cannot be started ({e.Message})");
        }
    }

    /// <summary>No more than a token could ever be: what prints for ever is not read for ever.</summary>
    private static async Task<string> ReadAsync(StreamReader from)
    {
        var buffer = new char[MostCharacters];
        return new(buffer, 0, await from.ReadBlockAsync(buffer));
    }

    private RotationException Wrong(string what) => new(RotationFailure.Credential, $"token_command, {Name}, {what}. Nothing was done. Run it by hand to see why.");
}
