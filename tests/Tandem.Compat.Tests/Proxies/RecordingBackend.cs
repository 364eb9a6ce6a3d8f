using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Tandem.Compat.Proxies;

/// <summary>What has reached the API behind a proxy.</summary>
/// <param name="Method">The method.</param>
/// <param name="Target">Path and query, as sent.</param>
/// <param name="Headers">Every header field.</param>
/// <param name="Body">The body.</param>
/// <param name="Trailers">Every field that came after the body.</param>
internal sealed record Received(
    string Method,
    string Target,
    IReadOnlyList<(string Name, string Value)> Headers,
    string Body,
    IReadOnlyList<(string Name, string Value)> Trailers);

/// <summary>The guarded API: it keeps what it received and answers with the identity that it saw.</summary>
internal sealed class RecordingBackend : IAsyncDisposable
{
    private readonly ConcurrentQueue<Received> _received = new();
    private readonly WebApplication _app;

    private RecordingBackend()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(o =>
        {
            o.RequestHeaderEncodingSelector = static _ => Encoding.Latin1; // a byte is a character
            o.Listen(IPAddress.Loopback, 0);
        });
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    public int Port => new Uri(_app.Urls.Single()).Port;

    public int Count => _received.Count;

    public static async Task<RecordingBackend> StartAsync()
    {
        var backend = new RecordingBackend();
        await backend._app.StartAsync();
        return backend;
    }

    /// <summary>What came since the last time.</summary>
    public IReadOnlyList<Received> Take()
    {
        List<Received> taken = [];
        while (_received.TryDequeue(out var one))
        {
            taken.Add(one);
        }

        return taken;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        var trailers = context.Features.Get<IHttpRequestTrailersFeature>() is { Available: true } after ? Fields(after.Trailers) : [];
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        _received.Enqueue(new(context.Request.Method, target, Fields(context.Request.Headers), body, trailers));
        var answer = Encoding.ASCII.GetBytes($"{context.Request.Headers["X-Account-Sid"]} {context.Request.Headers["X-Token-Slot"]}");
        context.Response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsConnect(context.Request.Method)) // whose answer has no body
        {
            context.Response.ContentLength = answer.Length;
            await context.Response.Body.WriteAsync(answer);
        }
    }

    private static List<(string Name, string Value)> Fields(IHeaderDictionary fields) =>
        [.. fields.SelectMany(h => h.Value.Select(v => (h.Key, v ?? "")))];
}
