using Tandem.Client;
using Xunit;

namespace Tandem.Rotations.Tests;

/// <summary>The pauses between repeated calls.</summary>
public sealed class PatienceTests
{
    [Fact]
    public void Pauses_grow_to_a_limit_differ_by_chance_and_end_after_a_minute_or_more()
    {
        var firsts = new HashSet<TimeSpan>();
        for (var i = 0; i < 100; i++)
        {
            var time = Hurried.CreateClock();
            var (began, pauses) = (time.GetUtcNow(), new List<TimeSpan>());
            for (var patience = new Patience(time); patience.Next(asked: null) is { } pause;)
            {
                pauses.Add(pause);
                time.Advance(pause);
            }

            firsts.Add(pauses[0]);
            Assert.InRange(time.GetUtcNow() - began, TimeSpan.FromMinutes(1), Patience.Total);
            Assert.InRange(pauses.Count, 12, 40);
            Assert.All(pauses, p => Assert.InRange(p, TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(15)));
        }

        Assert.True(firsts.Count > 10, $"only {firsts.Count} different pauses");
    }

    [Fact]
    public void A_server_is_left_alone_for_as_long_as_it_asks_and_not_waited_for_when_that_is_too_long()
    {
        var patience = new Patience(Hurried.CreateClock());
        Assert.Equal(TimeSpan.FromSeconds(30), patience.Next(new TwilioException(429, 20429, "x") { RetryAfter = TimeSpan.FromSeconds(30) }));
        Assert.Null(patience.Next(new TandemException("throttled", "x", 429) { RetryAfter = TimeSpan.FromHours(1) }));
        Assert.Null(patience.Next(new TwilioException(403, 20403, "x")));
        Assert.NotNull(patience.Next(new TandemException(TandemException.NotRunning, "x")));
    }
}
