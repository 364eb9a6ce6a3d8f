using System.Net;
using Microsoft.Extensions.Time.Testing;
using Tandem.Storage;
using Xunit;

namespace Tandem.Tests.Counting;

/// <summary>What one top-level account and its subaccounts can make grow has an end, and its end is no other account's.</summary>
public sealed class OwnerLimitTests : IDisposable
{
    private const uint Now = 1_790_000_000;

    private readonly DataKeys _keys = Some.Keys();
    private readonly VerifierIndex _index = new();
    private readonly UsageLedger _ledger;
    private long _epoch;

    public OwnerLimitTests()
    {
        _ledger = new(_index, _keys.Tombstone);
        _ledger.Begin(0);
    }

    public void Dispose() => _keys.Dispose();

    [Fact]
    public void One_owners_consumers_cost_no_other_account_a_verdict()
    {
        var owner = Add();
        var crowd = new List<AccountSid> { owner };
        for (var i = 1; i < 500; i++)
        {
            crowd.Add(Add(owner));
        }

        crowd.ForEach(sid => CallAsMany(sid, AccountUsage.ConsumerLimit));
        var last = crowd[^1];
        var told = crowd.Sum(sid => _ledger.Find(sid)!.Consumers.Count(c => !c.Key.IsRest));
        Assert.InRange(told, UsageLedger.OwnerLimit - crowd.Count, UsageLedger.OwnerLimit);

        var other = Add();
        Move(other);
        Move(last);
        Assert.Equal((ReadinessState.Moved, ReadinessReason.None), Judge(other));
        Assert.Equal((ReadinessState.Unknown, ReadinessReason.TooManyConsumers), Judge(last));
    }

    [Fact]
    public void When_many_owners_fill_all_the_room_each_still_has_its_share()
    {
        for (var i = 0; i * UsageLedger.OwnerLimit < UsageLedger.ConsumerLimit; i++)
        {
            var owner = Add();
            for (var sub = 0; sub < UsageLedger.OwnerLimit / AccountUsage.ConsumerLimit; sub++)
            {
                CallAsMany(Add(owner), AccountUsage.ConsumerLimit);
            }
        }

        Assert.Equal(UsageLedger.ConsumerLimit, _ledger.Consumers);
        var late = Add();
        for (var sub = 0; sub < 10; sub++)
        {
            CallAsMany(Add(late), AccountUsage.ConsumerLimit);
        }

        const int Full = UsageLedger.ConsumerLimit + UsageLedger.OwnerShare;
        Assert.InRange(_ledger.Consumers, Full, Full + 10);

        _ledger.Forget(Now + UsageLedger.Lifetime + 1000);
        Assert.Equal(0, _ledger.Consumers);
        CallAsMany(late, 10);
        Assert.Equal(10, _ledger.Consumers);
    }

    [Fact]
    public void An_account_that_rotates_without_end_is_remembered_by_its_newest_retired_tokens()
    {
        var (busy, quiet) = (Add(), Add());
        Retire(quiet, 1);
        for (var i = 0; i < 3 * LateUses.AccountLimit; i++)
        {
            Retire(busy, i);
        }

        Assert.Equal(LateUses.AccountLimit + 1, _ledger.Tombstones);
        Assert.NotNull(Late(quiet, 1));
        Assert.Null(Late(busy, 0));
        Assert.NotNull(Late(busy, (3 * LateUses.AccountLimit) - 1));
        Assert.NotNull(Late(busy, 2 * LateUses.AccountLimit));
    }

    [Fact]
    public void An_owner_with_many_subaccounts_is_remembered_by_its_newest_retired_tokens()
    {
        var (owner, quiet) = (Add(), Add());
        Retire(quiet, 1);
        var first = Add(owner);
        Retire(first, 1);
        var current = first;
        for (var i = 0; i < LateUses.OwnerLimit; i++)
        {
            current = i % 40 == 0 ? Add(owner) : current;
            Retire(current, i);
        }

        Assert.Equal(LateUses.OwnerLimit + 1, _ledger.Tombstones);
        Assert.Null(Late(first, 1));
        Assert.NotNull(Late(quiet, 1));
    }

    [Fact]
    public void Callers_with_retired_tokens_are_told_apart_up_to_a_limit_of_their_owner()
    {
        var (owner, quiet) = (Add(), Add());
        Retire(quiet, 1);
        var accounts = Enumerable.Range(0, 100).Select(_ => Add(owner)).ToList();
        foreach (var sid in accounts)
        {
            Retire(sid, 1);
            for (var caller = 0; caller < 100; caller++)
            {
                Late(sid, 1, $"c{caller}");
            }
        }

        var rows = accounts.Sum(sid => _ledger.FindLate(sid).Count);
        Assert.InRange(rows, LateUses.OwnerCallerLimit, LateUses.OwnerCallerLimit + accounts.Count);
        Assert.Equal(accounts.Count * 100, accounts.SelectMany(_ledger.FindLate).Sum(u => (long)u.Calls));
        Late(quiet, 1, "me");
        Assert.Equal("me", Assert.Single(_ledger.FindLate(quiet)).Caller.Name);
    }

