using System.Buffers.Binary;

namespace Tandem.Tests;

/// <summary>Accounts that are all derived: from the number and version of one, every byte that the index may answer for it follows.</summary>
internal sealed class StressAccounts(ulong seed)
{
    /// <summary>The first accounts take half of the traffic and all belong into the last slot of the array, so that they wrap around.</summary>
    public const int Hot = 8;

    public AccountSid Sid(int account) =>
        new(account < Hot ? ulong.MaxValue - (ulong)account : Derive(account, 0, 1), Derive(account, 0, 2));

    public Account Make(int account, long version)
    {
        var sid = Sid(account);
        return new()
        {
            Sid = sid,
            OwnerSid = Owner(account, version),
            FriendlyName = "",
            Status = Status(version),
            Generation = version,
            DateCreated = default,
            DateUpdated = default,
            PrimaryPausedUntil = DateTimeOffset.FromUnixTimeSeconds(version),
            Primary = Token(account, version, 5),
            Secondary = HasSecondary(version) ? Token(account, version, 6) : null,
        };
    }

    /// <summary>Whether every field belongs to one and the same version of this account.</summary>
    public bool IsWhole(int account, in IndexEntry found)
    {
        var version = found.Generation;
        return found.Epoch == Epoch(account, version)
            && found.OwnerSid == Owner(account, version)
            && found.Status == Status(version)
            && found.PrimaryPausedUntil == version
            && found.HasPrimary
            && found.HasSecondary == HasSecondary(version)
            && found.Primary == Digest(account, version, 5)
            && found.Secondary == (HasSecondary(version) ? Digest(account, version, 6) : default);
    }

    public static long Epoch(int account, long version) => (version * 1_000_003) + account;

    /// <summary>The next number of a sequence (SplitMix64): repeatable, so that a failing run can be run again from its seed.</summary>
    public static ulong Next(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        return Mix(state);
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    private static bool HasSecondary(long version) => (version & 1) != 0;

    private static AccountStatus Status(long version) => (AccountStatus)(2 + (version % 3));

    private AccountSid Owner(int account, long version) => new(Derive(account, version, 3), Derive(account, version, 4));

    private StoredToken Token(int account, long version, ulong what)
    {
        var (high, low) = Digest(account, version, what);
        VerifierValue verifier = default;
        BinaryPrimitives.WriteUInt64BigEndian(verifier, high);
        BinaryPrimitives.WriteUInt64BigEndian(((Span<byte>)verifier)[8..], low);
        return new(verifier, default, default, null);
    }

    private (ulong High, ulong Low) Digest(int account, long version, ulong what)
    {
        var high = Derive(account, version, what);
        return (high, Mix(high));
    }

    private ulong Derive(int account, long version, ulong what) =>
        Mix(seed ^ ((ulong)account << 35) ^ ((ulong)version << 3) ^ what);
}
