using System.Diagnostics;
using System.Net;
using Tandem.Cli.Claims;
using Tandem.Testing;

namespace Tandem.Compat.Proxies;

/// <summary>A client's way to an API behind a proxy that asks Tandem: all four are real.</summary>
internal sealed class GuardedApi : IAsyncDisposable
{
    private readonly HttpClient _http;

    private GuardedApi(ServerProcess tandem, RecordingBackend backend, ProxyProcess proxy)
    {
        (Tandem, Backend, Proxy, Twilio) = (tandem, backend, proxy, new(tandem.Http));
        (Sid, Token) = tandem.FirstAccount();
        _http = new() { BaseAddress = new($"http://127.0.0.1:{proxy.Port}"), Timeout = TimeSpan.FromSeconds(20) };
    }

    public ServerProcess Tandem { get; }

    public RecordingBackend Backend { get; }

    public ProxyProcess Proxy { get; }

    /// <summary>Tandem itself, past the proxy: where tokens are changed.</summary>
    public TwilioCaller Twilio { get; }

    /// <summary>The first account.</summary>
    public string Sid { get; }

    /// <summary>Its primary token at the start.</summary>
    public string Token { get; }

    public static Task<GuardedApi> StartAsync(Recipe recipe, params (string Name, string Value)[] settings) => StartAsync(recipe, null, settings);

    /// <summary>With the proxy in front of this port in place of <see cref="Backend"/>.</summary>
    public static async Task<GuardedApi> StartAsync(Recipe recipe, int? port, params (string Name, string Value)[] settings)
    {
        var tandem = await ServerProcess.StartAsync([("TANDEM_TRUSTED_PROXIES", "127.0.0.1"), .. settings]);
        var backend = await RecordingBackend.StartAsync();
        return new(tandem, backend, await ProxyProcess.StartAsync(recipe, tandem.Port, port ?? backend.Port));
    }

    /// <summary>Through the proxy, with a credential or with none.</summary>
    public Task<TestAnswer> GetAsync(TestCredential? credential, string target = "/v1/things?page=2") =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, target).As(credential));

    public Task<TestAnswer> GetAsync(string sid, string token) => GetAsync(new TestCredential(sid, token));

    public async Task<TestAnswer> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            using var response = await _http.SendAsync(request);
            var headers = response.Headers.Concat(response.Content.Headers)
                .ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase);
            return new((int)response.StatusCode, headers, await response.Content.ReadAsStringAsync());
        }
    }

    /// <summary>A connection to the proxy.</summary>
    public Task<RawConnection> ConnectAsync() => RawConnection.OpenAsync(new IPEndPoint(IPAddress.Loopback, Proxy.Port));

    /// <summary>Bytes as they are, and the first answer.</summary>
    public async Task<TestAnswer> SendRawAsync(string text)
    {
        await using var connection = await ConnectAsync();
        await connection.SendAsync(text);
        return await connection.ReadAsync();
    }

    /// <summary>STOP makes Tandem hang with its sockets open, CONT lets it go on.</summary>
    public async Task SignalTandemAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{Tandem.ProcessId}"]);
        await kill.WaitForExitAsync();
        if (signal == "STOP")
        {
            await Until.TrueAsync(IsStopped); // the kernel stops each thread when it next looks at it
        }
    }

    /// <summary>Whether no thread of Tandem's runs any more: the letter behind the name in parentheses is T (proc(5)).</summary>
    private bool IsStopped()
    {
        try
        {
            return Directory.EnumerateDirectories($"/proc/{Tandem.ProcessId}/task")
                .All(thread => File.ReadAllText($"{thread}/stat") is var stat && stat[stat.LastIndexOf(')') + 2] == 'T');
        }
        catch (IOException)
        {
            return false; // a thread ended while it was looked at
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Proxy.DisposeAsync();
        await Backend.DisposeAsync();
        await Tandem.DisposeAsync();
    }
}
