using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Tandem.Server;

/// <summary>
/// Counts refused credentials, whoever asked and whatever for, and says when a source has had enough refusals for now. It is asked after the
/// check has said no, never before: a valid credential is accepted from any address at any rate, because otherwise a stranger's wrong
/// guesses would lock the owner out. What it saves is work and log lines; 128 random bits need no protection from guessing.
/// </summary>
/// <remarks>
/// Two budgets: of a source for one SID, whether or not an account has it, and of a source for all. Both tables have a fixed size and
/// forget when they are full; who is forgotten has a full budget again. A refusal allocates nothing.
/// </remarks>
internal sealed class Throttle(TandemOptions options, TimeProvider time)
{
    /// <summary>Seconds, for <c>Retry-After</c>. Budgets grow by at least one a second.</summary>
    public const string RetryAfter = "1";

    // 32 bytes each: 2 MiB a table, most of it never touched. Ten thousand sources that guess at one account fit with room to spare.
    private const int Entries = 1 << 16;

    private readonly FailureTable _pairs = new(options.ThrottleAccount, time.TimestampFrequency, Entries);
    private readonly FailureTable _sources = new(options.ThrottleSource, time.TimestampFrequency, Entries);

    /// <summary>Spends one refusal. False when it is one too many: answer that, and nothing about the credential.</summary>
    /// <param name="address">The client's address; behind a trusted proxy the one that the proxy names.</param>
    /// <param name="sid">The account asked for; null when the header named none, which counts for the source alone.</param>
    public bool TrySpend(IPAddress? address, AccountSid? sid)
    {
        var source = SourceOf(address);
        var now = time.GetTimestamp();

        // The source is looked at first, so that one that has spent its budget cannot fill the other table with SIDs; and is charged last, so
        // that guesses at one SID beyond that SID's budget do not eat what the source has for others.
        return _sources.Has(source, default, now)
            && (sid is not { } account || _pairs.TrySpend(source, account, now))
            && _sources.TrySpend(source, default, now);
    }

    /// <summary>
    /// What counts as one client: an IPv4 address (also where a socket shows it as a mapped one), or the /64 network of an IPv6 address,
    /// because one machine has all of its 2^64 addresses at hand.
    /// </summary>
    internal static ulong SourceOf(IPAddress? address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address is null || !address.TryWriteBytes(bytes, out _))
        {
            return ulong.MaxValue;
        }

        const ulong V4 = 0x0000_ffff_0000_0000; // a /64 that no IPv6 network has
        return address.AddressFamily == AddressFamily.InterNetwork ? V4 | BinaryPrimitives.ReadUInt32BigEndian(bytes)
            : address.IsIPv4MappedToIPv6 ? V4 | BinaryPrimitives.ReadUInt32BigEndian(bytes[12..])
            : BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }
}

/// <summary>
/// The spent part of budgets, in sets of eight places under a lock each few sets share. A full set forgets the one nearest to a full budget,
/// so that who guesses most is remembered longest.
/// </summary>
internal sealed class FailureTable
{
    private const int Ways = 8;
    private const int Stripes = 64;

    private readonly Entry[] _entries;
    private readonly Lock[] _locks;
    private readonly long _interval;
    private readonly long _allowance;

    /// <param name="budget">The budget of each key.</param>
    /// <param name="frequency">Of the time stamps, in a second.</param>
    /// <param name="entries">How many keys it holds at most, a power of two.</param>
    public FailureTable(FailureBudget budget, long frequency, int entries)
    {
        _interval = Math.Max(1, frequency / budget.PerSecond);
        _allowance = _interval * budget.Burst;
        _entries = new Entry[entries];
        _locks = [.. Enumerable.Range(0, Stripes).Select(static _ => new Lock())];
    }

    /// <summary>Whether something is left.</summary>
    public bool Has(ulong source, AccountSid sid, long now)
    {
        var set = SetOf(source, sid, out var gate);
        lock (gate)
        {
            foreach (ref var entry in set)
            {
                if (entry.Source == source && entry.Sid == sid)
                {
                    return Allows(entry, now);
                }
            }

            return true;
        }
    }

    /// <summary>Spends one, if there is one left.</summary>
    public bool TrySpend(ulong source, AccountSid sid, long now)
    {
        var set = SetOf(source, sid, out var gate);
        lock (gate)
        {
            ref var place = ref set[0];
            foreach (ref var entry in set)
            {
                if (entry.Source == source && entry.Sid == sid)
                {
                    place = ref entry;
                    break;
                }

                if (entry.FullAt < place.FullAt)
                {
                    place = ref entry;
                }
            }

            if (place.Source != source || place.Sid != sid)
            {
                place = new() { Source = source, Sid = sid };
            }

            if (!Allows(place, now))
            {
                return false;
            }

            place.FullAt = Math.Max(place.FullAt, now) + _interval;
            return true;
        }
    }

    private bool Allows(in Entry entry, long now) => Math.Max(entry.FullAt, now) + _interval - now <= _allowance;

    private Span<Entry> SetOf(ulong source, AccountSid sid, out Lock gate)
    {
        // Seeded anew by each process: nobody can choose SIDs that share a set with another's.
        var set = HashCode.Combine(source, sid) & ((_entries.Length / Ways) - 1);
        gate = _locks[set % Stripes];
        return _entries.AsSpan(set * Ways, Ways);
    }

    /// <summary>When the budget will be full again: each refusal moves it on by what one takes to grow back. An empty place is a full budget.</summary>
    private struct Entry
    {
        public ulong Source;
        public AccountSid Sid;
        public long FullAt;
    }
}
