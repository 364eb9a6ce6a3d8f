using System.Diagnostics;
using System.Globalization;
using Tandem.Client;

namespace Tandem.Bench;

/// <summary>One server that is measured: its process, its address, and the figures of its slices.</summary>
internal sealed class Contestant : IDisposable
{
    private readonly Process _process;

    private Contestant(string name, Uri url, string script, Process process) => (Name, Url, Script, _process) = (name, url, script, process);

    public string Name { get; }

    public Uri Url { get; }

    /// <summary>The load generator's script: which header goes with which request.</summary>
    public string Script { get; }

    public List<Slice> Slices { get; } = [];

    /// <summary>From the start of the process to its first answer.</summary>
    public TimeSpan Start { get; private set; }

    /// <summary>Starts it and waits for its first answer.</summary>
    public static async Task<Contestant> StartAsync(string name, Uri url, string script, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var variable in start.Environment.Keys.Where(k => k.StartsWith("TANDEM_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(variable);
        }

        var watch = Stopwatch.StartNew();
        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += (_, line) => Console.Error.WriteLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var contestant = new Contestant(name, url, script, process);
        using var http = new HttpClient();
        while (!await AnswersAsync(http, url))
        {
            if (process.HasExited || watch.Elapsed > TimeSpan.FromMinutes(1))
            {
                throw new InvalidOperationException($"{name} did not start.");
            }

            await Task.Delay(2);
        }

        contestant.Start = watch.Elapsed;
        return contestant;
    }

    /// <summary>CPU time of the process so far, its children (nginx's workers) included.</summary>
    public double CpuSeconds() => Family(_process.Id).Sum(id =>
    {
        var fields = File.ReadAllText($"/proc/{id}/stat")[(File.ReadAllText($"/proc/{id}/stat").LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / 100;
    });

    /// <summary>Resident memory in MB.</summary>
    public double MemoryMegabytes()
    {
        _process.Refresh();
        return _process.WorkingSet64 / 1e6;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private static IEnumerable<int> Family(int id) =>
        [id, .. File.ReadAllText($"/proc/{id}/task/{id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(c => int.Parse(c, CultureInfo.InvariantCulture))];

    private static async Task<bool> AnswersAsync(HttpClient http, Uri url)
    {
        try
        {
            using var answer = await http.GetAsync(url);
            return true;
        }
        catch (Exception e) when (MissingAnswer.Is(e))
        {
            return false;
        }
    }
}

/// <summary>One slice of load.</summary>
/// <param name="PerSecond">Answers a second.</param>
/// <param name="P50">Median latency in ms.</param>
/// <param name="P99">99th percentile in ms.</param>
/// <param name="CpuMicroseconds">The server's CPU time an answer.</param>
/// <param name="Refused">Answers that were not 2xx.</param>
internal readonly record struct Slice(double PerSecond, double P50, double P99, double CpuMicroseconds, long Refused);
