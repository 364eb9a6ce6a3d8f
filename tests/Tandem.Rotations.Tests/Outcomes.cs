using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Tandem.Testing;

namespace Tandem.Rotations.Tests;

/// <summary>What may come back from a call: answers of the API, of something on the way, and none.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Make">Makes the answer, or throws if there is no answer.</param>
internal sealed record Outcome(string Name, Func<HttpResponseMessage> Make)
{
    /// <summary>The one answer that says that a token is not valid.</summary>
    public static readonly Outcome Refusal = Api(401, 20003);

    /// <summary>Everything else that is no success.</summary>
    public static readonly IReadOnlyList<Outcome> NoRefusals =
    [
        Proxy(401), Json(401, """{"error":"unauthorized"}"""), Json(401, """{"code":20003,"message":"Authenticate","status":200}"""),
        Api(403, 20403), Proxy(403), Proxy(404), Proxy(407), Api(408, 20408), Api(429, 20429, "3"), Proxy(429, "Wed, 25 Nov 2026 09:00:00 GMT"),
        Api(500, 20500), Proxy(502), Api(503, 20503, "1"), Proxy(504), Proxy(302), Json(200, "<html>"), Json(200, "{}"), Json(200, ""),
        new("no answer in time", () => throw new TaskCanceledException("late", new TimeoutException())),
        new("a broken connection", () => throw new HttpRequestException("broken", new IOException("reset"))),
        new("no connection", () => throw new HttpRequestException(HttpRequestError.ConnectionError, "refused")),
    ];

    public override string ToString() => Name;

    private static Outcome Api(int status, int code, string? retryAfter = null) =>
        Json(status, $$"""{"code":{{code}},"message":"It says no","more_info":"https://www.twilio.com/docs/errors/{{code}}","status":{{status}}}""", retryAfter);

    private static Outcome Json(int status, string body, string? retryAfter = null) => new($"{status} {body}", () => Answer(status, body, "application/json", retryAfter));

    private static Outcome Proxy(int status, string? retryAfter = null) => new($"{status} of a proxy", () => Answer(status, "<html>proxy</html>", "text/html", retryAfter));

    private static HttpResponseMessage Answer(int status, string body, string type, string? retryAfter)
    {
        var answer = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, type) };
        answer.Headers.Date = DateTimeOffset.Parse("2026-11-25T08:59:58Z", System.Globalization.CultureInfo.InvariantCulture);
        if (retryAfter is not null)
        {
            answer.Headers.Add("Retry-After", retryAfter);
        }

        return answer;
    }
}

/// <summary>Carries calls to the server, except those that are answered otherwise.</summary>
/// <param name="isMeant">Whether a call, told as <c>GET /path TOKEN</c>, is one of those.</param>
/// <param name="outcome">The answer to them.</param>
/// <param name="times">How many of them.</param>
internal sealed class Interception(Func<string, bool> isMeant, Outcome outcome, int times)
{
    private int _met;

    public ConcurrentQueue<string> Carried { get; } = new();

    /// <summary>How many calls were answered otherwise.</summary>
    public int Answered => Math.Min(_met, times);

    public HttpMessageHandler CreateHandler() => new Handler(this);

    private HttpResponseMessage? AnswerTo(string call)
    {
        if (isMeant(call) && Interlocked.Increment(ref _met) <= times)
        {
            return outcome.Make();
        }

        Carried.Enqueue(call);
        return null;
    }

    private sealed class Handler(Interception interception) : DelegatingHandler(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero })
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var token = Encoding.ASCII.GetString(Convert.FromBase64String(request.Headers.Authorization!.Parameter!)).Split(':')[1];
            return interception.AnswerTo($"{request.Method} {request.RequestUri!.AbsolutePath} {token}") is { } answer ? Task.FromResult(answer) : base.SendAsync(request, cancellationToken);
        }
    }
}

/// <summary>A clock that runs ahead while something is waited for.</summary>
internal static class Hurried
{
    public static async Task<T> RunAsync<T>(this FakeTimeProvider time, Func<Task<T>> run)
    {
        var running = run();
        await Until.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(5));
            return running.IsCompleted;
        });
        return await running;
    }

    public static FakeTimeProvider CreateClock() => new(DateTimeOffset.Parse("2026-11-25T09:00:00Z", System.Globalization.CultureInfo.InvariantCulture));
}
