using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tandem.Server.Listeners;
using Tandem.Storage;

namespace Tandem.Server;

/// <summary>A whole server as a host of its own.</summary>
public static class TandemHost
{
    /// <summary>
    /// For requests under way at the stop; what is still open then is cut. With Kestrel's second for cutting, the process ends
    /// in under two seconds after Ctrl-C whoever keeps a connection open.
    /// </summary>
    private static readonly TimeSpan s_drain = TimeSpan.FromMilliseconds(900);

    /// <summary>
    /// Builds the server. It reads no settings file and none of ASP.NET Core's environment variables: what it does is in
    /// <paramref name="options"/> alone. It logs nothing until <paramref name="configure"/> adds a provider. The store stays the caller's to close.
    /// </summary>
    /// <param name="options">The settings.</param>
    /// <param name="store">The open store of the data directory.</param>
    /// <param name="configure">The host's own additions, made last: logging, another source of time.</param>
    /// <exception cref="ListenerException">It cannot listen as it was told to.</exception>
    public static WebApplication Build(TandemOptions options, SqliteAccountStore store, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new()
        {
            // Else ASPNETCORE_ENVIRONMENT=Development would show exceptions to whoever asked.
            EnvironmentName = Environments.Production,
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureTandemListeners(options);
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(Drain);
        builder.Services.AddTandem(options, store);

        // As long as that logger is on at any level, every request, a check too, gets an activity and two lines that nobody asked for.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        configure?.Invoke(builder);

        var app = builder.Build();
        try
        {
            TandemListeners.Prepare(app.Services);
            app.MapTandem();
            return app;
        }
        catch
        {
            ((IDisposable)app).Dispose();
            throw;
        }
    }

    /// <summary>Where a started server listens, with the ports that it got where port 0 was asked for.</summary>
    public static TandemAddresses Addresses(WebApplication app) => Addresses(app.Services);

    /// <summary>The same from within, where a request knows its services alone.</summary>
    internal static TandemAddresses Addresses(IServiceProvider services)
    {
        var bound = services.GetRequiredService<BoundListeners>();
        var scheme = services.GetService<TlsCertificate>() is null ? "http" : "https";
        return new([.. bound.Api.Select(l => AddressOf(l, scheme))], bound.TwilioProxy is { } proxy ? AddressOf(proxy, "http") : null, bound.AdminSocket);
    }

    /// <summary>How a host of Tandem's stops.</summary>
    internal static void Drain(HostOptions host) => host.ShutdownTimeout = s_drain;

    private static Uri AddressOf(ListenOptions listener, string scheme) => new($"{scheme}://{listener.IPEndPoint}");
}

/// <summary>Where a server listens.</summary>
/// <param name="Api">Each address of the API: <c>http://127.0.0.1:7420</c>, or <c>https</c> with a certificate.</param>
/// <param name="TwilioProxy">What clients take as their proxy; null without one.</param>
/// <param name="AdminSocket">The path of the administration socket.</param>
public sealed record TandemAddresses(IReadOnlyList<Uri> Api, Uri? TwilioProxy, string AdminSocket);
