using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tandem.Server.ForwardAuth;
using Tandem.Server.Listeners;
using Tandem.Server.Metrics;
using Tandem.Server.Usage;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.ForwardAuth;

/// <summary>What the tests of the check begin and end with.</summary>
internal static class Checks
{
    public const string Nginx = "/auth/nginx";
    public const string Forward = "/auth/forward";
    public const string Envoy = "/auth/envoy/v1/calls";
    public const string Verify = "/auth/verify";

    private static readonly string[] s_identity = ["X-Account-Sid", "X-Parent-Account-Sid", "X-Token-Slot"];

    public static readonly TheoryData<string> Families = [Nginx, Forward, Envoy];

    public static string Encode(string pair) => "Basic " + Convert.ToBase64String(Encoding.Latin1.GetBytes(pair));

    public static void IsYes(this TestAnswer answer, TestCredential account, string parent = "none", string slot = "primary")
    {
        Assert.Equal(200, answer.Status);
        Assert.Equal("", answer.Body);
        Assert.Equal([account.Sid, parent, slot], s_identity.Select(answer.Header));
        answer.IsKeptOutOfCaches();
    }

    public static void IsNo(this TestAnswer answer)
    {
        answer.IsError(401, 20003, "Authenticate");
        Assert.All(s_identity, name => Assert.Null(answer.Header(name)));
        answer.IsKeptOutOfCaches();
    }

    public static void IsKeptOutOfCaches(this TestAnswer answer)
    {
        Assert.Equal("no-store", answer.Header("Cache-Control"));
        Assert.Equal("Authorization", answer.Header("Vary"));
    }

    /// <summary>A credential for each reason to refuse one.</summary>
    public static async Task<IReadOnlyDictionary<string, TestCredential>> RefusedAsync(this TestTandem tandem)
    {
        var retired = await tandem.CreateSecondaryAsync();
        await tandem.SendAsync("DELETE", Calls.Secondary);
        var (suspended, closed) = (await tandem.CreateSubaccountAsync(), await tandem.CreateSubaccountAsync());
        await tandem.SetStatusAsync(suspended, "suspended");
        await tandem.SetStatusAsync(closed, "closed");
        return new Dictionary<string, TestCredential>(StringComparer.Ordinal)
        {
            ["unknown"] = TestCredential.Unknown,
            ["wrong"] = tandem.Account with { Token = new string('0', 32) },
            ["empty"] = tandem.Account with { Token = "" },
            ["long"] = tandem.Account with { Token = new string('x', 500) },
            ["retired"] = retired,
            ["suspended"] = suspended,
            ["closed"] = closed,
        };
    }

    /// <summary>A client whose connections come from this address of the loopback network.</summary>
    public static HttpClient ClientFrom(this TestTandem tandem, string address) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (context, cancel) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
            await socket.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    { BaseAddress = tandem.Address };

    public static async Task<int> AskAsync(this HttpClient client, string path, TestCredential credential, Action<HttpRequestMessage>? say = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative)).As(credential);
        say?.Invoke(request);
        using var response = await client.SendAsync(request);
        return (int)response.StatusCode;
    }

    /// <summary>The server's middleware without the server: a context that is used again and again, as Kestrel does with its own.</summary>
    public static Func<DefaultHttpContext, Task> MiddlewareOf(TestTandem tandem)
    {
        RequestDelegate clientAddress = static _ => Task.CompletedTask;
        var counts = tandem.Services.GetRequiredService<VerdictCounts>();
        var evidence = new EvidenceCalls(
            tandem.Services.GetRequiredService<UsageRecorder>(), clientAddress, tandem.Services.GetRequiredService<TandemOptions>(), counts, TimeProvider.System);
        var check = new CredentialCheck(
            tandem.Services.GetRequiredService<Verifier>(),
            new(tandem.Services.GetRequiredService<RefusedCredentials>(), clientAddress, evidence),
            evidence,
            new(counts, TimeProvider.System, NullLogger.Instance),
            TimeProvider.System);
        RequestDelegate next = static _ => throw new InvalidOperationException("The check passed the request on.");
        return context => check.AnswerAsync(context, next);
    }

    public static DefaultHttpContext ContextFor(string target, string? authorization)
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IListenerFeature>(new ListenerTag(ListenerKind.Api));
        context.Features.Get<IHttpRequestFeature>()!.RawTarget = target;
        context.Connection.RemoteIpAddress = IPAddress.Loopback;
        context.Request.Headers.Authorization = authorization;
        return context;
    }
}
