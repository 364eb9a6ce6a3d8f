using CsCheck;
using Xunit;

namespace Tandem.Tests.Counting;

public sealed class ReadinessTests
{
    private const uint Quiet = 600;
    private const uint Hour = 3600;
    private const uint Day = 24 * Hour;
    private const uint Now = 1_790_000_000;

    /// <summary>Calls as <c>consumer + token o(ld) or n(ew) + hours ago</c>.</summary>
    [Theory]
    [InlineData("", ReadinessState.Unknown, ReadinessReason.NoConsumerSeen)]
    [InlineData("An1", ReadinessState.Unknown, ReadinessReason.NoConsumerSeen)]
    [InlineData("Ao0", ReadinessState.NotYet, ReadinessReason.None)]
    [InlineData("Ao5 An0", ReadinessState.Moved, ReadinessReason.None)]
    [InlineData("Ao5", ReadinessState.Unknown, ReadinessReason.SilentConsumers)]
    [InlineData("Ao5 An4 Bo140", ReadinessState.Unknown, ReadinessReason.SilentConsumers)]
    [InlineData("Ao5 An4 Bo140 Bn2", ReadinessState.Moved, ReadinessReason.None)]
    [InlineData("Ao5 An4 Bo140 Bo0", ReadinessState.NotYet, ReadinessReason.None)]
    [InlineData("An5 Ao4", ReadinessState.Unknown, ReadinessReason.SilentConsumers)]
    [InlineData("An5 Ao4 An0", ReadinessState.Moved, ReadinessReason.None)]
    [InlineData("An9 Ao2 An0", ReadinessState.Unknown, ReadinessReason.SilentConsumers)]
    public void The_verdict_follows_the_calls(string calls, ReadinessState state, ReadinessReason reason)
    {
        var verdict = Judge(Usage(calls));

        Assert.Equal((state, reason), (verdict.State, verdict.Reason));
    }

    [Fact]
    public void Without_a_secondary_it_cannot_be_told() =>
        Assert.Equal(ReadinessReason.NoSecondary, Judge(Usage("Ao5 An0"), hasSecondary: false).Reason);

    [Fact]
    public void Nobody_counted_is_unknown() => Assert.Equal(ReadinessReason.NoConsumerSeen, Judge(null).Reason);

    [Fact]
    public void A_weekly_job_is_unknown_with_its_date_and_moves_when_it_is_seen()
    {
        var usage = Usage("Ao1 An0");
        var weekly = Key('W');
        foreach (var week in (uint[])[3, 2, 1])
        {
            Call(usage, weekly, Slot.Primary, Now + (2 * Day) - (week * 7 * Day));
        }

        var verdict = Judge(usage);
        var silent = verdict.Consumers[0];
        Assert.Equal(ReadinessState.Unknown, verdict.State);
        Assert.Equal((weekly, ConsumerStanding.Silent), (silent.Use.Key, silent.Standing));
        Assert.InRange(silent.Expected!.Value, Now + Day, Now + (3 * Day));

        Call(usage, weekly, Slot.Secondary, Now + (2 * Day));
        Assert.Equal(ReadinessState.Moved, Judge(usage, now: Now + (2 * Day)).State);
    }

    [Fact]
    public void One_call_in_a_million_is_not_yet()
    {
        var usage = Usage("Ao9");
        for (var i = 0u; i < 1_000_000; i++)
        {
            Call(usage, Key('A'), Slot.Secondary, Now - 1000 + (i / 1000));
        }

        Assert.Equal(ReadinessState.Moved, Judge(usage).State);
        Call(usage, Key('B'), Slot.Primary, Now - 1);
        var verdict = Judge(usage);
        Assert.Equal((ReadinessState.NotYet, Key('B')), (verdict.State, verdict.Consumers[0].Use.Key));
    }

