using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Tandem.Server.Backups;
using Tandem.Server.Console;
using Tandem.Server.Metrics;
using Tandem.Server.People;
using Tandem.Server.Usage;
using Tandem.Storage;

namespace Tandem.Server;

/// <summary>What the server is made of.</summary>
public static class TandemServices
{
    /// <summary>
    /// Registers Tandem's parts. The store stays the caller's: it is opened before the host is built, so that a store that cannot be
    /// opened is told plainly, and disposed after the host has stopped.
    /// </summary>
    public static void AddTandem(this IServiceCollection services, TandemOptions options, SqliteAccountStore store)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(store);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddStore(store, options);
        services.AddRules(options);
        services.AddUsage(store, options);
        services.AddSingleton(s => new Throttle(options, s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ReadTurns>();
        services.AddSingleton<Browsers>();
        services.AddPeople(store);
        services.AddConsole();
        services.AddMetrics();
        services.AddHostedService<Upkeep>();
        services.AddSingleton<ForgottenSecondaries>();
        services.AddHostedService(s => s.GetRequiredService<ForgottenSecondaries>());
        services.AddRoutingCore();
        services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Bytes that are not UTF-8 become U+FFFD. By default Kestrel answers 400 for them, which proxies turn into a 503: a malformed
            // credential must be a 401, and a stray byte in any other header must not refuse a valid one.
            kestrel.RequestHeaderEncodingSelector = static _ => Encoding.UTF8;
        });
    }

    /// <summary>The store by each of its contracts, what it holds in memory, and what keeps it.</summary>
    private static void AddStore(this IServiceCollection services, SqliteAccountStore store, TandemOptions options)
    {
        services.AddSingleton<IAccountStore>(store);
        services.AddSingleton<IAuditTrail>(store);
        services.AddSingleton<IKeyStore>(store);
        services.AddSingleton<KeyChange>();
        services.AddSingleton(new Backup(store, options));
        services.AddSingleton(store.Index);
        services.AddSingleton(store.Keys);
        services.AddSingleton(store.Pending);
    }

    /// <summary>What may be done to accounts and tokens, and by whom.</summary>
    private static void AddRules(this IServiceCollection services, TandemOptions options)
    {
        services.AddSingleton(s => new Verifier(s.GetRequiredService<VerifierIndex>(), s.GetRequiredService<DataKeys>()));
        services.AddSingleton(s => new TokenSeal(s.GetRequiredService<DataKeys>()));
        services.AddSingleton(s => new Rotation(
            s.GetRequiredService<IAccountStore>(),
            s.GetRequiredService<Verifier>(),
            s.GetRequiredService<TokenSeal>(),
            s.GetRequiredService<TimeProvider>(),
            options.RecoverableTokens)
        {
            Gather = s.GetRequiredService<ReadinessJudge>().GatherAsync,
        });
        services.AddSingleton(s => new AccountLifecycle(
            s.GetRequiredService<IAccountStore>(),
            s.GetRequiredService<Verifier>(),
            s.GetRequiredService<TokenSeal>(),
            s.GetRequiredService<TimeProvider>(),
            options.RecoverableTokens)
        {
            SubaccountLimit = options.Subaccounts,
        });
        services.AddSingleton(s => new ConsumerDecisions(s.GetRequiredService<IAccountStore>(), s.GetRequiredService<TimeProvider>()));
    }

    /// <summary>Who uses which token, whether a promote would cut anyone off, and the alarms.</summary>
    private static void AddUsage(this IServiceCollection services, SqliteAccountStore store, TandemOptions options)
    {
        services.AddSingleton(s => new ReadinessJudge(s.GetRequiredService<AccountMoments>(), options));
        services.AddSingleton(s => new AccountMoments(
            s.GetRequiredService<IAccountStore>(), s.GetRequiredService<VerifierIndex>(), s.GetRequiredService<UsageRecorder>()));
        services.AddSingleton(s => new Alarms(
            s.GetRequiredService<IAccountStore>(),
            s.GetRequiredService<ForgottenSecondaries>(),
            s.GetRequiredService<UsageRecorder>(),
            s.GetService<FirstAccount>()));
        services.AddSingleton(s =>
        {
            var recorder = new UsageRecorder(
                s.GetRequiredService<VerifierIndex>(),
                s.GetRequiredService<DataKeys>(),
                options,
                s.GetRequiredService<TimeProvider>(),
                s.GetRequiredService<ILogger<UsageRecorder>>());
            store.Retiring = recorder.Retire;
            return recorder;
        });
        services.AddHostedService(s => s.GetRequiredService<UsageRecorder>());
        services.AddSingleton(s => s.GetRequiredService<UsageRecorder>().Rotations);
    }

    /// <summary>Counters, and the log lines that sum up what strangers can cause.</summary>
    private static void AddMetrics(this IServiceCollection services)
    {
        services.AddSingleton<VerdictCounts>();
        services.AddSingleton<RefusedCredentials>();
        services.AddSingleton<ServerMetrics>();
        services.AddHostedService<RefusalLog>();
        services.AddSingleton<FrameworkEvents>();
        services.AddSingleton<ILoggerProvider>(s => s.GetRequiredService<FrameworkEvents>());
        services.AddHostedService<FrameworkLog>();
    }
}
