using System.Diagnostics;

namespace Tandem.Cli.Claims;

/// <summary>This very program in a process of its own, with none of the settings that whoever tries the claims may have for a server of theirs.</summary>
internal static class ChildProgram
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    public static Process Start(IEnumerable<string> arguments, (string Name, string Value)[] settings)
    {
        var self = Environment.ProcessPath!;
        var start = new ProcessStartInfo(self) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileName(self).Equals("dotnet", StringComparison.Ordinal))
        {
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "tandem.dll"));
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var name in start.Environment.Keys.Where(n => n.StartsWith("TANDEM_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Runs it to its end. The exit code, and all that it said; one that goes on is killed and counts as a success, which no trial expects of a start.</summary>
    public static async Task<(int ExitCode, string Said)> RunAsync(string[] arguments, (string Name, string Value)[] settings, CancellationToken cancel)
    {
        using var process = Start(arguments, settings);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(cancel), process.StandardError.ReadToEndAsync(cancel));
        try
        {
            await process.WaitForExitAsync(cancel).WaitAsync(s_patience, cancel);
            return (process.ExitCode, await output + await error);
        }
        catch (TimeoutException)
        {
            process.Kill();
            return (ExitCode.Done, "it goes on and on");
        }
    }
}