    /// <summary>Two programs that look like one: the one that has not moved gives itself away by coming back.</summary>
    [Fact]
    public void Who_hides_behind_one_that_has_moved_is_waited_for()
    {
        var usage = Usage("Ao30 An20 Ao10 An0");

        var verdict = Judge(usage);
        Assert.Equal(ReadinessReason.SilentConsumers, verdict.Reason);
        Assert.Equal(Now, verdict.Consumers[0].Expected);
        Call(usage, Key('A'), Slot.Secondary, Now + (11 * Hour));
        Assert.Equal(ReadinessState.Moved, Judge(usage, now: Now + (11 * Hour)).State);
    }

    [Fact]
    public void A_gap_makes_moved_unknown_until_the_quiet_time_has_passed()
    {
        var usage = Usage("Ao5 An1");

        var during = Judge(usage, gap: Now - Quiet + 1);
        Assert.Equal((ReadinessState.Unknown, ReadinessReason.Gap, Now + 1), (during.State, during.Reason, during.Until!.Value));
        Assert.Equal(ReadinessState.Moved, Judge(usage, gap: Now - Quiet).State);
        usage.GapUntil = Now;
        Assert.Equal(ReadinessReason.Gap, Judge(usage).Reason);
    }

    [Fact]
    public void Who_is_marked_gone_stands_in_nobodys_way_until_it_calls_again()
    {
        var usage = Usage("Ao5 An1 Bo50");
        var decisions = new Dictionary<string, ConsumerDecision> { [Key('B').Id] = new("audit export", GoneSince: Now - Hour) };

        var verdict = Judge(usage, decisions: decisions);
        Assert.Equal(ReadinessState.Moved, verdict.State);
        Assert.Equal("audit export", verdict.Consumers[^1].Decision!.Name);
        Call(usage, Key('B'), Slot.Primary, Now - 1);
        Assert.Equal(ReadinessState.NotYet, Judge(usage, decisions: decisions).State);
    }

    [Fact]
    public void A_decided_rhythm_outweighs_the_one_seen()
    {
        var decisions = new Dictionary<string, ConsumerDecision> { [Key('A').Id] = new(Every: 30 * Day) };

        Assert.Equal(Now - (5 * Hour) + (30 * Day), Judge(Usage("Ao9 Ao5"), decisions: decisions).Consumers[0].Expected);
    }

    [Fact]
    public void Those_beyond_the_limit_are_never_moved()
    {
        var usage = new AccountUsage(Some.Sid, 2, hasSecondary: true) { Owner = Some.Sid };
        for (var i = 0; i < AccountUsage.ConsumerLimit + 50; i++)
        {
            var key = new ConsumerKey($"route{i}", default, ClientFamily.Curl, "");
            Call(usage, key, Slot.Primary, Now - Hour);
            Call(usage, key, Slot.Secondary, Now - Hour + 1);
        }

        var verdict = Judge(usage);
        Assert.Equal(AccountUsage.ConsumerLimit + 1, verdict.Consumers.Count);
        Assert.Equal((ReadinessState.Unknown, ConsumerKey.Rest), (verdict.State, verdict.Consumers[0].Use.Key));
    }

    [Fact]
    public void Control_calls_are_no_evidence()
    {
        var usage = Usage("Ao5");
        var control = new Sighting { Sid = Some.Sid, Slot = Slot.Secondary, Generation = 2, Kind = CallKind.Control, Second = Now };
        usage.Count(control, Key('A'), mayGrow: true, out _);

        Assert.Equal(ReadinessReason.SilentConsumers, Judge(usage).Reason);
        Assert.Equal(1UL, usage.Control(Slot.Secondary).Calls);
    }

