using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;

namespace Tandem.Server.Console;

/// <summary>
/// <c>/accounts/{sid}/live</c> and those of rotations: server-sent events that say "look again" and nothing else; the page then fetches itself. They ask what is in memory
/// alone. A stream ends after a while, so that its session is looked at again; without one a page asks by itself every few seconds.
/// </summary>
internal static class LiveStream
{
    /// <summary>Streams at once, at most; more pages go without.</summary>
    private const int Most = 200;

    /// <summary>Streams of one session: nobody opens so many pages, and no session can take those of the others.</summary>
    private const int MostOfOne = 20;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>Time alone changes a verdict: this often the page looks again although nothing was called.</summary>
    private const int LooksBetweenEvents = 15;

    private static readonly Dictionary<string, int> s_open = [];

    /// <summary>Whether a page asks of its own accord, without anybody there.</summary>
    public static bool IsByItself(HttpRequest request) =>
        request.Headers.ContainsKey("X-Tandem-Live")
        || ((request.Path.StartsWithSegments(ConsolePaths.Accounts, StringComparison.OrdinalIgnoreCase) || request.Path.StartsWithSegments(RotationsPage.Path, StringComparison.OrdinalIgnoreCase))
            && request.Path.Value!.EndsWith("/live", StringComparison.OrdinalIgnoreCase));

    /// <summary>The tokens of one account, their use, and its rotation.</summary>
    public static Task ShowAccountAsync(PageRequest page)
    {
        var (index, records) = (page.Get<VerifierIndex>(), page.Get<RotationRecords>());
        return AccountSid.TryParse(page.Route("sid").AsSpan(), out var sid) && index.TryGet(sid, out _)
            ? ShowAsync(page, () => (index.TryGet(sid, out var entry) ? entry : default, records.Find(sid)?.Heard))
            : page.FailAsync(StatusCodes.Status404NotFound);
    }

    /// <summary>All rotations.</summary>
    public static Task ShowRotationsAsync(PageRequest page)
    {
        var records = page.Get<RotationRecords>();
        return ShowAsync(page, () => records.Version);
    }

    /// <summary>One rotation.</summary>
    public static Task ShowRotationAsync(PageRequest page)
    {
        var records = page.Get<RotationRecords>();
        return AccountSid.TryParse(page.Route("sid").AsSpan(), out var sid) && records.Find(sid) is not null
            ? ShowAsync(page, () => records.Find(sid)?.Heard)
            : page.FailAsync(StatusCodes.Status404NotFound);
    }

    private static async Task ShowAsync<T>(PageRequest page, Func<T> look)
    {
        var session = page.SignedIn.Session.Id;
        if (!TryOpen(session))
        {
            await page.FailAsync(StatusCodes.Status503ServiceUnavailable);
            return;
        }

        try
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(
                page.Http.RequestAborted, page.Get<IHostApplicationLifetime>().ApplicationStopping);
            await WriteAsync(page, look, ended.Token);
        }
        catch (OperationCanceledException)
        {
            // the browser has gone, or the server stops
        }
        finally
        {
            Close(session);
        }
    }

    private static bool TryOpen(string session)
    {
        lock (s_open)
        {
            var own = s_open.GetValueOrDefault(session);
            if (own >= MostOfOne || s_open.Values.Sum() >= Most)
            {
                return false;
            }

            s_open[session] = own + 1;
            return true;
        }
    }

    private static void Close(string session)
    {
        lock (s_open)
        {
            if (--s_open[session] == 0)
            {
                s_open.Remove(session);
            }
        }
    }

    private static async Task WriteAsync<T>(PageRequest page, Func<T> look, CancellationToken ended)
    {
        var time = page.Get<TimeProvider>();
        var response = page.Http.Response;
        response.ContentType = "text/event-stream";
        response.Headers["X-Accel-Buffering"] = "no"; // else nginx keeps the events to itself
        page.Http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await response.WriteAsync("retry: 5000\n\n", ended);
        await response.Body.FlushAsync(ended);
        using var timer = new PeriodicTimer(Look, time);
        var (seen, quiet) = (look(), 0);
        for (var began = time.GetTimestamp(); time.GetElapsedTime(began) < Longest && await timer.WaitForNextTickAsync(ended);)
        {
            var now = look();
            if (EqualityComparer<T>.Default.Equals(now, seen) && ++quiet < LooksBetweenEvents)
            {
                continue;
            }

            (seen, quiet) = (now, 0);
            await response.WriteAsync("data: look\n\n", ended);
            await response.Body.FlushAsync(ended);
        }
    }
}
