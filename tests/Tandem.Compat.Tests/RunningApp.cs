using System.Diagnostics;
using System.Text.Json;

namespace Tandem.Compat;

/// <summary>How an app's calls fared.</summary>
/// <param name="Statuses">How many were answered with which status, or failed in which way.</param>
/// <param name="Slots">Of how many the API was told which token they came with.</param>
internal sealed record AppReport(IReadOnlyDictionary<string, int> Statuses, IReadOnlyDictionary<string, int> Slots);

/// <summary>A small service of Node.js that calls an API with the credential in its env file, on and on: <c>node/app.js</c>.</summary>
internal sealed class RunningApp : IDisposable
{
    private readonly Process _process;

    private RunningApp(Process process) => _process = process;

    public static RunningApp Start(string envFile, string api)
    {
        var start = new ProcessStartInfo(ClientProcess.Node, [Path.Combine(AppContext.BaseDirectory, "node/app.js"), envFile, api])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        return new(Process.Start(start)!);
    }

    /// <summary>Lets the calls on their way end, and tells of all of them.</summary>
    public async Task<AppReport> StopAsync()
    {
        _process.StandardInput.Close();
        var report = JsonElement.Parse(await _process.StandardOutput.ReadToEndAsync());
        await _process.WaitForExitAsync();
        return new(Counts(report.GetProperty("statuses")), Counts(report.GetProperty("slots")));
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private static Dictionary<string, int> Counts(JsonElement counts) =>
        counts.EnumerateObject().ToDictionary(c => c.Name, c => c.Value.GetInt32(), StringComparer.Ordinal);
}