    /// <summary>Against a model that looks at all calls again for every question.</summary>
    [Fact]
    public void It_agrees_with_a_slow_model()
    {
        var call = Gen.Select(Gen.Char['A', 'D'], Gen.Bool, Gen.OneOf(Gen.UInt[0, 40], Gen.UInt[0, 3 * Quiet], Gen.UInt[0, 20 * Quiet]));
        Gen.Select(call.List[0, 14], Gen.UInt[0, 3 * Quiet], Gen.Bool, Gen.Char['A', 'E'], Gen.UInt[0, 3 * Quiet]).Sample(
            (calls, gapAgo, withGap, gone, goneAgo) =>
            {
                calls = [.. calls.OrderByDescending(c => c.Item3)];
                var usage = new AccountUsage(Some.Sid, 2, hasSecondary: true) { Owner = Some.Sid };
                foreach (var (who, isNew, ago) in calls)
                {
                    Call(usage, Key(who), isNew ? Slot.Secondary : Slot.Primary, Now - ago);
                }

                var gap = withGap ? Now - gapAgo : 0;
                var decisions = new Dictionary<string, ConsumerDecision> { [Key(gone).Id] = new(GoneSince: Now - goneAgo) };
                var model = Model([.. calls.Select(c => (c.Item1, c.Item2, (long)Now - c.Item3))], gap, gone, Now - goneAgo);
                Assert.Equal(model, Judge(usage, gap: gap, decisions: decisions).State);
            },
            iter: 50_000);
    }

    private static ReadinessState Model(List<(char Who, bool IsNew, long At)> calls, long gap, char gone, long goneAt)
    {
        var (notYet, silent, old) = (false, false, false);
        for (var who = 'A'; who <= 'D'; who++)
        {
            var mine = calls.Where(c => c.Who == who).ToList();
            if (!mine.Any(c => !c.IsNew))
            {
                continue;
            }

            old = true;
            var last = mine.Where(c => !c.IsNew).Max(c => c.At);
            if (who == gone && goneAt >= last)
            {
                continue;
            }

            // The longest silence that a call with the old token has ended, since the first with the new.
            var wait = (long)Quiet;
            for (var i = 0; i < mine.Count; i++)
            {
                var before = mine.Take(i).ToList();
                if (!mine[i].IsNew && before.Any(c => c.IsNew))
                {
                    var silentFrom = Math.Max(before.First(c => c.IsNew).At, before.Where(c => !c.IsNew).Select(c => c.At).DefaultIfEmpty(0).Max());
                    wait = Math.Max(wait, 2 * (mine[i].At - silentFrom));
                }
            }

            notYet |= Now - last < Quiet;
            silent |= !mine.Any(c => c.IsNew && c.At > last) || Now - last < wait;
        }

        return notYet ? ReadinessState.NotYet
            : silent || !old || Now - gap < Quiet ? ReadinessState.Unknown
            : ReadinessState.Moved;
    }

    private static Readiness Judge(
        AccountUsage? usage, bool hasSecondary = true, uint now = Now, uint gap = 0, IReadOnlyDictionary<string, ConsumerDecision>? decisions = null) =>
        Readiness.Judge(
            new()
            {
                Usage = usage,
                HasSecondary = hasSecondary,
                GapUntil = gap,
                QuietSeconds = Quiet,
                Decisions = decisions ?? new Dictionary<string, ConsumerDecision>(),
            },
            now);

    private static AccountUsage Usage(string calls)
    {
        var usage = new AccountUsage(Some.Sid, 2, hasSecondary: true) { Owner = Some.Sid };
        foreach (var call in calls.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var ago = uint.Parse(call.AsSpan(2), System.Globalization.CultureInfo.InvariantCulture) * Hour;
            Call(usage, Key(call[0]), call[1] == 'o' ? Slot.Primary : Slot.Secondary, Now - ago);
        }

        return usage;
    }

    private static ConsumerKey Key(char name) => new("", default, ClientFamily.Other, name.ToString());

    private static void Call(AccountUsage usage, ConsumerKey key, Slot slot, uint second)
    {
        var sighting = new Sighting { Sid = usage.Sid, Slot = slot, Generation = 2, Kind = CallKind.Evidence, Second = second };
        usage.Count(sighting, key, mayGrow: true, out _);
    }
}
