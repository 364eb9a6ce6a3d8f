using CsCheck;
using Xunit;

namespace Tandem.Tests;

public sealed class PendingSecondariesTests
{
    private static readonly DateTimeOffset Minute = new(2026, 3, 14, 15, 9, 0, TimeSpan.Zero);

    private readonly PendingSecondaries _pending = new();

    [Fact]
    public void An_account_counts_from_its_creation_until_its_end()
    {
        Assert.Equal(new PendingAges(0, 0, null), _pending.Look(Minute));

        _pending.Apply(Some.Sid, Minute.AddSeconds(26));
        _pending.Apply(Some.OtherSid, Minute.AddHours(1));
        Assert.Equal(new PendingAges(2, 0, Minute), _pending.Look(Minute.AddSeconds(59))); // to the minute, and rather late than early
        Assert.Equal(new PendingAges(2, 1, Minute), _pending.Look(Minute.AddMinutes(1)));
        Assert.Equal(new PendingAges(2, 2, Minute), _pending.Look(Minute.AddHours(2)));

        _pending.Apply(Some.Sid, null);
        Assert.Equal(new PendingAges(1, 1, Minute.AddHours(1)), _pending.Look(Minute.AddHours(2)));
        _pending.Apply(Some.OtherSid, null);
        _pending.Apply(Some.OtherSid, null);
        Assert.Equal(new PendingAges(0, 0, null), _pending.Look(Minute.AddHours(2)));
    }

    [Fact]
    public void A_change_that_leaves_the_secondary_alone_counts_nothing_twice_and_another_secondary_begins_anew()
    {
        _pending.Apply(Some.Sid, Minute);
        _pending.Apply(Some.Sid, Minute);
        Assert.Equal(new PendingAges(1, 1, Minute), _pending.Look(Minute.AddMinutes(1)));

        _pending.Apply(Some.Sid, Minute.AddHours(1));
        Assert.Equal(new PendingAges(1, 0, Minute.AddHours(1)), _pending.Look(Minute.AddMinutes(1)));
    }

    [Fact]
    public void The_oldest_are_named_first_and_no_more_than_asked_for()
    {
        var sids = Enumerable.Range(0, 50).Select(_ => AccountSid.Create()).ToList();
        foreach (var (i, sid) in sids.Index())
        {
            _pending.Apply(sid, Minute.AddMinutes(49 - i));
        }

        var oldest = _pending.Oldest(Minute.AddMinutes(10), 3, sid => sid == sids[48]);
        Assert.Equal([(sids[49], Minute), (sids[47], Minute.AddMinutes(2)), (sids[46], Minute.AddMinutes(3))], oldest);
        Assert.Equal(10, _pending.Oldest(Minute.AddMinutes(10), 100, _ => false).Count);
    }

    [Fact]
    public void Any_sequence_of_changes_leaves_what_counting_them_all_would_find()
    {
        var sids = Enumerable.Range(0, 20).Select(_ => AccountSid.Create()).ToArray();
        Gen.Select(Gen.Int[0, 19], Gen.Int[0, 14], Gen.Int[0, 11]).Array[0, 200].Sample(steps =>
        {
            var pending = new PendingSecondaries();
            var model = new Dictionary<AccountSid, DateTimeOffset>();
            foreach (var (account, minute, limit) in steps)
            {
                DateTimeOffset? created = minute < 10 ? Minute.AddMinutes(minute) : null; // else the rotation ends
                pending.Apply(sids[account], created);
                model.Remove(sids[account]);
                if (created is { } at)
                {
                    model.Add(sids[account], at);
                }

                var before = Minute.AddMinutes(limit);
                DateTimeOffset? oldest = model.Count == 0 ? null : model.Values.Min();
                Assert.Equal(new PendingAges(model.Count, model.Values.Count(c => c < before), oldest), pending.Look(before));
            }
        });
    }
}
