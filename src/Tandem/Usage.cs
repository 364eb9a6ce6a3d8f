using System.Buffers.Binary;

namespace Tandem;

/// <summary>How somebody used one token: first and last time, and counts. Times are in whole seconds since 1970.</summary>
public sealed class TokenUse
{
    /// <summary>The first call known of.</summary>
    public uint First { get; private set; }

    /// <summary>The last call; 0 when there was none.</summary>
    public uint Last { get; private set; }

    /// <summary>All calls known of.</summary>
    public ulong Calls { get; private set; }

    /// <summary>By minute, for an hour.</summary>
    public CountWindow Minutes { get; } = new(60, 60);

    /// <summary>By hour, for ten days.</summary>
    public CountWindow Hours { get; } = new(3600, 240);

    /// <summary>By day, for ninety.</summary>
    public CountWindow Days { get; } = new(86_400, 90);

    /// <summary>Counts one call.</summary>
    public void Add(uint second)
    {
        First = Calls == 0 ? second : Math.Min(First, second);
        Last = Math.Max(Last, second);
        Calls++;
        Minutes.Add(second);
        Hours.Add(second);
        Days.Add(second);
    }

    /// <summary>Adds all that another has counted.</summary>
    public void Add(TokenUse other)
    {
        First = Calls == 0 ? other.First : other.Calls == 0 ? First : Math.Min(First, other.First);
        Last = Math.Max(Last, other.Last);
        Calls += other.Calls;
        foreach (var (mine, theirs) in new[] { (Minutes, other.Minutes), (Hours, other.Hours), (Days, other.Days) })
        {
            foreach (var period in theirs.Counts)
            {
                mine.Add(period.Start, period.Calls);
            }
        }
    }

    /// <summary>Everything as bytes, to be stored: a hundred for a weekly job, 3 KB at most.</summary>
    public byte[] Pack()
    {
        CountWindow[] windows = [Minutes, Hours, Days];
        var bytes = new byte[16 + windows.Sum(w => 2 + (8 * w.Counts.Length))];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, First);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), Last);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), Calls);
        var at = bytes.AsSpan(16);
        foreach (var window in windows)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)window.Counts.Length);
            at = at[2..];
            foreach (var period in window.Counts)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(at, period.Start);
                BinaryPrimitives.WriteUInt32LittleEndian(at[4..], period.Calls);
                at = at[8..];
            }
        }

        return bytes;
    }

    /// <summary>Reads what <see cref="Pack"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is something else.</exception>
    public static TokenUse Unpack(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var use = new TokenUse
            {
                First = BinaryPrimitives.ReadUInt32LittleEndian(bytes),
                Last = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]),
                Calls = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
            };
            var at = bytes[16..];
            foreach (var window in (ReadOnlySpan<CountWindow>)[use.Minutes, use.Hours, use.Days])
            {
                var count = BinaryPrimitives.ReadUInt16LittleEndian(at);
                for (at = at[2..]; count > 0; count--, at = at[8..])
                {
                    window.Add(BinaryPrimitives.ReadUInt32LittleEndian(at), BinaryPrimitives.ReadUInt32LittleEndian(at[4..]));
                }
            }

            return use;
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new InvalidDataException("Stored counts end too early.", e);
        }
    }

    /// <summary>A copy that changes no more.</summary>
    public TokenUse Copy() => Unpack(Pack());
}

/// <summary>
/// Who uses which token of one account. What is counted belongs to tokens, not to slots: a promoted token brings its counts along, and a
/// retired one's end.
/// </summary>
/// <remarks>
/// A sighting names slot and generation. It may come after the change that retired its token, so the account remembers from which
/// generation on each slot has held the token that it holds now: a primary sighted at <see cref="TokenMarks.PrimaryFrom"/> or later, and a
/// secondary sighted after <see cref="TokenMarks.RetiredAt"/>, are the tokens of now; a secondary sighted between
/// <see cref="TokenMarks.PromotedAfter"/> and the promote is the primary of now. Anything else was a token that is retired.
/// </remarks>
public sealed class AccountUsage
{
    /// <summary>Consumers told apart, at most; all others count as one, <see cref="ConsumerKey.Rest"/>.</summary>
    public const int ConsumerLimit = 250;

    private readonly Dictionary<ConsumerKey, ConsumerUse> _consumers = [];
    private readonly TokenUse[] _control;

    /// <summary>Begins with what the index says of the account.</summary>
    public AccountUsage(AccountSid sid, long generation, bool hasSecondary)
    {
        Sid = sid;
        Marks = TokenMarks.At(generation, hasSecondary);
        _control = [new(), new()];
    }

    /// <summary>Takes up what was stored; consumers are added by <see cref="Restore"/>.</summary>
    public AccountUsage(AccountSid sid, TokenMarks marks, TokenUse primaryControl, TokenUse secondaryControl) =>
        (Sid, Marks, _control) = (sid, marks, [primaryControl, secondaryControl]);

    /// <summary>The account.</summary>
    public AccountSid Sid { get; }

    /// <summary>The top-level account that it belongs to, itself included.</summary>
    public required AccountSid Owner { get; init; }

    /// <summary>Which generations belong to the tokens of now.</summary>
    public TokenMarks Marks { get; private set; }

    /// <summary>Until when this account's counts are known to be incomplete, in seconds since 1970; 0 when they are not.</summary>
    public uint GapUntil { get; set; }

    /// <summary>Everyone who has used a token of now.</summary>
    public IReadOnlyCollection<ConsumerUse> Consumers => _consumers.Values;

