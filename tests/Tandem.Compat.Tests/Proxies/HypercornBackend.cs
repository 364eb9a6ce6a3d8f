using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Tandem.Testing;

namespace Tandem.Compat.Proxies;

/// <summary>
/// Debian's hypercorn at its defaults, in front of <c>python/guarded_api.py</c>. It speaks WebSocket, and it accepts HTTP/2 without TLS, by
/// an upgrade to h2c or by prior knowledge.
/// </summary>
internal sealed class HypercornBackend : IAsyncDisposable
{
    private readonly Process _process;
    private readonly HttpClient _http;

    private HypercornBackend(Process process, int port)
    {
        (_process, Port) = (process, port);
        _http = new() { BaseAddress = new($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(20) };
        _process.OutputDataReceived += static (_, _) => { };
        _process.ErrorDataReceived += static (_, _) => { };
    }

    public int Port { get; }

    public static async Task<HypercornBackend> StartAsync()
    {
        var port = ServerProcess.FreePort();
        var start = new ProcessStartInfo("/usr/bin/python3", ["-m", "hypercorn", "--bind", $"127.0.0.1:{port}", "guarded_api:app"])
        {
            UseShellExecute = false,
            WorkingDirectory = Path.Combine(AppContext.BaseDirectory, "python"),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        var backend = new HypercornBackend(Process.Start(start)!, port);
        backend._process.BeginOutputReadLine();
        backend._process.BeginErrorReadLine();
        await Until.TrueAsync(backend.AnswersAsync);
        return backend;
    }

    public Task<RawConnection> ConnectAsync() => RawConnection.OpenAsync(new IPEndPoint(IPAddress.Loopback, Port));

    /// <summary>The requests that came since the last time.</summary>
    public async Task<IReadOnlyList<SeenRequest>> TakeAsync() =>
        [.. JsonElement.Parse(await _http.GetStringAsync(new Uri("/seen", UriKind.Relative))).EnumerateArray().Select(SeenRequest.Read)];

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true); // it has a worker process
            await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        }

        _process.Dispose();
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            await TakeAsync();
            return true;
        }
        catch (HttpRequestException) when (!_process.HasExited)
        {
            return false;
        }
    }
}

/// <summary>A request as hypercorn handed it to the API.</summary>
/// <param name="Version">Of HTTP: <c>1.1</c> or <c>2</c>.</param>
/// <param name="Request">Its method and path.</param>
/// <param name="Headers">Every header field, names in lower case.</param>
internal sealed record SeenRequest(string Version, string Request, IReadOnlyList<(string Name, string Value)> Headers)
{
    /// <summary>Every identity that it claims.</summary>
    public string Identity => string.Join(';', Headers.Where(h => h.Name == "x-account-sid").Select(h => h.Value));

    public static SeenRequest Read(JsonElement seen) => new(
        seen.GetProperty("version").GetString()!,
        seen.GetProperty("request").GetString()!,
        [.. seen.GetProperty("headers").EnumerateArray().Select(h => (h[0].GetString()!, h[1].GetString()!))]);
}
