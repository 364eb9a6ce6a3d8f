using System.Net;
using CsCheck;
using Xunit;

namespace Tandem.Tests.Counting;

public sealed class CountingTests
{
    private const uint Day = 86_400;
    private const uint Noon = 1_790_000_000;

    /// <summary>Against a list of all calls: whatever order they come in, the window holds the periods near its newest call.</summary>
    [Fact]
    public void A_window_counts_as_a_list_of_all_calls_does() =>
        Gen.UInt[0, 4000].List[0, 120].Sample(
            seconds =>
            {
                var window = new CountWindow(60, 10);
                var expected = new SortedDictionary<uint, uint>();
                foreach (var second in seconds.Select(s => Noon + s))
                {
                    window.Add(second);
                    var start = second / 60 * 60;
                    if (expected.Count == 0 || start + (10 * 60) > expected.Keys.Max())
                    {
                        expected[start] = expected.GetValueOrDefault(start) + 1;
                    }

                    var newest = expected.Keys.Max();
                    foreach (var old in expected.Keys.Where(k => k + (10 * 60) <= newest).ToList())
                    {
                        expected.Remove(old);
                    }
                }

                // What was pushed out and what was never let in leave the same trace; a window may hold on to an old period until it must grow.
                var held = window.Counts.ToArray().Where(c => expected.Count == 0 || c.Start + (10 * 60) > expected.Keys.Max());
                Assert.Equal(expected.Select(e => new PeriodCount(e.Key, e.Value)), held);
                Assert.True(window.Counts.Length <= 10);
            },
            iter: 2000);

    [Fact]
    public void A_year_of_calls_every_minute_stays_small()
    {
        var use = new TokenUse();
        for (var minute = 0u; minute < 365 * 1440; minute++)
        {
            use.Add(Noon + (minute * 60));
        }

        Assert.Equal((60, 240, 90), (use.Minutes.Counts.Length, use.Hours.Counts.Length, use.Days.Counts.Length));
        Assert.InRange(use.Pack().Length, 1, 3200);
        Assert.Equal(365UL * 1440, use.Calls);
        Assert.InRange(use.Hours.Since(0), 239UL * 60, 240UL * 60); // the last hour is not over
    }

    [Fact]
    public void Packing_loses_nothing()
    {
        var use = new TokenUse();
        for (var i = 0u; i < 500; i++)
        {
            use.Add(Noon + (i * i * 37));
        }

        var copy = use.Copy();
        Assert.Equal((use.First, use.Last, use.Calls), (copy.First, copy.Last, copy.Calls));
        Assert.Equal(use.Minutes.Counts, copy.Minutes.Counts);
        Assert.Equal(use.Hours.Counts, copy.Hours.Counts);
        Assert.Equal(use.Days.Counts, copy.Days.Counts);
        Assert.Throws<InvalidDataException>(() => TokenUse.Unpack(use.Pack().AsSpan()[..^3]));
    }

    [Theory]
    [InlineData(60u, 1u, 200)]
    [InlineData(3600u, 5u, 100)]
    [InlineData(Day, 30u, 20)]
    [InlineData(7 * Day, 30u, 5)]
    [InlineData(7 * Day, 1u, 2)]
    public void A_rhythm_is_told_from_the_long_silences(uint every, uint burst, int times)
    {
        var consumer = new ConsumerUse(ConsumerKey.Rest);
        for (var i = 0u; i < times; i++)
        {
            for (var call = 0u; call < burst; call++)
            {
                consumer.Add(Slot.Primary, Noon + (i * every) + (call * 60));
            }
        }

        var rhythm = Rhythm.Of(consumer)!.Value;
        Assert.InRange(rhythm.Every, every * 0.8, every * 1.2);
    }

    [Fact]
    public void One_outage_in_a_long_history_is_no_rhythm()
    {
        var consumer = new ConsumerUse(ConsumerKey.Rest);
        for (var hour = 0u; hour < 200; hour++)
        {
            consumer.Add(Slot.Primary, Noon + (hour * 3600) + (hour > 100 ? 10 * 3600 : 0u));
        }

        Assert.InRange(Rhythm.Of(consumer)!.Value.Every, 3500u, 7200u);
        Assert.Null(Rhythm.Of(new(ConsumerKey.Rest)));
    }

