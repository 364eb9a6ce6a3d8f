using System.Net;
using Tandem.Client;
using Tandem.Server;

namespace Tandem.Cli.Demo;

/// <summary>A whole server on a free loopback port, with everything it keeps in a temporary directory that goes away with it.</summary>
internal sealed class DemoServer : IAsyncDisposable
{
    private readonly TandemStartup _startup;
    private readonly WebApplication _app;

    private DemoServer(string root, TandemStartup startup, WebApplication app) => (Root, _startup, _app) = (root, startup, app);

    /// <summary>The temporary directory.</summary>
    public string Root { get; }

    /// <summary>Where it listens.</summary>
    public Uri Url => TandemHost.Addresses(_app).Api[0];

    /// <summary>Its data directory.</summary>
    public string Data => _startup.Directory.Root;

    /// <summary>The file with the first account's SID and token.</summary>
    public string FirstAccount => _startup.Directory.FirstAccount;

    /// <summary>Starts one. Nothing of this shell's settings takes part: only what a demonstration needs is different from the defaults.</summary>
    /// <param name="quietTime">For how long the old token must not have been used.</param>
    /// <param name="cancel">Ends the start.</param>
    public static async Task<DemoServer> StartAsync(TimeSpan quietTime, CancellationToken cancel)
    {
        var root = Directory.CreateTempSubdirectory("tandem-demo-").FullName; // mode 0700
        try
        {
            var options = new TandemOptions { Listen = [new(IPAddress.Loopback, 0)], DataDirectory = Path.Combine(root, "data"), QuietTime = quietTime };
            using var loggers = LoggerFactory.Create(_ => { });
            var startup = await TandemStartup.OpenAsync(options, import: null, loggers);
            var app = TandemHost.Build(options, startup.Store, builder => builder.Services.AddSingleton(startup.FirstAccount));
            try
            {
                await app.StartAsync(cancel);
                return new(root, startup, app);
            }
            catch
            {
                await app.DisposeAsync();
                await startup.DisposeAsync();
                throw;
            }
        }
        catch
        {
            Directory.Delete(root, recursive: true);
            throw;
        }
    }

    /// <summary>The link that creates the first administrator of its console.</summary>
    public Task<SetupLinkInfo?> CreateSetupLinkAsync() => RunningServer.CreateSetupLinkAsync(_app.Services);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        await _startup.DisposeAsync();
        Directory.Delete(Root, recursive: true);
    }
}
