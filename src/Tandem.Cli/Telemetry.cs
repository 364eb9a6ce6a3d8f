using System.Collections;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Tandem.Server;

namespace Tandem.Cli;

/// <summary>
/// Metrics and traces by OpenTelemetry, sent by OTLP when its standard variables say where to (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, or the one of
/// a signal); otherwise nothing of it runs. The check is left out of traces: tracing would cost it an eighth of its throughput. So are paths and
/// queries, where the route says what was called: whatever a client writes there, its credential by mistake or an account, goes no further.
/// </summary>
internal static class Telemetry
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string MetricsEndpoint = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";
    private const string TracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var (metrics, traces) = (IsSet(Endpoint) || IsSet(MetricsEndpoint), IsSet(Endpoint) || IsSet(TracesEndpoint));
        if (!metrics && !traces)
        {
            return;
        }

        // The exporter reads its variables from the host's configuration, and this host has none of its own.
        builder.Configuration.AddInMemoryCollection(Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(variable => KeyValuePair.Create((string)variable.Key, variable.Value as string))
            .Where(variable => variable.Key.StartsWith("OTEL_", StringComparison.Ordinal)));
        var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService("tandem", serviceVersion: RunningServer.Version));
        if (metrics)
        {
            telemetry.WithMetrics(meters => meters.AddMeter("Tandem", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime").AddOtlpExporter());
        }

        if (traces)
        {
            telemetry.WithTracing(tracing => tracing
                .AddAspNetCoreInstrumentation(requests =>
                {
                    requests.Filter = context => !context.Request.Path.StartsWithSegments("/auth", StringComparison.OrdinalIgnoreCase);
                    requests.EnrichWithHttpResponse = static (span, _) => span.SetTag("url.path", null).SetTag("url.query", null);
                })
                .AddOtlpExporter());
        }
    }

    private static bool IsSet(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 };
}
