using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Tandem.Cli.Claims;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults;

/// <summary>What is exported by OTLP names what there is to know, and no token in any form.</summary>
public sealed class TelemetryTests
{
    [Fact]
    public async Task Metrics_and_traces_go_where_the_standard_variables_say_and_hold_no_token()
    {
        using var receiver = new Receiver();
        await using var server = await ServerProcess.StartAsync(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.Address),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "200"),
            ("OTEL_BSP_SCHEDULE_DELAY", "200"));
        var caller = new TwilioCaller(server.Http);
        var (sid, first) = server.FirstAccount();
        var second = (await caller.CreateAsync(sid, first)).Text("secondary_auth_token");
        Assert.Equal(200, (await caller.PromoteAsync(sid, first)).Status);
        Assert.Equal(404, (await caller.PromoteAsync(sid, second)).Status);
        Assert.Equal(401, await caller.CheckAsync(sid, first));
        await MisplaceAsync(server, caller, sid, second);

        string[] metrics =
        [
            "tandem.change.duration", "secondary_promoted", "no_secondary", "tandem.accounts", "tandem.index.size", "tandem.change.queued",
            "tandem.verdicts", "wrong_token", "throttled", "tandem.late_uses", "tandem.usage.consumers", "tandem.usage.dropped",
            "kestrel.active_connections", "dotnet.process.memory.working_set",
        ];
        string[] traces = ["POST /v1/AuthTokens/Promote", "/2010-04-01/Accounts/{sid}.json", "http.response.status_code", "PATCH"];
        await Until.TrueAsync(() => metrics.All(receiver.Got("/v1/metrics").Contains) && traces.All(receiver.Got("/v1/traces").Contains));

        var exported = receiver.Got("/v1/metrics") + receiver.Got("/v1/traces");
        foreach (var token in (string[])[first, second])
        {
            Assert.False(new Residue(token).IsIn(exported), "a token was exported");
        }

        Assert.DoesNotContain(sid, exported, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("/auth/", exported, StringComparison.Ordinal);
    }

    /// <summary>Sends the token where it does not belong, on routes that exist and on others. The last request has a method that no other has, to be waited for.</summary>
    private static async Task MisplaceAsync(ServerProcess server, TwilioCaller caller, string sid, string token)
    {
        string[] paths = [$"/2010-04-01/Accounts/{sid}.json?AuthToken={token}", $"/2010-04-01/Accounts/{token}.json", $"/v1/{token}", $"/{sid}:{token}@host/?{token}", $"/auth/forward?{token}", $"/auth/{token}"];
        foreach (var path in paths)
        {
            await caller.SendAsync(HttpMethod.Get, path, sid, token);
            await caller.SendAsync(HttpMethod.Get, path, sid, new string('0', 32));
            using var inHeaders = new HttpRequestMessage(HttpMethod.Put, path);
            inHeaders.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
            inHeaders.Headers.TryAddWithoutValidation("Cookie", $"token={token}");
            inHeaders.Headers.TryAddWithoutValidation("X-Client-Name", token);
            (await server.Http.SendAsync(inHeaders)).Dispose();
        }

        await caller.SendAsync(HttpMethod.Patch, "/nowhere", sid, token);
    }

    /// <summary>Takes whatever is posted, as an OTLP collector would.</summary>
    private sealed class Receiver : IDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly ConcurrentQueue<(string Path, byte[] Body)> _got = new();

        public Receiver()
        {
            Address = $"http://127.0.0.1:{ServerProcess.FreePort()}";
            _listener.Prefixes.Add(Address + "/");
            _listener.Start();
            _ = ReceiveAsync();
        }

        public string Address { get; }

        /// <summary>Everything posted to a path: protobuf's strings can be read in it as they are.</summary>
        public string Got(string path) => string.Concat(_got.Where(g => g.Path == path).Select(g => Encoding.Latin1.GetString(g.Body)));

        public void Dispose() => _listener.Close();

        private async Task ReceiveAsync()
        {
            try
            {
                while (true)
                {
                    var context = await _listener.GetContextAsync();
                    using var body = new MemoryStream();
                    await context.Request.InputStream.CopyToAsync(body);
                    _got.Enqueue((context.Request.Url!.AbsolutePath, body.ToArray()));
                    context.Response.Close();
                }
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                // Closed with the test.
            }
        }
    }
}
