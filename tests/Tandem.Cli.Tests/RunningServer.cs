using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Tandem.Cli.Tests;

/// <summary>A <c>tandem serve</c> that has started; it listens on ports that the system chose.</summary>
internal sealed partial class RunningServer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    private RunningServer(Process process, Task<string> errors, string welcome) => (_process, _errors, Welcome) = (process, errors, welcome);

    /// <summary>What it printed when it had started.</summary>
    public string Welcome { get; }

    /// <summary>Where its API listens.</summary>
    public string Url => Api().Match(Welcome).Groups["url"].Value;

    public static async Task<RunningServer> StartAsync(Workspace at, params string[] arguments)
    {
        using var limit = new CancellationTokenSource(Workspace.Limit);
        var process = at.Start([.. Workspace.Program, "serve", "--listen", "127.0.0.1:0", .. arguments]);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var welcome = new StringBuilder();
        while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            welcome.Append(line).Append('\n');
            if (line.StartsWith("listening on loopback only", StringComparison.Ordinal))
            {
                return new(process, errors, welcome.ToString());
            }
        }

        throw new InvalidOperationException($"The server did not start: {welcome}{await errors}");
    }

    /// <summary>Sends a signal and waits for the end.</summary>
    public async Task<(int ExitCode, TimeSpan Took, string Errors)> StopAsync(string signal)
    {
        using var limit = new CancellationTokenSource(Workspace.Limit);
        var began = Stopwatch.GetTimestamp();
        using (var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]))
        {
            await kill.WaitForExitAsync(limit.Token);
        }

        await _process.WaitForExitAsync(limit.Token);
        return (_process.ExitCode, Stopwatch.GetElapsedTime(began), await _errors);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await StopAsync("KILL");
        }

        _process.Dispose();
    }

    [GeneratedRegex(@"API\s+(?<url>\S+?)/v1/", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Api();
}
