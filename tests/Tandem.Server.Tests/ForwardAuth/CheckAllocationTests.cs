using System.Security.Cryptography;
using Tandem.Server.ForwardAuth;
using Tandem.Server.Tests.Metrics;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.ForwardAuth;

/// <summary>
/// What the check itself allocates, from the moment the server hands it a request to the moment it hands back the answer: header and connection
/// were allocated by the server before, bytes on the wire after.
/// </summary>
public sealed class CheckAllocationTests
{
    private const int Rounds = 2_000;

    private const int Attempts = 5;

    [Theory]
    [InlineData(Checks.Nginx, false)]
    [InlineData(Checks.Forward, false)]
    [InlineData(Checks.Forward, true)]
    [InlineData("/auth/envoy/v1/calls?x=1", true)]
    public async Task A_yes_allocates_nothing_whether_or_not_somebody_listens_to_the_metrics(string target, bool listened)
    {
        await using var tandem = await TestTandem.StartAsync();
        using var listening = listened ? Measured.ListenTo(tandem) : null;
        var sub = await tandem.CreateSubaccountAsync();
        Assert.Equal(0, Allocated(tandem, target, tandem.Account.Basic, 200));
        Assert.Equal(0, Allocated(tandem, target, sub.Basic, 200));
        if (listening is not null)
        {
            var checks = listening.Read("tandem.verdicts").Where(m => m.Key.EndsWith("/valid/primary", StringComparison.Ordinal) && !m.Key.StartsWith("twilio", StringComparison.Ordinal));
            Assert.Equal(2 * (1 + Attempts) * Rounds, checks.Sum(m => m.Value)); // two accounts, each once to compile
        }
    }

    [Fact]
    public void A_SID_that_was_not_answered_lately_costs_one_string()
    {
        var texts = new SidTexts();
        texts.Of(AccountSid.Create());
        var sid = AccountSid.Create();
        Assert.Equal(96, Allocated(() => texts.Of(sid))); // 34 characters, the length, the object's header
        Assert.Equal(0, Allocated(() => texts.Of(sid)));
        Assert.Equal(sid.ToString(), texts.Of(sid));
    }

    [Theory]
    [InlineData(401)]
    [InlineData(429)]
    public async Task Counting_a_refusal_allocates_nothing_either(int status)
    {
        await using var tandem = await TestTandem.StartAsync(new()
        {
            Time = Calls.Clock(),
            Options = o => o with { ThrottleAccount = status == 401 ? new(1_000_000, 1) : new(1, 1), ThrottleSource = new(1_000_000, 1) },
        });
        var throttle = (Throttle)tandem.Services.GetService(typeof(Throttle))!;
        var sid = AccountSid.Parse(tandem.Account.Sid);
        throttle.TrySpend(System.Net.IPAddress.Loopback, sid);
        var refused = 0;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Rounds; i++)
        {
            refused += throttle.TrySpend(System.Net.IPAddress.Loopback, sid) ? 401 : 429;
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(Rounds * status, refused);
    }

    [Fact]
    public async Task A_million_random_SIDs_grow_nothing_and_hinder_nobody()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Options = o => o with { ThrottleSource = new(1_000_000, 1_000_000) } });
        var throttle = (Throttle)tandem.Services.GetService(typeof(Throttle))!;
        var random = new byte[AccountSid.ByteLength];
        throttle.TrySpend(System.Net.IPAddress.Loopback, AccountSid.FromBytes(random));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000_000; i++)
        {
            RandomNumberGenerator.Fill(random);
            throttle.TrySpend(System.Net.IPAddress.Loopback, AccountSid.FromBytes(random));
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024); // a contended lock keeps what it waited with; one object a call would be 24 MB
        (await tandem.SendAsync("GET", Checks.Forward)).IsYes(tandem.Account);
    }

    private static long Allocated(Action act)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        act();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static long Allocated(TestTandem tandem, string target, string authorization, int status)
    {
        var ask = Checks.MiddlewareOf(tandem);
        var context = Checks.ContextFor(target, authorization);
        Repeat(); // compiles, and fills what is filled once

        // The least of several: on a busy machine the runtime itself now and then keeps a few hundred bytes on whatever thread it finds.
        return Enumerable.Range(0, Attempts).Min(_ => Allocated(Repeat));

        void Repeat()
        {
            for (var i = 0; i < Rounds; i++)
            {
                context.Response.Headers.Clear();
                if (!ask(context).IsCompletedSuccessfully || context.Response.StatusCode != status)
                {
                    throw new InvalidOperationException($"The check answered {context.Response.StatusCode}.");
                }
            }
        }
    }
}
