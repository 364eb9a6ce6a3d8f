using System.Diagnostics;
using System.Text;
using Tandem.Cli.Claims;
using Tandem.Client;
using Tandem.Server.Listeners;

namespace Tandem.Testing;

/// <summary>
/// The real program in a process of its own, on a free loopback port and a data directory of its own; it can be killed and started again.
/// </summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>For tests that try retired tokens on and on: each answer shall be about the token, not about how often it was tried.</summary>
    public static readonly (string Name, string Value)[] Unthrottled =
        [("TANDEM_THROTTLE_ACCOUNT", "1000000+1000000/s"), ("TANDEM_THROTTLE_SOURCE", "1000000+1000000/s")];

    private readonly string _home = Directory.CreateTempSubdirectory("tandem-").FullName;
    private readonly (string Name, string Value)[] _environment;
    private readonly string? _mountOptions;
    private readonly string[] _through;
    private readonly StringBuilder _output = new();
    private Process? _process;

    private ServerProcess((string Name, string Value)[] environment, string? mountOptions = null, string[]? through = null)
    {
        (_environment, _mountOptions, _through) = (environment, mountOptions, through ?? []);
        (Port, ProxyPort) = (FreePort(), FreePort());
        Http = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromSeconds(10) })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{Port}"),
            Timeout = Patience,
        };
    }

    /// <summary>Where the API listens.</summary>
    public int Port { get; }

    /// <summary>Where clients of Twilio are taken in.</summary>
    public int ProxyPort { get; }

    public HttpClient Http { get; }

    /// <summary>The process of the last start.</summary>
    public int ProcessId => _process!.Id;

    /// <summary>The data directory, as this process sees it.</summary>
    public string Data => _mountOptions is null ? DataInside : $"/proc/{_process!.Id}/root{DataInside}";

    /// <summary>How long the last start took until the first healthy answer.</summary>
    public TimeSpan Ready { get; private set; }

    /// <summary>Everything that the program has printed and logged so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>The program: the one that was published, when the tests are told of it, else the one built beside them.</summary>
    public static string Program { get; } =
        Environment.GetEnvironmentVariable("TANDEM_TEST_BINARY") is { Length: > 0 } published ? published : Path.Combine(AppContext.BaseDirectory, "tandem");

    private string DataInside => Path.Combine(_home, "data");

    /// <summary>Starts the program on a fresh data directory and waits until it is ready.</summary>
    public static async Task<ServerProcess> StartAsync(params (string Name, string Value)[] environment)
    {
        var server = new ServerProcess(environment);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Through a command that becomes the program which its last arguments name, such as <c>setpriv</c>.</summary>
    public static async Task<ServerProcess> StartThroughAsync(string[] command, params (string Name, string Value)[] environment)
    {
        var server = new ServerProcess(environment, through: command);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>
    /// With the data directory on a file system of its own, of a limited size, in a mount namespace of its own. In the environment
    /// <c>{data}</c> stands for the directory.
    /// </summary>
    public static async Task<ServerProcess> StartOnSmallDiskAsync(string mountOptions, params (string Name, string Value)[] environment)
    {
        var server = new ServerProcess(environment, mountOptions);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>The account that the first start made.</summary>
    public (string Sid, string Token) FirstAccount()
    {
        var lines = File.ReadAllLines(Path.Combine(Data, "first-account.env")).Select(l => l.Split('=', 2)).ToDictionary(l => l[0], l => l[1], StringComparer.Ordinal);
        return (lines["TWILIO_ACCOUNT_SID"], lines["TWILIO_AUTH_TOKEN"]);
    }

    public async Task StartAgainAsync()
    {
        Directory.CreateDirectory(DataInside, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string[] command = [.. _through, Program, "serve", "--data", DataInside, "--listen", $"127.0.0.1:{Port}", "--twilio-proxy", $"127.0.0.1:{ProxyPort}"];
        var start = _mountOptions is null
            ? new ProcessStartInfo(command[0], command[1..])
            : new ProcessStartInfo("unshare", ["--mount", "--map-root-user", "sh", "-c", $"mount -t tmpfs -o {_mountOptions},mode=700 none \"$1\" && exec \"$0\" serve --data \"$1\" --listen \"$2\" --twilio-proxy \"$3\"", Program, DataInside, $"127.0.0.1:{Port}", $"127.0.0.1:{ProxyPort}"]);
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        foreach (var name in start.Environment.Keys.Where(n => n.StartsWith("TANDEM_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name); // whoever runs the tests may have a server of their own
        }

        foreach (var (name, value) in _environment)
        {
            start.Environment[name] = value.Replace("{data}", DataInside, StringComparison.Ordinal);
        }

        var watch = Stopwatch.StartNew();
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        while (!await IsHealthyAsync())
        {
            if (_process.HasExited || watch.Elapsed > Patience)
            {
                throw new InvalidOperationException($"The server did not become ready:\n{Output}");
            }

            await Task.Delay(5);
        }

        Ready = watch.Elapsed;
    }

    /// <summary>SIGKILL: nothing of the program runs any more.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    public async Task<int> WaitForExitAsync()
    {
        await _process!.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    /// <summary>The alarms that are up, as operators see them.</summary>
    public async Task<IReadOnlyList<string>> AlarmsAsync()
    {
        using var operators = TandemClient.OverSocket(AdminSocket.PathIn(Data));
        return (await operators.GetServerAsync()).Alarms;
    }

    /// <summary>The status of a path of /health.</summary>
    public async Task<int> HealthAsync(string path = "/health")
    {
        using var answer = await Http.GetAsync(new Uri(path, UriKind.Relative));
        return (int)answer.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (_process is { HasExited: false })
        {
            await KillAsync();
        }

        _process?.Dispose();
        Directory.Delete(_home, recursive: true);
    }

    /// <summary>A loopback port that nobody listens on now.</summary>
    public static int FreePort() => LoopbackPort.Free();

    private async Task<bool> IsHealthyAsync()
    {
        try
        {
            return (await Http.GetAsync(new Uri("/health", UriKind.Relative))).IsSuccessStatusCode;
        }
        catch (Exception e) when (MissingAnswer.Is(e))
        {
            return false;
        }
    }

    private void Keep(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
