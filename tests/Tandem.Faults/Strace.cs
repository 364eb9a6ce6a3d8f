using System.Diagnostics;
using System.Globalization;

namespace Tandem.Faults;

/// <summary>strace on all threads of a running process, until it is disposed or the process ends.</summary>
internal sealed class Strace : IAsyncDisposable
{
    private readonly Process _process;
    private readonly bool _isOwn;

    private Strace(Process process, bool isOwn) => (_process, _isOwn) = (process, isOwn);

    /// <summary>Attaches; when this returns, every system call from then on is seen.</summary>
    /// <param name="processId">Whom to.</param>
    /// <param name="arguments">What to do: strace's own options.</param>
    public static async Task<Strace> AttachAsync(int processId, params string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo("strace", ["-f", .. arguments, "-p", processId.ToString(CultureInfo.InvariantCulture)])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        })!;
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            if (line.Contains("attached", StringComparison.Ordinal))
            {
                _ = process.StandardError.ReadToEndAsync(); // it goes on talking, and must not block on a full pipe
                return new(process, isOwn: processId == Environment.ProcessId);
            }
        }

        throw new InvalidOperationException("strace could not attach to the server.");
    }

    /// <summary>Detaches, and waits until everything that was seen is written (not from this very process: to ask it there would take a child that is traced as well).</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isOwn)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        else if (!_process.HasExited)
        {
            using var interrupt = Process.Start(new ProcessStartInfo("kill", ["-INT", $"{_process.Id}"]) { UseShellExecute = false, RedirectStandardError = true }); // it may end by itself meanwhile
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }
}
