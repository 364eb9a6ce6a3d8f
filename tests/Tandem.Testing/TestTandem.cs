using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tandem.Server;
using Tandem.Server.Listeners;
using Tandem.Storage;

namespace Tandem.Testing;

/// <summary>How a <see cref="TestTandem"/> differs from the usual.</summary>
public sealed record TestTandemSettings
{
    /// <summary>Where the time comes from; null for the system's clock.</summary>
    public TimeProvider? Time { get; init; }

    /// <summary>Changes the server's settings.</summary>
    public Func<TandemOptions, TandemOptions>? Options { get; init; }

    /// <summary>Changes the server's parts, after they have been registered.</summary>
    public Action<IServiceCollection>? Services { get; init; }
}

/// <summary>
/// A real server in this process: Kestrel on a free loopback port, SQLite in a temporary directory of its own, a first account, and a client
/// that holds its credential. Disposing it stops the server and deletes the directory.
/// </summary>
public sealed class TestTandem : IAsyncDisposable
{
    /// <summary>The first account's name.</summary>
    public const string FirstName = "Acme";

    private readonly WebApplication _app;
    private readonly SqliteAccountStore _store;
    private readonly RootKey _rootKey;
    private readonly HttpClient _plain;
    private readonly HttpClient _admin;

    private TestTandem(WebApplication app, SqliteAccountStore store, RootKey rootKey, TestCredential account, CapturedLog log)
    {
        (_app, _store, _rootKey, Account, Log) = (app, store, rootKey, account, log);
        Address = TandemHost.Addresses(app).Api[0];
        Http = CreateClient();
        _plain = CreateClient();
        _admin = new(new SocketsHttpHandler { UseProxy = false, ConnectCallback = async (_, cancel) => await ConnectAsync(AdminSocket.PathIn(DataDirectory), cancel) });
        Http.DefaultRequestHeaders.Add("Authorization", account.Basic);
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>The first account and its primary token as created.</summary>
    public TestCredential Account { get; }

    /// <summary>A client with the first account's credential. It follows no redirect.</summary>
    public HttpClient Http { get; }

    /// <summary>Everything logged so far.</summary>
    public CapturedLog Log { get; }

    /// <summary>The server's parts.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>The data directory.</summary>
    public string DataDirectory => Services.GetRequiredService<TandemOptions>().DataDirectory;

    /// <summary>Starts a server.</summary>
    public static async Task<TestTandem> StartAsync(TestTandemSettings? settings = null)
    {
        settings ??= new();
        var options = new TandemOptions
        {
            DataDirectory = Directory.CreateTempSubdirectory("tandem-").FullName,
            Listen = [new(IPAddress.Loopback, 0)],
        };
        options = settings.Options?.Invoke(options) ?? options;
        var log = new CapturedLog();
        var rootKey = RootKey.Generate();
        await WriteKeyAsync(Path.Combine(options.DataDirectory, "root.key"), rootKey);
        var store = SqliteAccountStore.Open(
            new()
            {
                Directory = options.DataDirectory,
                RootKey = rootKey,
                Time = settings.Time ?? TimeProvider.System,
                RecoverableTokens = options.RecoverableTokens,
                Stop = static why => Environment.FailFast(why),
            },
            log.CreateLogger("Tandem.Storage"));
        var app = Build(options, store, settings, log);
        var account = await CreateFirstAsync(app.Services);
        await app.StartAsync();
        return new(app, store, rootKey, account, log);
    }

    /// <summary>Sends a request with the first account's credential, unless the test says otherwise.</summary>
    public async Task<TestAnswer> SendAsync(string method, string path, Action<HttpRequestMessage>? say = null)
    {
        using var request = new HttpRequestMessage(new(method), new Uri(path, UriKind.Relative));
        request.As(Account);
        say?.Invoke(request);
        using var response = await _plain.SendAsync(request);
        return await TestAnswer.ReadAsync(response);
    }

    /// <summary>Stops the server; what it has stored and logged can still be looked at.</summary>
    public Task StopAsync() => _app.StopAsync();

    /// <summary>Sends a request as an operator: over the administration socket, without a credential.</summary>
    public async Task<TestAnswer> SendToAdminAsync(string method, string path, Action<HttpRequestMessage>? say = null)
    {
        using var request = new HttpRequestMessage(new(method), new Uri(new Uri("http://localhost"), path));
        say?.Invoke(request);
        using var response = await _admin.SendAsync(request);
        return await TestAnswer.ReadAsync(response);
    }

    /// <summary>Opens a raw connection to the API.</summary>
    public Task<RawConnection> ConnectAsync() => RawConnection.OpenAsync(IPEndPoint.Parse(Address.Authority));

    /// <summary>Opens a raw connection to the administration socket.</summary>
    public Task<RawConnection> ConnectToAdminAsync() =>
        RawConnection.OpenAsync(new UnixDomainSocketEndPoint(AdminSocket.PathIn(DataDirectory)));

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        _plain.Dispose();
        _admin.Dispose();
        var directory = DataDirectory;
        await _app.DisposeAsync();
        await _store.DisposeAsync();
        _rootKey.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private static async Task WriteKeyAsync(string path, RootKey rootKey)
    {
        await using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        await file.WriteAsync(rootKey.ToFileText());
    }

    private static async Task<Stream> ConnectAsync(string path, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private HttpClient CreateClient() => new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { BaseAddress = Address };

    private static WebApplication Build(TandemOptions options, SqliteAccountStore store, TestTandemSettings settings, CapturedLog log) =>
        TandemHost.Build(options, store, builder =>
        {
            builder.Logging.SetMinimumLevel(LogLevel.Trace).AddProvider(log);
            if (settings.Time is { } time)
            {
                builder.Services.AddSingleton(time);
            }

            settings.Services?.Invoke(builder.Services);
        });

    private static async Task<TestCredential> CreateFirstAsync(IServiceProvider services)
    {
        var outcome = await services.GetRequiredService<AccountLifecycle>()
            .CreateAsync(Caller.Operator("test"), parent: null, FirstName, new("test", "RQ" + new string('0', 32)));
        using var created = outcome.Value ?? throw new InvalidOperationException($"The first account was refused: {outcome.Error}.");
        return new(created.Account.Sid.ToString(), created.Token.Reveal());
    }
}
