using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;

namespace Tandem.Server.Console;

/// <summary>
/// <c>/accounts/{sid}/live</c>: server-sent events that say "look again" and nothing else; the page then fetches itself. They ask the index in memory
/// alone. A stream ends after a while, so that its session is looked at again; without one a page asks by itself every few seconds.
/// </summary>
internal static class LiveStream
{
    /// <summary>Streams at once, at most; more pages go without.</summary>
    private const int Most = 200;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>Time alone changes a verdict: this often the page looks again although nothing was called.</summary>
    private const int LooksBetweenEvents = 15;

    private static int s_open;

    /// <summary>Whether a page asks of its own accord, without anybody there.</summary>
    public static bool IsByItself(HttpRequest request) =>
        request.Headers.ContainsKey("X-Tandem-Live")
        || (request.Path.StartsWithSegments(ConsolePaths.Accounts, StringComparison.OrdinalIgnoreCase) && request.Path.Value!.EndsWith("/live", StringComparison.OrdinalIgnoreCase));

    public static async Task ShowAsync(PageRequest page)
    {
        if (!AccountSid.TryParse(page.Route("sid").AsSpan(), out var sid) || !page.Get<VerifierIndex>().TryGet(sid, out _))
        {
            await page.FailAsync(StatusCodes.Status404NotFound);
            return;
        }

        if (Interlocked.Increment(ref s_open) > Most)
        {
            Interlocked.Decrement(ref s_open);
            await page.FailAsync(StatusCodes.Status503ServiceUnavailable);
            return;
        }

        try
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(
                page.Http.RequestAborted, page.Get<IHostApplicationLifetime>().ApplicationStopping);
            await WriteAsync(page, sid, ended.Token);
        }
        catch (OperationCanceledException)
        {
            // the browser has gone, or the server stops
        }
        finally
        {
            Interlocked.Decrement(ref s_open);
        }
    }

    private static async Task WriteAsync(PageRequest page, AccountSid sid, CancellationToken ended)
    {
        var (index, time) = (page.Get<VerifierIndex>(), page.Get<TimeProvider>());
        var response = page.Http.Response;
        response.ContentType = "text/event-stream";
        response.Headers["X-Accel-Buffering"] = "no"; // else nginx keeps the events to itself
        page.Http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await response.WriteAsync("retry: 5000\n\n", ended);
        await response.Body.FlushAsync(ended);
        using var timer = new PeriodicTimer(Look, time);
        var (seen, quiet) = (index.TryGet(sid, out var entry) ? entry : default, 0);
        for (var began = time.GetTimestamp(); time.GetElapsedTime(began) < Longest && await timer.WaitForNextTickAsync(ended);)
        {
            var now = index.TryGet(sid, out entry) ? entry : default;
            if (now == seen && ++quiet < LooksBetweenEvents)
            {
                continue;
            }

            (seen, quiet) = (now, 0);
            await response.WriteAsync("data: look\n\n", ended);
            await response.Body.FlushAsync(ended);
        }
    }
}