    [Fact]
    public void What_is_forgotten_for_a_limit_leaves_the_file_as_well()
    {
        var directory = Directory.CreateTempSubdirectory("tandem-limits-").FullName;
        try
        {
            var busy = Add();
            using (var file = UsageFile.Open(directory, Now, counting: true, lateUse: true, out _))
            {
                for (var i = 0; i < 2 * LateUses.AccountLimit; i++)
                {
                    Retire(busy, i);
                    Late(busy, i);
                    if (i % 7 == 0)
                    {
                        file.Write(_ledger.Take(Now, 100));
                    }
                }

                file.Write(_ledger.Take(Now, 100));
            }

            using var again = UsageFile.Open(directory, Now, counting: true, lateUse: true, out var content);
            Assert.Equal((LateUses.AccountLimit, LateUses.AccountLimit), (content.Tombstones.Count, content.LateUses.Count));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void Records_of_rotations_give_way_to_newer_ones_of_the_same_owner()
    {
        var time = new FakeTimeProvider(Some.Moment);
        var records = new RotationRecords(time, _index);
        var (owner, quiet) = (Add(), Add());
        Assert.NotNull(records.Tell(quiet, Record(RotationProgress.Rotated)).Value);
        var accounts = Enumerable.Range(0, 1000).Select(_ => Add(owner)).ToList();
        foreach (var sid in accounts)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.NotNull(records.Tell(sid, Record(RotationProgress.Rotated)).Value);
        }

        Assert.NotNull(records.Find(quiet));
        Assert.NotNull(records.Find(accounts[^1]));
        Assert.Null(records.Find(accounts[0]));
        var kept = accounts.Where(sid => records.Find(sid) is not null).ToList();
        Assert.InRange(kept.Sum(sid => records.Find(sid)!.Destinations.Sum(d => 2 * d.Name.Length)), 1, RotationRecords.OwnerLimit);
        Assert.Equal(accounts.Count - kept.Count, records.Take(5000).Count(r => r.Record is null)); // those leave the file
    }

    [Fact]
    public void Rotations_that_run_are_not_forgotten_for_others()
    {
        var time = new FakeTimeProvider(Some.Moment);
        var records = new RotationRecords(time, _index);
        var (owner, other) = (Add(), Add());
        var accounts = Enumerable.Range(0, 1000).Select(_ => Add(owner)).ToList();
        var full = accounts.Find(sid => records.Tell(sid, Record(RotationProgress.Running)).Error == ErrorKind.LimitReached);
        Assert.NotEqual(default, full);
        Assert.NotNull(records.Find(accounts[0]));
        Assert.Null(records.Find(full));
        Assert.NotNull(records.Tell(other, Record(RotationProgress.Running)).Value);

        time.Advance(RotationRecord.StaleAfter);
        Assert.NotNull(records.Tell(full, Record(RotationProgress.Running)).Value);
    }

    private static RotationRecord Record(RotationProgress progress) => new()
    {
        Id = new('1', 32),
        Owner = "ada@build",
        Started = Some.Moment,
        Progress = progress,
        Step = "delivering",
        Destinations = [.. Enumerable.Range(0, 50).Select(i => new RotationDestination(new string('x', RotationRecord.MostCharacters), "pending"))],
    };

    private AccountSid Owner(AccountSid sid) => _index.OwnerOf(sid);

    private AccountSid Add(AccountSid? owner = null)
    {
        var sid = AccountSid.Create();
        _index.Apply(Account(sid, owner ?? sid, 0), ++_epoch);
        return sid;
    }

    private static Account Account(AccountSid sid, AccountSid owner, int token) => new()
    {
        Sid = sid,
        OwnerSid = owner,
        FriendlyName = "An account",
        Status = AccountStatus.Active,
        Generation = 2,
        DateCreated = Some.Moment,
        DateUpdated = Some.Moment,
        Primary = Some.Stored(token),
        Secondary = Some.Stored(token + 1),
    };

    /// <summary>Deletes the secondary number so-and-so.</summary>
    private void Retire(AccountSid sid, int number)
    {
        var before = Account(sid, Owner(sid), 1_000_000) with { Secondary = Some.Stored(number), Generation = (2 * number) + 2 };
        _ledger.Retire(new(before, before with { Secondary = null, Generation = before.Generation + 1 }), Now);
    }

    private LateUse? Late(AccountSid sid, int number, string caller = "c")
    {
        var calls = _ledger.LateCalls;
        _ledger.Count(new()
        {
            Sid = sid,
            Digest = Some.Stored(number).Verifier,
            Source = ClientNetwork.Of(IPAddress.Loopback),
            ClientName = caller,
            Kind = CallKind.Evidence,
            Second = Now,
        });
        return _ledger.LateCalls == calls ? null : _ledger.FindLate(sid)[0];
    }

    private void CallAsMany(AccountSid sid, int consumers)
    {
        for (var i = 0; i < consumers; i++)
        {
            Call(sid, $"c{i}", Slot.Primary, Now);
        }
    }

    private void Call(AccountSid sid, string name, Slot slot, uint second) => _ledger.Count(new()
    {
        Sid = sid,
        Slot = slot,
        Generation = 2,
        ClientName = name,
        Kind = CallKind.Evidence,
        Second = second,
    });

    private void Move(AccountSid sid)
    {
        Call(sid, "billing", Slot.Primary, Now);
        Call(sid, "billing", Slot.Secondary, Now + 1);
        foreach (var consumer in _ledger.Find(sid)!.Consumers.Where(c => !c.Key.IsRest))
        {
            Call(sid, consumer.Key.Name, Slot.Secondary, Now + 1);
        }
    }

    private (ReadinessState State, ReadinessReason Reason) Judge(AccountSid sid)
    {
        var evidence = new ReadinessEvidence { Usage = _ledger.Find(sid), HasSecondary = true, GapUntil = _ledger.GapUntil, QuietSeconds = 600 };
        var readiness = Readiness.Judge(evidence, Now + 3600);
        return (readiness.State, readiness.Reason);
    }
}
