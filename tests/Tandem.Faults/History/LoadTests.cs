using System.Collections.Concurrent;
using System.Diagnostics;
using Tandem.Cli.Claims;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults.History;

/// <summary>Rotations while the check is asked two thousand times a second: nobody is refused who is right, and nobody accepted who is not.</summary>
public sealed class LoadTests
{
    private const int Accounts = 8;
    private const int ChecksATick = 20;
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_length = LongRun.Of(TimeSpan.FromSeconds(4), TimeSpan.FromMinutes(2));
    private static readonly int s_rotations = LongRun.Of(500, 10_000);

    [Fact]
    public async Task Rotations_at_two_thousand_checks_a_second_refuse_nobody_and_revive_nothing()
    {
        await using var server = await ServerProcess.StartAsync(ServerProcess.Unthrottled);
        var caller = new TwilioCaller(server.Http);
        var owners = new Owners(caller, await caller.CreateSubaccountsAsync(server.FirstAccount(), Accounts));
        await AskAsync(owners, static _ => false); // connections, and code that runs for the first time
        var quiet = await AskAsync(owners, static _ => false);
        using var stop = new CancellationTokenSource();
        var rotating = owners.All.Take(2).Select(o => Task.Run(() => o.RotateAsync(stop.Token))).ToList();
        var loaded = await AskAsync(owners, o => o.Promotes < s_rotations);
        await stop.CancelAsync();
        await Task.WhenAll(rotating);
        await owners.SettleAsync();

        TestContext.Current.TestOutputHelper!.WriteLine($"{owners.Promotes} promotes; {loaded}; quiet: {quiet}");
        Assert.Empty(owners.FindViolations());
        Assert.True(owners.Promotes >= s_rotations);
    }

    /// <summary>Asks at the rate for the time, and for longer while it is to go on. Answers how it went, as text: a machine that is busy is no fault.</summary>
    private static async Task<string> AskAsync(Owners owners, Func<Owners, bool> goOn)
    {
        var times = new ConcurrentBag<TimeSpan>();
        var (calls, watch, turn) = (new List<Task>(), Stopwatch.StartNew(), 0);
        using var timer = new PeriodicTimer(s_tick);
        while ((watch.Elapsed < s_length || goOn(owners)) && await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken))
        {
            calls.RemoveAll(c => c.IsCompletedSuccessfully);
            for (var i = 0; i < ChecksATick; i++, turn++)
            {
                calls.Add(AskOnceAsync(owners.All[turn % Accounts], turn / Accounts));
            }
        }

        await Task.WhenAll(calls);
        var ordered = times.Order().ToList();
        return $"{times.Count / watch.Elapsed.TotalSeconds:F0} checks a second, p50 {ordered[ordered.Count / 2].TotalMilliseconds:F1} ms, p99 {ordered[ordered.Count * 99 / 100].TotalMilliseconds:F1} ms";

        async Task AskOnceAsync(Owner owner, int number)
        {
            var from = Stopwatch.GetTimestamp();
            await owner.CheckAsync(number);
            times.Add(Stopwatch.GetElapsedTime(from));
        }
    }
}
