using Microsoft.Extensions.DependencyInjection;
using Tandem.Server.Usage;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Usage;

/// <summary>What the tests of usage, consumers and readiness begin with: somebody who calls, and questions about it.</summary>
internal static class Consumer
{
    public static readonly TimeSpan Quiet = TimeSpan.FromMinutes(10);

    /// <summary>A server on a calendar of the test's, which asks for ten quiet minutes.</summary>
    public static Task<TestTandem> ServerAsync(FakeTime time, Func<TandemOptions, TandemOptions>? options = null) => TestTandem.StartAsync(new()
    {
        Time = time,
        Options = o => (options ?? (same => same))(o with { QuietTime = Quiet }),
    });

    /// <summary>One check of a request that this consumer made.</summary>
    public static async Task CallAsync(this TestTandem tandem, string name, TestCredential credential)
    {
        var answer = await tandem.SendAsync("GET", "/auth/forward", r => r.As(credential).With("X-Client-Name", name).With("X-Forwarded-Host", "billing.example.com"));
        Assert.Equal(200, answer.Status);
    }

    /// <summary>The same so many times, without the network between: spread evenly over a time that passes meanwhile.</summary>
    public static void CallOften(this TestTandem tandem, string name, Slot slot, long generation, int calls, FakeTime time, TimeSpan span)
    {
        const int together = 10_000; // far below what the queue holds
        var (recorder, sid) = (tandem.Services.GetRequiredService<UsageRecorder>(), AccountSid.Parse(tandem.Account.Sid));
        for (var done = 0; done < calls; done += together)
        {
            time.Pass(span * ((double)together / calls));
            var sighting = new Sighting
            {
                Sid = sid,
                Slot = slot,
                Generation = generation,
                Route = "billing.example.com",
                Client = ClientFamily.None,
                ClientName = name,
                Kind = CallKind.Evidence,
                Second = (uint)time.GetUtcNow().ToUnixTimeSeconds(),
            };
            for (var i = 0; i < together; i++)
            {
                recorder.Record(sighting);
            }

            recorder.Report(sid);
        }

        Assert.Equal(0, recorder.Counters.Dropped);
    }

    public static async Task<TestAnswer> AskAsync(this TestTandem tandem, string what, TestCredential? by = null)
    {
        var answer = await tandem.SendAsync("GET", PathOf(tandem.Account, what), r => r.As(by ?? tandem.Account));
        Assert.Equal(200, answer.Status);
        return answer;
    }

    /// <summary>State and reason of the verdict.</summary>
    public static async Task<(string? State, string? Reason)> VerdictAsync(this TestTandem tandem)
    {
        var readiness = await tandem.AskAsync("readiness");
        return (readiness.Text("state"), readiness.Text("reason"));
    }

    /// <summary>Name and standing of everyone, in the order of the answer.</summary>
    public static IEnumerable<(string? Name, string? Standing)> Standings(this TestAnswer answer) =>
        answer.Json.GetProperty("consumers").EnumerateArray().Select(c => (c.GetProperty("client_name").GetString(), c.GetProperty("standing").GetString()));

    public static async Task<string> IdOfAsync(this TestTandem tandem, string name) =>
        (await tandem.AskAsync("consumers")).Json.GetProperty("consumers").EnumerateArray()
            .Single(c => c.GetProperty("client_name").GetString() == name).GetProperty("id").GetString()!;

    public static Task<TestAnswer> DecideAsync(this TestTandem tandem, string id, string body, TestCredential? by = null) =>
        tandem.SendAsync("POST", PathOf(tandem.Account, $"consumers/{id}"), r => r.As(by ?? tandem.Account).Json(body));

    public static string PathOf(TestCredential account, string what) => $"/tandem/v1/accounts/{account.Sid}/{what}";
}