    /// <summary>Whether this consumer is still one of them.</summary>
    internal bool Has(ConsumerUse consumer) => _consumers.TryGetValue(consumer.Key, out var known) && known == consumer;

    /// <summary>The control calls with a token, of whomever.</summary>
    public TokenUse Control(Slot slot) => _control[slot == Slot.Primary ? 0 : 1];

    /// <summary>The calls of all consumers together with a token.</summary>
    public TokenUse Total(Slot slot)
    {
        var total = new TokenUse();
        foreach (var use in _consumers.Values.Select(c => slot == Slot.Primary ? c.Primary : c.Secondary).OfType<TokenUse>())
        {
            total.Add(use);
        }

        return total;
    }

    /// <summary>Which token of now a sighting shows; null when its token is retired.</summary>
    public Slot? TokenOf(Slot slot, long generation) => Marks.TokenOf(slot, generation);

    /// <summary>
    /// Counts an accepted call and answers whose it was: <see cref="ConsumerKey.Rest"/> for a new caller beyond the limit, or when
    /// <paramref name="mayGrow"/> is false. Null for a control call, which counts for no consumer, and for a token that is retired by now.
    /// </summary>
    public ConsumerUse? Count(in Sighting sighting, ConsumerKey key, bool mayGrow, out bool isNew)
    {
        isNew = false;
        if (sighting.Slot is not { } slot)
        {
            return null;
        }

        Marks = Marks.Seen(sighting.Generation);
        if (TokenOf(slot, sighting.Generation) is not { } token)
        {
            return null;
        }

        if (sighting.Kind == CallKind.Control)
        {
            Control(token).Add(sighting.Second);
            return null;
        }

        if (!_consumers.TryGetValue(key, out var consumer))
        {
            key = _consumers.Count < ConsumerLimit && mayGrow ? key : ConsumerKey.Rest;
            if (!_consumers.TryGetValue(key, out consumer))
            {
                isNew = true;
                _consumers.Add(key, consumer = new(key));
            }
        }

        consumer.Add(token, sighting.Second);
        if (sighting.Kind == CallKind.Paused)
        {
            consumer.Break(sighting.Second);
        }

        return consumer;
    }

    /// <summary>Adds a consumer that was stored.</summary>
    public void Restore(ConsumerUse consumer) => _consumers[consumer.Key] = consumer;

    /// <summary>Takes in that tokens were retired. False when that is known already.</summary>
    public bool Retire(Retirement retirement)
    {
        if (retirement.After.Generation <= Marks.Generation)
        {
            return false;
        }

        var promoted = retirement.IsPromotion;
        Marks = Marks.Retired(retirement.After.Generation, promoted);
        if (retirement.After.Primary is null)
        {
            _consumers.Clear();
            (_control[0], _control[1]) = (new(), new());
            return true;
        }

        (_control[0], _control[1]) = (promoted ? _control[1] : _control[0], new());
        foreach (var consumer in _consumers.Values.ToList())
        {
            if (!consumer.Retire(promoted))
            {
                _consumers.Remove(consumer.Key);
            }
        }

        return true;
    }

    /// <summary>A copy that changes no more.</summary>
    public AccountUsage Copy()
    {
        var copy = new AccountUsage(Sid, Marks, _control[0].Copy(), _control[1].Copy()) { Owner = Owner, GapUntil = GapUntil };
        foreach (var consumer in _consumers.Values)
        {
            copy.Restore(consumer.Copy());
        }

        return copy;
    }

    /// <summary>Forgets consumers that have not called since this second; answers how many.</summary>
    public int Forget(uint before)
    {
        var old = _consumers.Values.Where(c => c.Last < before).Select(c => c.Key).ToList();
        old.ForEach(k => _consumers.Remove(k));
        return old.Count;
    }
}

/// <summary>Which generations of an account belong to the tokens that it has now; see <see cref="AccountUsage"/>.</summary>
/// <param name="Generation">The newest generation known.</param>
/// <param name="PrimaryFrom">From here on the primary slot has held the primary of now.</param>
/// <param name="PromotedAfter">After this, and before <paramref name="PrimaryFrom"/>, the secondary slot held it.</param>
/// <param name="RetiredAt">The generation that the last retirement led to; a later secondary is the one of now.</param>
public readonly record struct TokenMarks(long Generation, long PrimaryFrom, long PromotedAfter, long RetiredAt)
{
    /// <summary>
    /// What is certain when nothing is known of before. Where there is a secondary, its creation was the last change: the primary is older.
    /// </summary>
    public static TokenMarks At(long generation, bool hasSecondary)
    {
        var before = hasSecondary ? generation - 1 : generation;
        return new(generation, before, before, before);
    }

    /// <summary>Whether the index can say this of the same two tokens: nothing has changed, or a secondary was added.</summary>
    public bool Fits(long generation, bool hasSecondary) =>
        generation == Generation || (generation == Generation + 1 && hasSecondary);

    internal Slot? TokenOf(Slot slot, long generation) =>
        slot == Slot.Primary ? (generation >= PrimaryFrom ? Slot.Primary : null)
        : generation > RetiredAt ? Slot.Secondary
        : generation > PromotedAfter && generation < PrimaryFrom ? Slot.Primary
        : null;

    /// <summary>A newer generation without a retirement: a secondary was added.</summary>
    internal TokenMarks Seen(long generation) => generation > Generation ? this with { Generation = generation } : this;

    internal TokenMarks Retired(long generation, bool promoted) => promoted
        ? new(generation, generation, RetiredAt, generation)
        : this with { Generation = generation, RetiredAt = generation };
}
