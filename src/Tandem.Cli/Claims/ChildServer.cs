using System.Diagnostics;
using System.Text;
using Tandem.Client;

namespace Tandem.Cli.Claims;

/// <summary>This very program as a server in a process of its own, on a free loopback port, with everything it keeps in a temporary directory. It can be killed and started again.</summary>
internal sealed class ChildServer : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>For trials that ask with retired tokens on and on: each answer shall be about the token, not about how often it was tried.</summary>
    public static readonly (string Name, string Value)[] Unthrottled =
        [("TANDEM_THROTTLE_ACCOUNT", "1000000+1000000/s"), ("TANDEM_THROTTLE_SOURCE", "1000000+1000000/s")];

    private readonly StringBuilder _output = new();
    private readonly (string Name, string Value)[] _settings;
    private Process? _process;

    private ChildServer((string Name, string Value)[] settings)
    {
        _settings = settings;
        Port = LoopbackPort.Free();
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new($"http://127.0.0.1:{Port}"), Timeout = s_patience };
        Caller = new(Http);
    }

    public int Port { get; }

    public HttpClient Http { get; }

    public TwilioCaller Caller { get; }

    /// <summary>The temporary directory with all that is its own.</summary>
    public string Home { get; } = Directory.CreateTempSubdirectory("tandem-claims-").FullName; // mode 0700

    public string Data => Path.Combine(Home, "data");

    public string RootKeyFile => Path.Combine(Data, "root.key");

    public string AnchorFile => Data + ".anchor";

    /// <summary>What it has printed and logged so far.</summary>
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

    /// <summary>Starts one and waits until it answers.</summary>
    public static async Task<ChildServer> StartAsync(CancellationToken cancel, params (string Name, string Value)[] settings)
    {
        var server = new ChildServer(settings);
        try
        {
            await server.StartAgainAsync(cancel);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The account that the first start made.</summary>
    public (string Sid, string Token) FirstAccount()
    {
        var lines = File.ReadAllLines(Path.Combine(Data, "first-account.env")).Select(l => l.Split('=', 2)).ToDictionary(l => l[0], l => l[1], StringComparer.Ordinal);
        return (lines["TWILIO_ACCOUNT_SID"], lines["TWILIO_AUTH_TOKEN"]);
    }

    /// <summary>Subaccounts of the first one.</summary>
    public Task<List<(string Sid, string Token)>> CreateAccountsAsync(int count) => Caller.CreateSubaccountsAsync(FirstAccount(), count);

    public async Task StartAgainAsync(CancellationToken cancel)
    {
        _process = ChildProgram.Start(ServeArguments(Data, Port), _settings);
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var from = Stopwatch.GetTimestamp();
        while (!await IsHealthyAsync(cancel))
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(from) > s_patience)
            {
                throw new CommandException(ExitCode.Failed, $"A server of the trial did not start, so nothing is proved. It said:\n{Output}");
            }

            await Task.Delay(5, cancel);
        }
    }

    /// <summary>Runs a command of the operator's on its data directory. The exit code, and what it said.</summary>
    public Task<(int ExitCode, string Said)> OperateAsync(CancellationToken cancel, params string[] arguments) =>
        ChildProgram.RunAsync([.. arguments, "--data", Data], [], cancel);

    /// <summary>Tries to start on a data directory that should be refused. The exit code, and what it said.</summary>
    public static Task<(int ExitCode, string Said)> TryStartAsync(string data, CancellationToken cancel, params (string Name, string Value)[] settings) =>
        ChildProgram.RunAsync(ServeArguments(data, LoopbackPort.Free()), settings, cancel);

    /// <summary>SIGKILL: nothing of it runs any more.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (_process is { HasExited: false })
        {
            await KillAsync();
        }

        _process?.Dispose();
        Directory.Delete(Home, recursive: true);
    }

    private static string[] ServeArguments(string data, int port) => ["serve", "--data", data, "--listen", $"127.0.0.1:{port}"];

    private async Task<bool> IsHealthyAsync(CancellationToken cancel)
    {
        try
        {
            using var answer = await Http.GetAsync(new Uri("/health", UriKind.Relative), cancel);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (MissingAnswer.Is(e, cancel))
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
