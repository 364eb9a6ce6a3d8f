using System.Net;
using Microsoft.Data.Sqlite;
using Tandem.Storage;
using Xunit;

namespace Tandem.Tests.Counting;

/// <summary>What survives a restart, and what a file that cannot be used does.</summary>
public sealed class UsageFileTests : IDisposable
{
    private const uint Now = 1_790_000_000;

    private readonly string _directory = Directory.CreateTempSubdirectory("tandem-usage-").FullName;
    private readonly DataKeys _keys = Some.Keys();
    private readonly VerifierIndex _index = new(4);
    private readonly Account _account;

    public UsageFileTests()
    {
        _account = Account(4, primary: 1, secondary: 2);
        _index.Apply(_account, 1);
    }

    private string FilePath => Path.Combine(_directory, UsageFile.Name);

    public void Dispose()
    {
        _keys.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void A_restart_keeps_every_count()
    {
        using (var file = Open(out var ledger))
        {
            for (var i = 0u; i < 300; i++)
            {
                ledger.Count(Call(Slot.Primary, $"10.0.{i % 3}.1", Now + (i * 977)));
                ledger.Count(Call(Slot.Secondary, "2001:db8::1", Now + i) with { ClientName = "billing", Route = "api.example.com" });
            }

            ledger.Count(Call(Slot.Primary, "10.0.0.1", Now) with { Kind = CallKind.Control });
            ledger.AddGap(new(Now, Now + 5, GapReason.Dropped, 17));
            WriteAll(file, ledger);
            file.MarkStopped();
        }

        using var again = Open(out var restored);
        var usage = restored.Find(_account.Sid)!;
        Assert.Equal(4, usage.Consumers.Count);
        Assert.Equal(300UL, usage.Consumers.Aggregate(0UL, (sum, c) => sum + (c.Primary?.Calls ?? 0)));
        var billing = usage.Consumers.Single(c => c.Key.Name == "billing");
        Assert.Equal((300UL, Now, Now + 299, "api.example.com"), (billing.Secondary!.Calls, billing.Secondary.First, billing.Secondary.Last, billing.Key.Route));
        Assert.Equal(300UL, billing.Secondary.Days.Since(0));
        Assert.Equal(1UL, usage.Control(Slot.Primary).Calls);
        Assert.Equal([new UsageGap(Now, Now + 5, GapReason.Dropped, 17)], restored.Gaps);
        Assert.Equal(Now, restored.CountingSince);
    }

    [Fact]
    public void An_unclean_stop_is_a_gap_from_what_was_last_written()
    {
        using (var file = Open(out var ledger))
        {
            ledger.Count(Call(Slot.Primary, "10.0.0.1", Now));
            WriteAll(file, ledger, Now + 50);
        }

        using var again = Open(out var restored, Now + 200);
        Assert.Equal([new UsageGap(Now + 50, Now + 200, GapReason.UncleanStop)], restored.Gaps);
        Assert.Equal(Now + 200, restored.GapUntil);
        Assert.NotNull(restored.Find(_account.Sid));
    }

    [Fact]
    public void Counting_turned_off_is_a_gap()
    {
        Open(out _).Dispose();
        UsageFile.Open(_directory, Now + 100, counting: false, lateUse: true, out _).Dispose();
        using var again = Open(out var restored, Now + 900);

        Assert.Equal(
            [new UsageGap(Now, Now + 100, GapReason.UncleanStop), new UsageGap(Now + 100, Now + 900, GapReason.CountingOff)],
            restored.Gaps);
    }

    [Fact]
    public void A_promote_moves_the_counts_in_the_file_as_well()
    {
        var promoted = _account.Promote(null).Value!;
        using (var file = Open(out var ledger))
        {
            ledger.Count(Call(Slot.Primary, "10.0.0.1", Now));
            ledger.Count(Call(Slot.Secondary, "10.0.0.2", Now));
            WriteAll(file, ledger);
            ledger.Retire(new(_account, promoted), Now + 1);
            _index.Apply(promoted, 2);
            WriteAll(file, ledger);
            file.MarkStopped();
        }

        using var again = Open(out var restored);
        var usage = restored.Find(_account.Sid)!;
        var consumer = Assert.Single(usage.Consumers);
        Assert.Equal(("10.0.0.2", 1UL), (consumer.Key.Network.ToString(), consumer.Primary!.Calls));
        Assert.Equal(0u, usage.GapUntil);
    }

    [Fact]
    public void What_does_not_fit_the_accounts_any_more_is_forgotten_with_a_gap()
    {
        using (var file = Open(out var ledger))
        {
            ledger.Count(Call(Slot.Primary, "10.0.0.1", Now));
            WriteAll(file, ledger);
            file.MarkStopped();
        }

        _index.Apply(_account.Promote(null).Value!, 2); // the promote was durable, its counts were not
        using var again = Open(out var restored, Now + 10);
        var usage = restored.Find(_account.Sid)!;
        Assert.Empty(usage.Consumers);
        Assert.Equal(Now + 10, usage.GapUntil);
    }

    [Fact]
    public void Late_use_is_told_of_a_retired_token_alone_and_after_a_restart_too()
    {
        var digest = _account.Primary!.Verifier;
        VerifierValue wrong = default;
        using (var file = Open(out var ledger))
        {
            ledger.Retire(new(_account, _account.Promote(null).Value!), Now);
            _index.Apply(_account.Promote(null).Value!, 2);
            for (var i = 0u; i < 5; i++)
            {
                ledger.Count(Refused(digest, "10.0.9.2", Now + i));
                ledger.Count(Refused(wrong, "203.0.113.9", Now + i));
            }

            WriteAll(file, ledger);
            file.MarkStopped();
        }

        Assert.True(File.ReadAllBytes(FilePath).AsSpan().IndexOf(((ReadOnlySpan<byte>)digest)[..8]) < 0, "A verifier's bytes lie in the usage file.");
        using var again = Open(out var restored);
        var late = Assert.Single(restored.FindLate(_account.Sid));
        Assert.Equal(("10.0.9.2", Now, Now + 4, 5UL), (late.Caller.Network.ToString(), late.First, late.Last, late.Calls));
        Assert.Equal(_account.Primary.Fingerprint, late.Tombstone.Fingerprint);
        restored.Count(Refused(digest, "10.0.9.2", Now + 60));
        Assert.Equal(6UL, Assert.Single(restored.FindLate(_account.Sid)).Calls);

        restored.Forget(Now + Tombstone.Lifetime + 1);
        Assert.Empty(restored.FindLate(_account.Sid));
    }

    [Fact]
    public void Calls_that_are_counted_after_the_retirement_find_their_tokens()
    {
        var ledger = new UsageLedger(_index, _keys.Tombstone);
        var promoted = _account.Promote(null).Value!;
        ledger.Retire(new(_account, promoted), Now);
        _index.Apply(promoted, 2);
        ledger.Count(Call(Slot.Primary, "10.0.0.1", Now));
        ledger.Count(Call(Slot.Secondary, "10.0.0.2", Now));

        var usage = ledger.Find(_account.Sid)!;
        Assert.Equal("10.0.0.2", Assert.Single(usage.Consumers).Key.Network.ToString());
        Assert.Equal(0u, usage.GapUntil);
    }

    [Fact]
    public void Late_use_turned_off_leaves_nothing_of_it()
    {
        using (var file = Open(out var ledger))
        {
            ledger.Retire(new(_account, _account.Promote(null).Value!), Now);
            WriteAll(file, ledger);
        }

        UsageFile.Open(_directory, Now, counting: true, lateUse: false, out var content).Dispose();
        Assert.Empty(content.Tombstones);
    }

    [Fact]
    public void Old_counts_are_deleted()
    {
        using var file = Open(out var ledger);
        ledger.Count(Call(Slot.Primary, "10.0.0.1", Now));
        ledger.AddGap(new(Now, Now, GapReason.Dropped));
        ledger.Retire(new(Account(4, 8, 9, Some.OtherSid), Account(5, 9, null, Some.OtherSid)), Now);
        WriteAll(file, ledger);
        ledger.Count(Call(Slot.Primary, "10.0.0.2", Now + UsageLedger.Lifetime));
        ledger.Forget(Now + UsageLedger.Lifetime + 1);
        var batch = ledger.Take(Now + UsageLedger.Lifetime + 1, 100);
        batch.Forget = true;
        file.Write(batch);
        file.MarkStopped();

        using var again = Open(out var restored);
        Assert.Equal("10.0.0.2", Assert.Single(restored.Find(_account.Sid)!.Consumers).Key.Network.ToString());
        Assert.Empty(restored.Gaps);
        Assert.Equal(1, restored.Consumers);
    }

    [Fact]
    public void A_file_that_is_no_database_is_refused_and_left_alone()
    {
        File.WriteAllText(FilePath, "This is no database. It is long enough to be read as one, though, or at least to be tried.");

        Assert.Throws<StoreException>(() => Open(out _));
        Assert.StartsWith("This is no database", File.ReadAllText(FilePath), StringComparison.Ordinal);
    }

    [Fact]
    public void Counts_of_another_version_are_begun_anew()
    {
        Open(out _).Dispose();
        using (var connection = new SqliteConnection($"Data Source={FilePath};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 99";
            command.ExecuteNonQuery();
        }

        using var again = Open(out var restored, Now + 77);
        Assert.Equal(Now + 77, restored.CountingSince);
    }

    [Fact]
    public void A_write_that_fails_may_be_tried_again()
    {
        using var file = Open(out var ledger);
        ledger.Count(Call(Slot.Primary, "10.0.0.1", Now));
        var batch = ledger.Take(Now, 100);
        using (var outsider = new SqliteConnection($"Data Source={FilePath};Pooling=False"))
        {
            outsider.Open();
            using var locking = outsider.BeginTransaction(deferred: false);
            Assert.Throws<StoreException>(() => file.Write(batch));
        }

        file.Write(batch);
        file.Write(batch);
    }

    private static Account Account(int generation, int primary, int? secondary, AccountSid? sid = null) => new()
    {
        Sid = sid ?? Some.Sid,
        OwnerSid = sid ?? Some.Sid,
        FriendlyName = "An account",
        Status = AccountStatus.Active,
        Generation = generation,
        DateCreated = Some.Moment,
        DateUpdated = Some.Moment,
        Primary = Token(primary),
        Secondary = secondary is { } number ? Token(number) : null,
    };

    /// <summary>With a verifier whose every byte counts: the scan of the file looks for them.</summary>
    private static StoredToken Token(int number) =>
        Some.Stored(number) with { Verifier = VerifierValue.FromBytes(System.Security.Cryptography.SHA256.HashData([(byte)number])) };

    private static void WriteAll(UsageFile file, UsageLedger ledger, uint now = Now)
    {
        for (var batch = ledger.Take(now, 2); !batch.IsEmpty; batch = ledger.Take(now, 2))
        {
            file.Write(batch);
        }
    }

    private static Sighting Refused(VerifierValue digest, string from, uint second) => new()
    {
        Sid = Some.Sid,
        Digest = digest,
        Source = ClientNetwork.Of(IPAddress.Parse(from)),
        Client = ClientFamily.Curl,
        Kind = CallKind.Evidence,
        Second = second,
    };

    private static Sighting Call(Slot slot, string from, uint second) => new()
    {
        Sid = Some.Sid,
        Slot = slot,
        Generation = 4,
        Source = ClientNetwork.Of(IPAddress.Parse(from)),
        Client = ClientFamily.TwilioNode,
        Kind = CallKind.Evidence,
        Second = second,
    };

    private UsageFile Open(out UsageLedger ledger, uint now = Now)
    {
        var file = UsageFile.Open(_directory, now, counting: true, lateUse: true, out var content);
        ledger = new(_index, _keys.Tombstone);
        ledger.Restore(content, now);
        return file;
    }
}
