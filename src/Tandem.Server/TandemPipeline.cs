using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tandem.Server.Api;
using Tandem.Server.Console;
using Tandem.Server.ForwardAuth;
using Tandem.Server.Listeners;
using Tandem.Server.Metrics;
using Tandem.Server.Reference;
using Tandem.Server.Refusals;
using Tandem.Server.Usage;

namespace Tandem.Server;

/// <summary>The way of a request through the server, in order.</summary>
public static class TandemPipeline
{
    /// <summary>
    /// Maps everything that Tandem answers. Nothing of the host's own may follow: what is no route of Tandem's is answered 404 here.
    /// </summary>
    public static void MapTandem(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var services = app.Services;
        var options = services.GetRequiredService<TandemOptions>();
        var verifier = services.GetRequiredService<Verifier>();
        var (counts, refused) = (services.GetRequiredService<VerdictCounts>(), services.GetRequiredService<RefusedCredentials>());
        var log = services.GetRequiredService<ILoggerFactory>().CreateLogger("Tandem.Server");

        KestrelRefusals.Observe(services);                                     // what Kestrel refuses by itself gets a JSON body
        var clientAddress = app.ClientAddress(options);
        var (recorder, time) = (services.GetRequiredService<UsageRecorder>(), services.GetRequiredService<TimeProvider>());
        var evidence = new EvidenceCalls(recorder, clientAddress, options, counts, time);
        var check = new CredentialCheck(verifier, new(refused, clientAddress, evidence), evidence, new(counts, time, log), time);
        app.Use(check.AnswerAsync);                                            // /auth: whose credential is this? Before all that costs
        app.Use(AnswerHeaders.AddAsync);                                       // a request id; nothing is cached or sniffed
        app.Use(RequestTarget.RefuseUnclearAsync);                             // what is served has the path that a proxy in front saw
        app.Use(new Faults(services.GetRequiredService<ServerMetrics>(), log).AnswerAsync); // an exception is one log line and a 500
        app.Use(new Health(services.GetRequiredService<Alarms>(), app.Lifetime).AnswerAsync); // /health and /alive, for anyone
        app.UseTrustedProxies(options);                                        // the client's address behind a proxy
        app.UseWhen(Rooms.IsConsole, console =>
        {
            console.Use(ConsoleHeaders.AddAsync);                              // strict ones, on errors and files too
            console.Use(Visitor.LoadAsync);                                    // who has signed in; no Authorization is looked at
        });
        app.UseWhen(context => !Rooms.IsAdmin(context) && !Rooms.IsConsole(context), open =>
        {
            open.Use(services.GetRequiredService<Browsers>().AnswerAsync);     // preflights; no mutations from other websites
            open.Use(Reference(services, options).AnswerAsync);                // /openapi: what there is, for anyone
            open.Use(new Authentication(verifier, counts, refused, new(recorder, time)).RequireAsync); // 401 comes before 404 and 405
            open.Use(services.GetRequiredService<ReadTurns>().AnswerAsync);    // one account's reads do not crowd out the others
        });
        app.Use(Misses.AnswerAsync);                                           // 404 and 405, with a body
        app.Use(Rooms.KeepApartAsync);                                         // our own API and Twilio's are never taken for each other
        app.UseRouting();
        app.MapAuthTokens();                                                   // /v1/AuthTokens
        app.MapAccounts();                                                     // /2010-04-01/Accounts
        app.MapTandemApi();                                                    // /tandem/v1
        app.MapConsole();                                                      // pages for people
    }

    /// <summary>Of everything that is answered: what is routed to, and what stands in front of routing.</summary>
    private static ApiReference Reference(IServiceProvider services, TandemOptions options)
    {
        var unrouted = new UnroutedPaths(services);
        CheckRoutes.Describe(unrouted);
        Health.Describe(unrouted);
        return new(services.GetRequiredService<EndpointDataSource>(), unrouted.DataSources, services.GetRequiredService<IHostEnvironment>(), options.PublicUrl);
    }
}
