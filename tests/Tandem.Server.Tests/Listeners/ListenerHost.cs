using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tandem.Server.Listeners;

namespace Tandem.Server.Tests.Listeners;

/// <summary>
/// Tandem's listeners on free ports with, behind them, an application that says which one a request came through. Only what needs the
/// whole server takes the whole server.
/// </summary>
internal sealed class ListenerHost : IAsyncDisposable
{
    private readonly DirectoryInfo _directory;

    private ListenerHost(DirectoryInfo directory, WebApplication app, Lines log) => (_directory, App, Log) = (directory, app, log);

    public static IPEndPoint FreePort => new(IPAddress.Loopback, 0);

    public WebApplication App { get; }

    public Lines Log { get; }

    public string DataDirectory => _directory.FullName;

    public TandemAddresses Addresses => TandemHost.Addresses(App);

    public string CaFile => Path.Combine(DataDirectory, TwilioAuthority.CertificateFileName);

    public static async Task<ListenerHost> StartAsync(
        Func<TandemOptions, TandemOptions>? with = null, TimeProvider? time = null, Action<DirectoryInfo>? before = null, Action<WebApplicationBuilder>? configure = null)
    {
        var directory = Directory.CreateTempSubdirectory("tandem-");
        before?.Invoke(directory);
        var options = new TandemOptions { DataDirectory = directory.FullName, Listen = [FreePort], TwilioProxy = FreePort };
        options = with?.Invoke(options) ?? options;

        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureTandemListeners(options);
        builder.Services.Configure<HostOptions>(TandemHost.Drain);
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        var log = new Lines();
        builder.Logging.AddProvider(log);
        configure?.Invoke(builder);

        var app = builder.Build();
        TandemListeners.Prepare(app.Services);
        app.UseTrustedProxies(options);
        app.Run(EchoAsync);
        await app.StartAsync();
        return new(directory, app, log);
    }

    /// <summary>An HTTP client on the administration socket.</summary>
    public HttpClient AdminClient() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancel) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Addresses.AdminSocket), cancel);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    { BaseAddress = new("http://tandem") };

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    private static async Task EchoAsync(HttpContext context)
    {
        var listener = context.Features.Get<IListenerFeature>()!;
        using var body = new StreamReader(context.Request.Body, Encoding.UTF8);
        var length = (await body.ReadToEndAsync()).Length;
        await context.Response.WriteAsync(
            $"{listener.Kind} {listener.PeerUserId?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-"} {context.Request.Protocol} "
            + $"{context.Request.Scheme} {context.Connection.RemoteIpAddress?.ToString() ?? "-"} {context.Request.Host} {length}");
    }
}

/// <summary>The log, line by line.</summary>
internal sealed class Lines : ILoggerProvider, ILogger
{
    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> At(LogLevel level)
    {
        lock (_gate)
        {
            return [.. _lines.Where(l => l.StartsWith(level.ToString(), StringComparison.Ordinal))];
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_gate)
        {
            _lines.Add($"{logLevel} {formatter(state, exception)}");
        }
    }

    public void Dispose()
    {
    }
}
