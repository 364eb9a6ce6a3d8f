using Xunit;

namespace Tandem.Tests;

public sealed class VerifierIndexTests
{
    private readonly StressAccounts _accounts = new(1);

    [Fact]
    public void It_holds_what_was_applied_last()
    {
        var index = new VerifierIndex();
        Assert.False(index.TryGet(_accounts.Sid(1), out _));

        foreach (var version in new[] { 1, 2, 3 })
        {
            index.Apply(_accounts.Make(1, version), StressAccounts.Epoch(1, version));
        }

        Assert.True(index.TryGet(_accounts.Sid(1), out var found));
        Assert.Equal(3, found.Generation);
        Assert.True(_accounts.IsWhole(1, found));
        Assert.Equal(1, index.Count);
    }

    [Fact]
    public void An_older_state_never_replaces_a_newer_one()
    {
        var index = new VerifierIndex();
        index.Apply(_accounts.Make(1, 2), 10);
        index.Apply(_accounts.Make(1, 1), 9);
        index.Apply(_accounts.Make(1, 3), 10);

        Assert.True(index.TryGet(_accounts.Sid(1), out var found));
        Assert.Equal(2, found.Generation);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(49)]
    [InlineData(1_021)]
    [InlineData(9_999)]
    public void Of_any_first_size_it_grows_and_finds_them_all(int expected)
    {
        var index = new VerifierIndex(expected);
        for (var i = 0; i < 10_000; i++)
        {
            index.Apply(_accounts.Make(i, 1), StressAccounts.Epoch(i, 1));
        }

        Assert.Equal(10_000, index.Count);
        for (var i = 0; i < 10_000; i++)
        {
            Assert.True(index.TryGet(_accounts.Sid(i), out var found) && _accounts.IsWhole(i, found));
            Assert.False(index.TryGet(_accounts.Sid(i + 10_000), out _));
        }
    }

    [Fact]
    public void Full_from_the_start_it_grows_for_a_new_account_alone()
    {
        const int Full = 999; // the room that rounding leaves is none here
        var index = new VerifierIndex(Full);
        for (var i = 0; i < Full; i++)
        {
            index.Apply(_accounts.Make(i, 1), StressAccounts.Epoch(i, 1));
        }

        var (changed, added) = (_accounts.Make(0, 2), _accounts.Make(Full, 1));
        Assert.Equal(0, AllocatedBy(() => index.Apply(changed, StressAccounts.Epoch(0, 2))));
        Assert.True(AllocatedBy(() => index.Apply(added, StressAccounts.Epoch(Full, 1))) > 1_500 * 90);

        static long AllocatedBy(Action action)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            action();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public void The_last_use_only_moves_forward()
    {
        var index = Holding(Some.Stored(1), Some.Stored(2));
        index.RecordUse(Some.Sid, Slot.Primary, 5, 100);
        index.RecordUse(Some.Sid, Slot.Primary, 5, 99);
        index.RecordUse(Some.Sid, Slot.Secondary, 5, 7);

        Assert.Equal((100u, 7u), Uses(index));
    }

    [Fact]
    public void A_use_of_another_generation_or_account_is_not_noted()
    {
        var index = Holding(Some.Stored(1), Some.Stored(2));
        index.RecordUse(Some.Sid, Slot.Primary, 4, 100);
        index.RecordUse(Some.Sid, Slot.Primary, 6, 100);
        index.RecordUse(Some.OtherSid, Slot.Primary, 5, 100);

        Assert.Equal((0u, 0u), Uses(index));
        Assert.False(index.TryGet(Some.OtherSid, out _));
    }

    [Fact]
    public void The_promoted_token_brings_its_last_use_along()
    {
        var index = Holding(Some.Stored(1), Some.Stored(2));
        index.RecordUse(Some.Sid, Slot.Primary, 5, 100);
        index.RecordUse(Some.Sid, Slot.Secondary, 5, 70);
        index.Apply(Holder(Some.Stored(1), Some.Stored(2)).Promote(null).Value!, 6);

        Assert.Equal((70u, 0u), Uses(index));
    }

    [Fact]
    public void A_new_secondary_begins_unused_and_leaves_the_primary_s_last_use_alone()
    {
        var index = Holding(Some.Stored(1), Some.Stored(2));
        index.RecordUse(Some.Sid, Slot.Primary, 5, 100);
        index.RecordUse(Some.Sid, Slot.Secondary, 5, 70);
        index.Apply(Holder(Some.Stored(1), Some.Stored(3)), 6);

        Assert.Equal((100u, 0u), Uses(index));
    }

    private static VerifierIndex Holding(StoredToken primary, StoredToken secondary)
    {
        var index = new VerifierIndex();
        index.Apply(Holder(primary, secondary), 5);
        return index;
    }

    private static Account Holder(StoredToken primary, StoredToken secondary) => new()
    {
        Sid = Some.Sid,
        OwnerSid = Some.Sid,
        FriendlyName = "",
        Status = AccountStatus.Active,
        Generation = 5,
        DateCreated = Some.Moment,
        DateUpdated = Some.Moment,
        Primary = primary,
        Secondary = secondary,
    };

    private static (uint Primary, uint Secondary) Uses(VerifierIndex index) =>
        index.TryGet(Some.Sid, out var found) ? (found.PrimaryLastUse, found.SecondaryLastUse) : default;
}
