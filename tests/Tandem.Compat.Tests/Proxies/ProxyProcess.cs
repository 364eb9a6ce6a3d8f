using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Text;
using Tandem.Testing;

namespace Tandem.Compat.Proxies;

/// <summary>
/// A real proxy as a child process without root's rights, on a free loopback port, with its files in a directory of its own. It runs from the
/// recipe in docs/proxies as it stands there: only addresses are given, in the way that the recipe's page names.
/// </summary>
internal sealed class ProxyProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly string Recipes =
        typeof(ProxyProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RecipeDirectory").Value!;

    private readonly string _home = Directory.CreateTempSubdirectory("tandem-proxy-").FullName;
    private readonly StringBuilder _output = new();
    private readonly Process _process;

    private ProxyProcess(Recipe recipe, int tandem, int backend)
    {
        const UnixFileMode All = (UnixFileMode)0b111_111_111; // the account that the proxy runs as is not ours
        File.SetUnixFileMode(_home, All);
        var start = recipe switch
        {
            Recipe.Nginx => Nginx(tandem, backend),
            Recipe.Caddy => Caddy(tandem, backend),
            _ => HAProxy(tandem, backend),
        };
        _process = new() { StartInfo = WithoutRoot(start) };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
    }

    /// <summary>Where it takes clients in.</summary>
    public int Port { get; } = ServerProcess.FreePort();

    /// <summary>What it has printed.</summary>
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

    public static async Task<ProxyProcess> StartAsync(Recipe recipe, int tandem, int backend)
    {
        var proxy = new ProxyProcess(recipe, tandem, backend);
        proxy._process.Start();
        proxy._process.BeginOutputReadLine();
        proxy._process.BeginErrorReadLine();
        await Until.TrueAsync(() => proxy._process.HasExited
            ? throw new InvalidOperationException($"{recipe} did not start:\n{proxy.Output}")
            : ListensAsync(proxy.Port));
        return proxy;
    }

    /// <summary>Every byte that it has written anywhere: what it printed, and all files of its directory but the recipe.</summary>
    public string EverythingWritten() =>
        Output + string.Concat(Directory.EnumerateFiles(_home, "*", SearchOption.AllDirectories).Select(f => Encoding.Latin1.GetString(File.ReadAllBytes(f))));

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true); // nginx has a child of its own
            await _process.WaitForExitAsync().WaitAsync(Patience);
        }

        _process.Dispose();
        Directory.Delete(_home, recursive: true);
    }

    /// <summary>As Debian includes a file of conf.d, and with a cache switched on above the recipe: it must hold all the same.</summary>
    private ProcessStartInfo Nginx(int tandem, int backend)
    {
        var recipe = File.ReadAllText(Path.Combine(Recipes, "nginx.conf"));
        foreach (var (was, now) in ((string, string)[])
            [
                ("127.0.0.1:7420", $"127.0.0.1:{tandem}"), ("127.0.0.1:8000", $"127.0.0.1:{backend}"), ("127.0.0.1:8080", $"127.0.0.1:{Port}"),
                ("/var/log/nginx/api.log", $"{_home}/api.log"), ("/var/log/nginx/api-error.log", $"{_home}/api-error.log"),
            ])
        {
            var lines = recipe.Split('\n').Where(l => l.Contains(was, StringComparison.Ordinal)).ToList();
            recipe = lines is [var line] && line.Contains("# yours", StringComparison.Ordinal)
                ? recipe.Replace(was, now, StringComparison.Ordinal)
                : throw new InvalidOperationException($"nginx.conf does not hold {was} once, on a line marked \"# yours\".");
        }

        File.WriteAllText(Path.Combine(_home, "tandem.conf"), recipe);
        var paths = string.Concat(((string[])["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]).Select(p => $"{p}_temp_path {_home}/{p};\n"));
        File.WriteAllText(Path.Combine(_home, "nginx.conf"), $$"""
            daemon off;
            worker_processes 1;
            pid {{_home}}/nginx.pid;
            error_log {{_home}}/error.log info;
            events { }
            http {
                {{paths}}
                proxy_cache_path {{_home}}/cache keys_zone=everything:1m;
                proxy_cache everything;
                proxy_cache_valid any 10m;
                proxy_cache_convert_head off;
                include {{_home}}/tandem.conf;
            }
            """);
        return new(Find("nginx"), ["-e", $"{_home}/error.log", "-c", $"{_home}/nginx.conf"]);
    }

    private ProcessStartInfo Caddy(int tandem, int backend) => new(Find("caddy"), ["run", "--config", Copy("Caddyfile"), "--adapter", "caddyfile"])
    {
        Environment =
        {
            ["HOME"] = _home,
            ["XDG_CONFIG_HOME"] = _home,
            ["XDG_DATA_HOME"] = _home,
            ["API_ADMIN"] = "off",
            ["API_LISTEN"] = $"http://:{Port}",
            ["AUTH_ADDRESS"] = $"127.0.0.1:{tandem}",
            ["API_BACKEND"] = $"127.0.0.1:{backend}",
        },
    };

    private ProcessStartInfo HAProxy(int tandem, int backend) => new(Find("haproxy"), ["-db", "-f", Copy("haproxy.cfg")])
    {
        Environment =
        {
            ["AUTH_LUA"] = Copy("tandem-auth.lua"),
            ["AUTH_SOCKET"] = $"abns@tandem-auth-{Port}",
            ["API_LISTEN"] = $"127.0.0.1:{Port}",
            ["AUTH_ADDRESS"] = $"127.0.0.1:{tandem}",
            ["API_BACKEND"] = $"127.0.0.1:{backend}",
        },
    };

    /// <summary>A copy, byte for byte: a checkout in somebody's home is not readable for everybody.</summary>
    private string Copy(string recipe)
    {
        var copy = Path.Combine(_home, recipe);
        File.Copy(Path.Combine(Recipes, recipe), copy);
        return copy;
    }

    private static ProcessStartInfo WithoutRoot(ProcessStartInfo start)
    {
        if (Environment.IsPrivilegedProcess)
        {
            List<string> arguments = ["--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", start.FileName, .. start.ArgumentList];
            start.FileName = Find("setpriv");
            start.ArgumentList.Clear();
            arguments.ForEach(start.ArgumentList.Add);
        }

        start.RedirectStandardOutput = start.RedirectStandardError = true;
        return start;
    }

    /// <summary>Debian lays servers where not everybody's PATH looks.</summary>
    private static string Find(string program) =>
        $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin".Split(':').Select(d => Path.Combine(d, program)).FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException($"{program} is not installed: ./test installs it.");

    private static async Task<bool> ListensAsync(int port)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
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

/// <summary>The recipes that are run here.</summary>
public enum Recipe
{
    Nginx,
    Caddy,
    HAProxy,
}