    [Theory]
    [InlineData("192.0.2.77", 32, "192.0.2.77")]
    [InlineData("192.0.2.77", 24, "192.0.2.0/24")]
    [InlineData("::ffff:192.0.2.77", 32, "192.0.2.77")]
    [InlineData("2001:db8:1:2:3:4:5:6", 32, "2001:db8:1:2::/64")]
    public void A_network_is_told_from_an_address(string address, byte bits, string network)
    {
        var seen = ClientNetwork.Of(IPAddress.Parse(address)).Widen(bits);

        Assert.Equal(network, seen.ToString());
        Assert.Equal(seen, ClientNetwork.Parse(network));
    }

    [Fact]
    public void Consumers_are_told_apart_and_a_name_makes_one_of_many()
    {
        var one = new Sighting { Route = "api.example.com", Source = ClientNetwork.Of(IPAddress.Parse("10.0.3.1")), Client = ClientFamily.Curl };
        var other = one with { Source = ClientNetwork.Of(IPAddress.Parse("10.0.3.2")) };

        Assert.NotEqual(ConsumerKey.Of(one), ConsumerKey.Of(other));
        Assert.NotEqual(ConsumerKey.Of(one).Id, ConsumerKey.Of(other).Id);
        Assert.Equal(ConsumerKey.Of(one, 24), ConsumerKey.Of(other, 24));
        Assert.Equal(ConsumerKey.Of(one with { ClientName = "billing" }), ConsumerKey.Of(other with { ClientName = " billing " }));
        Assert.Equal("a?b?", ConsumerKey.Of(one with { ClientName = "a\u001bb\u0661" }).Name);
        Assert.Equal(100, ConsumerKey.Of(one with { Route = new string('x', 5000) }).Route.Length);
    }

    /// <summary>Counts follow the token, not the slot, however late a call is counted. The model knows each token by a number of its own.</summary>
    [Fact]
    public void Counts_follow_the_token_through_rotations() =>
        Gen.Select(Gen.Int[0, 9].List[1, 80], Gen.Int[1, 6]).Sample(
            (steps, first) =>
            {
                var account = Account(first);
                var usage = new AccountUsage(account.Sid, account.Generation, account.Secondary is not null) { Owner = account.OwnerSid };
                var calls = new Dictionary<Fingerprint, ulong>();
                var (number, pending) = (100, new Queue<(Slot, long, Fingerprint)>());
                foreach (var step in steps)
                {
                    var next = step switch
                    {
                        0 or 1 => account.CreateSecondary(Some.Stored(number++)),
                        2 => account.DeleteSecondary(),
                        3 => account.Promote(null),
                        _ => ErrorKind.Unavailable,
                    };
                    if (next.Value is { } changed)
                    {
                        if (Retirement.Of(account, changed) is { } retirement)
                        {
                            Assert.True(usage.Retire(retirement));
                            Assert.False(usage.Retire(retirement));
                        }

                        account = changed;
                    }
                    else if (step % 2 == 0 || account.Secondary is null)
                    {
                        pending.Enqueue((Slot.Primary, account.Generation, account.Primary!.Fingerprint));
                    }
                    else
                    {
                        pending.Enqueue((Slot.Secondary, account.Generation, account.Secondary.Fingerprint));
                    }

                    while (pending.Count > step % 4) // some are counted later than they came
                    {
                        var (slot, generation, token) = pending.Dequeue();
                        calls[token] = calls.GetValueOrDefault(token) + 1;
                        var sighting = new Sighting { Sid = account.Sid, Slot = slot, Generation = generation, Kind = CallKind.Evidence, Second = Noon };
                        usage.Count(sighting, ConsumerKey.Of(sighting), mayGrow: true, out _);
                    }
                }

                // A token that was retired may have been counted until then; those of now must have every call, and no other's.
                var use = usage.Consumers.SingleOrDefault();
                Assert.Equal(calls.GetValueOrDefault(account.Primary!.Fingerprint), use?.Primary?.Calls ?? 0);
                Assert.Equal(account.Secondary is { } secondary ? calls.GetValueOrDefault(secondary.Fingerprint) : 0, use?.Secondary?.Calls ?? 0);
            },
            iter: 5000);

    private static Account Account(int generation) => new()
    {
        Sid = Some.Sid,
        OwnerSid = Some.Sid,
        FriendlyName = "An account",
        Status = AccountStatus.Active,
        Generation = generation,
        DateCreated = Some.Moment,
        DateUpdated = Some.Moment,
        Primary = Some.Stored(1),
    };
}
