using System.Buffers.Binary;

namespace Tandem;

/// <summary>What the index knows of an account; a consistent copy.</summary>
public readonly record struct IndexEntry
{
    /// <summary>What the index is to know of an account after change number <paramref name="epoch"/>.</summary>
    public static IndexEntry Of(Account account, long epoch) => new()
    {
        OwnerSid = account.OwnerSid,
        Status = account.Status,
        Generation = account.Generation,
        Epoch = epoch,
        PrimaryPausedUntil = checked((uint)(account.PrimaryPausedUntil?.ToUnixTimeSeconds() ?? 0)),
        PrimaryVerifier = account.Primary?.Verifier,
        SecondaryVerifier = account.Secondary?.Verifier,
    };

    /// <summary>The parent's SID, or the account's own.</summary>
    public AccountSid OwnerSid { get; init; }

    /// <summary>Whether its tokens are accepted.</summary>
    public AccountStatus Status { get; init; }

    /// <summary>The account's generation.</summary>
    public long Generation { get; init; }

    /// <summary>The number of the change that this entry shows.</summary>
    public long Epoch { get; init; }

    /// <summary>Until when the check refuses the primary, in whole seconds of the <see cref="SteadyTime"/>; 0 when it does not.</summary>
    public uint PrimaryPausedUntil { get; init; }

    /// <summary>When the primary was last used, in whole seconds since 1970; 0 when not since the start.</summary>
    public uint PrimaryLastUse { get; init; }

    /// <summary>When the secondary was last used, likewise.</summary>
    public uint SecondaryLastUse { get; init; }

    /// <summary>Whether there is a primary (a closed account has none).</summary>
    public bool HasPrimary { get; init; }

    /// <summary>Whether there is a secondary.</summary>
    public bool HasSecondary { get; init; }

    /// <summary>Sets the primary; null for none.</summary>
    public VerifierValue? PrimaryVerifier
    {
        init => (HasPrimary, Primary) = (value is not null, Truncate(value));
    }

    /// <summary>Sets the secondary, likewise.</summary>
    public VerifierValue? SecondaryVerifier
    {
        init => (HasSecondary, Secondary) = (value is not null, Truncate(value));
    }

    internal (ulong High, ulong Low) Primary { get; init; }

    internal (ulong High, ulong Low) Secondary { get; init; }

    private static (ulong High, ulong Low) Truncate(VerifierValue? verifier)
    {
        var value = verifier.GetValueOrDefault();
        ReadOnlySpan<byte> bytes = value;
        return (BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
    }
}

/// <summary>
/// Every account's verifiers in memory, 16 bytes of each, so that a check asks no database and an unknown SID costs what a
/// known one does. One writer, any number of readers, who take no lock: open addressing over one array of structs, each with
/// a sequence number that is odd while the struct is being written.
/// </summary>
/// <remarks>
/// Why no reader ever sees a torn entry or misses an account: a key is written once, before its sequence number first turns
/// even, and no slot is ever emptied; a copy counts only if the number was even before it and the same after it; growing
/// fills a new array aside and publishes it by one reference write, and a reader stays with the array it began with, which
/// holds every write that was complete when the read began.
/// </remarks>
public sealed class VerifierIndex
{
    /// <summary>Bytes an account costs at the fullest: the struct's size over the load.</summary>
    public const double BytesPerAccount = Entry.Size / Load;

    private const double Load = 0.78;

    private Entry[] _table;
    private int _count;

    /// <summary>Makes room for this many accounts; more make it grow by half.</summary>
    public VerifierIndex(int expectedAccounts = 0) => _table = new Entry[Capacity(Math.Max(expectedAccounts, 48))];

    /// <summary>How many accounts it holds.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Bytes that it takes.</summary>
    public long Bytes => Volatile.Read(ref _table).LongLength * Entry.Size;

    /// <summary>
    /// Takes in the state of an account after change number <paramref name="epoch"/>. For the store's one writer alone. A state
    /// older than the one held is ignored, so that no slow reader of the store can put a retired verifier back.
    /// </summary>
    public void Apply(Account account, long epoch) => Apply(account.Sid, IndexEntry.Of(account, epoch));

    /// <summary>The same for what of an account the index is to know. Its last uses are the index's own, and none are taken from it.</summary>
    public void Apply(AccountSid sid, in IndexEntry state)
    {
        var epoch = state.Epoch;
        ref var entry = ref Place(_table, sid, out var isNew);
        if (isNew && _count + 1 > _table.Length * Load)
        {
            Grow();
            entry = ref Place(_table, sid, out isNew);
        }

        if (!isNew && epoch <= entry.Epoch)
        {
            return;
        }

        var sequence = entry.Sequence;
        Volatile.Write(ref entry.Sequence, sequence + 1);
        Interlocked.MemoryBarrier();
        entry.Fill(sid, state);
        Volatile.Write(ref entry.Sequence, sequence + 2 == 0 ? 2 : sequence + 2);
        if (isNew)
        {
            Volatile.Write(ref _count, _count + 1);
        }
    }

    /// <summary>
    /// When each of an account's tokens was last used, which is known here alone; null when not since the start. When a change came after the
    /// account was read, what is here belongs to other tokens: then none is told.
    /// </summary>
    public (DateTimeOffset? Primary, DateTimeOffset? Secondary) LastUses(Account account)
    {
        return TryGet(account.Sid, out var entry) && entry.Generation == account.Generation
            ? (Time(entry.PrimaryLastUse), Time(entry.SecondaryLastUse))
            : (null, null);

        static DateTimeOffset? Time(uint second) => second == 0 ? null : DateTimeOffset.FromUnixTimeSeconds(second);
    }

    /// <summary>The top-level account that an account belongs to, itself included: limits are its own. Itself for an unknown one.</summary>
    public AccountSid OwnerOf(AccountSid sid) => TryGet(sid, out var entry) ? entry.OwnerSid : sid;

    /// <summary>Copies what is known of an account; false when there is none.</summary>
    public bool TryGet(AccountSid sid, out IndexEntry found)
    {
        var table = Volatile.Read(ref _table);
        for (var i = Home(table, sid); ; i = Next(table, i))
        {
            ref var entry = ref table[i];
            while (true)
            {
                var sequence = Volatile.Read(ref entry.Sequence);
                if (sequence <= 1)
                {
                    // Never filled, or its first filling is not complete. The account cannot lie further on: when it was
                    // placed there, this slot was taken.
                    found = default;
                    return false;
                }

                if (entry.KeyHigh != sid.High || entry.KeyLow != sid.Low)
                {
                    break; // a key never changes
                }

                if ((sequence & 1) == 0)
                {
                    found = entry.Read();
                    Volatile.ReadBarrier();
                    if (Volatile.Read(ref entry.Sequence) == sequence)
                    {
                        return true;
                    }
                }

                Thread.SpinWait(1); // the one writer is copying 96 bytes
            }
        }
    }

    /// <summary>
    /// Notes that a token was used at this second. Any thread may call it. Nothing is noted when the account has moved on to
    /// another generation, because the slot may hold another token by now.
    /// </summary>
    public void RecordUse(AccountSid sid, Slot slot, long generation, uint second)
    {
        Entry[] table;
        do
        {
            table = Volatile.Read(ref _table);
            ref var entry = ref Place(table, sid, out var isNew);
            if (isNew || entry.Generation != (uint)generation)
            {
                return;
            }

            ref var use = ref slot == Slot.Primary ? ref entry.PrimaryLastUse : ref entry.SecondaryLastUse;
            for (var seen = Volatile.Read(ref use); seen < second;)
            {
                var before = Interlocked.CompareExchange(ref use, second, seen);
                if (before == seen)
                {
                    break;
                }

                seen = before;
            }

            Interlocked.MemoryBarrier();
        }
        while (Volatile.Read(ref _table) != table); // it grew meanwhile: the copy may have missed this use
    }

    private static int Capacity(int accounts) => checked((int)Math.Ceiling(accounts / Load) + 1);

    /// <summary>The key's place by its high half, in proportion to the capacity: SIDs are random, and any capacity will do.</summary>
    private static int Home(Entry[] table, AccountSid sid) => (int)Math.BigMul(sid.High, (ulong)table.Length, out _);

    private static int Next(Entry[] table, int i) => i + 1 == table.Length ? 0 : i + 1;

    private static ref Entry Place(Entry[] table, AccountSid sid, out bool isNew)
    {
        for (var i = Home(table, sid); ; i = Next(table, i))
        {
            ref var entry = ref table[i];
            var sequence = Volatile.Read(ref entry.Sequence);
            isNew = sequence <= 1;
            if (isNew || (entry.KeyHigh == sid.High && entry.KeyLow == sid.Low))
            {
                return ref entry;
            }
        }
    }

    private void Grow()
    {
        var old = _table;
        var larger = new Entry[Capacity(checked(_count + (_count / 2) + 1))];
        foreach (ref var entry in old.AsSpan())
        {
            if (entry.Sequence != 0)
            {
                Place(larger, new AccountSid(entry.KeyHigh, entry.KeyLow), out _) = entry with { Sequence = 2 };
            }
        }

        Volatile.Write(ref _table, larger);

        // A use noted in the old array after it was copied, by a thread that had not yet seen the new one, is carried over
        // here; one noted later sees the new array and notes it there itself.
        Interlocked.MemoryBarrier();
        foreach (ref var entry in old.AsSpan())
        {
            if (entry.Sequence != 0)
            {
                var sid = new AccountSid(entry.KeyHigh, entry.KeyLow);
                RecordUse(sid, Slot.Primary, entry.Generation, Volatile.Read(ref entry.PrimaryLastUse));
                RecordUse(sid, Slot.Secondary, entry.Generation, Volatile.Read(ref entry.SecondaryLastUse));
            }
        }
    }

    private struct Entry
    {
        public const int Size = 96;

        public ulong KeyHigh;
        public ulong KeyLow;
        public uint Sequence;
        public uint Generation;
        public uint PrimaryLastUse;
        public uint SecondaryLastUse;
        public uint PrimaryPausedUntil;
        private byte _status;
        private bool _hasPrimary;
        private bool _hasSecondary;
        public long Epoch;
        private ulong _ownerHigh;
        private ulong _ownerLow;
        private ulong _primaryHigh;
        private ulong _primaryLow;
        private ulong _secondaryHigh;
        private ulong _secondaryLow;

        public void Fill(AccountSid sid, in IndexEntry state)
        {
            (KeyHigh, KeyLow) = (sid.High, sid.Low);
            (_ownerHigh, _ownerLow) = (state.OwnerSid.High, state.OwnerSid.Low);
            if (state.Primary != (_primaryHigh, _primaryLow))
            {
                // The promoted token brings its own last use along.
                PrimaryLastUse = state.Primary == (_secondaryHigh, _secondaryLow) ? SecondaryLastUse : 0;
            }

            if (state.Secondary != (_secondaryHigh, _secondaryLow))
            {
                SecondaryLastUse = 0;
            }

            (_primaryHigh, _primaryLow) = state.Primary;
            (_secondaryHigh, _secondaryLow) = state.Secondary;
            (_hasPrimary, _hasSecondary) = (state.HasPrimary, state.HasSecondary);
            _status = (byte)state.Status;
            Generation = checked((uint)state.Generation);
            PrimaryPausedUntil = state.PrimaryPausedUntil;
            Epoch = state.Epoch;
        }

        public readonly IndexEntry Read() => new()
        {
            OwnerSid = new(_ownerHigh, _ownerLow),
            Status = (AccountStatus)_status,
            Generation = Generation,
            Epoch = Epoch,
            PrimaryPausedUntil = PrimaryPausedUntil,
            PrimaryLastUse = PrimaryLastUse,
            SecondaryLastUse = SecondaryLastUse,
            HasPrimary = _hasPrimary,
            HasSecondary = _hasSecondary,
            Primary = (_primaryHigh, _primaryLow),
            Secondary = (_secondaryHigh, _secondaryLow),
        };
    }
}
