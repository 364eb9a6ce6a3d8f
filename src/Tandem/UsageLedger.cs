namespace Tandem;

/// <summary>
/// All that is counted, in memory: who uses which token, who still calls with a retired one, and when the counting had gaps. Bounded, and
/// for one thread at a time; it reads no clock and no store.
/// </summary>
/// <param name="index">Says which tokens an account has when it is first counted.</param>
/// <param name="tombstoneKey">Marks retired tokens; null when late use is not to be told.</param>
/// <param name="ipv4Prefix">To what networks IPv4 addresses are widened, 8 to 32.</param>
public sealed class UsageLedger(VerifierIndex index, DataKey? tombstoneKey, byte ipv4Prefix = ClientNetwork.Ipv4Whole)
{
    /// <summary>
    /// Consumers of all accounts that are told apart: about 400 bytes each, 6 KB for one that calls every minute for months. Beyond it each
    /// top-level account still has <see cref="OwnerShare"/>, so that nobody's consumers cost another a verdict.
    /// </summary>
    public const int ConsumerLimit = 100_000;

    /// <summary>Consumers of a top-level account and its subaccounts that are told apart, at most.</summary>
    public const int OwnerLimit = 10_000;

    /// <summary>Of these, as many as are told apart however many consumers the other accounts have.</summary>
    public const int OwnerShare = 1_000;

    /// <summary>Gaps that are remembered, at most: the newest.</summary>
    public const int GapLimit = 1_000;

    /// <summary>Seconds for which counts and gaps are kept: 90 days.</summary>
    public const uint Lifetime = 90 * 86_400;

    private readonly Dictionary<AccountSid, AccountUsage> _accounts = [];
    private readonly Dictionary<AccountSid, int> _consumersOf = [];
    private readonly LateUses _late = new(index);
    private readonly List<UsageGap> _gaps = [];
    private readonly Queue<(AccountUsage Account, ConsumerUse Consumer)> _dirtyConsumers = new();
    private readonly Dictionary<AccountSid, bool> _dirtyAccounts = [];
    private readonly List<Tombstone> _newTombstones = [];
    private readonly List<Tombstone> _oldTombstones = [];
    private readonly Dictionary<(Tombstone, ConsumerKey), LateUse> _dirtyLate = [];
    private readonly Dictionary<(uint Began, GapReason Reason), UsageGap> _dirtyGaps = [];
    private int _consumers;

    /// <summary>When the counting began, in seconds since 1970.</summary>
    public uint CountingSince { get; private set; }

    /// <summary>Consumers told apart now, of all accounts.</summary>
    public int Consumers => _consumers;

    /// <summary>Accepted calls that were counted for no consumer because there were too many of them.</summary>
    public ulong NotToldApart { get; private set; }

    /// <summary>Retired tokens that are remembered, of all accounts.</summary>
    public int Tombstones => _late.Total;

    /// <summary>Whether a retired token or a gap waits to be written.</summary>
    public bool IsUrgent => _newTombstones.Count > 0 || _dirtyGaps.Count > 0;

    /// <summary>Refused calls that came with a retired token, since the start.</summary>
    public long LateCalls { get; private set; }

    /// <summary>The gaps that are remembered, oldest first.</summary>
    public IReadOnlyList<UsageGap> Gaps => _gaps;

    /// <summary>Until when evidence is incomplete for every account: the end of the last gap, or the beginning of the counting.</summary>
    public uint GapUntil => Math.Max(CountingSince, _gaps.Count == 0 ? 0 : _gaps.Max(g => g.Ended));

    /// <summary>Takes up what was stored. What does not fit the index any more is forgotten, and its account given a gap.</summary>
    public void Restore(UsageContent content, uint now)
    {
        CountingSince = content.CountingSince;
        _gaps.AddRange(content.Gaps.OrderBy(g => g.Ended).TakeLast(GapLimit));
        foreach (var row in content.Accounts)
        {
            if (!index.TryGet(row.Sid, out var entry))
            {
                continue; // an older database was put back
            }

            var fits = row.Marks.Fits(entry.Generation, entry.HasSecondary)
                & TryUnpack(row.PrimaryControl, out var primary) & TryUnpack(row.SecondaryControl, out var secondary);
            _accounts[row.Sid] = fits
                ? new(row.Sid, row.Marks, primary!, secondary!) { Owner = entry.OwnerSid, GapUntil = row.GapUntil }
                : new(row.Sid, entry.Generation, entry.HasSecondary) { Owner = entry.OwnerSid, GapUntil = now };
            if (!fits)
            {
                _dirtyAccounts[row.Sid] = true;
            }
        }

        foreach (var row in content.Consumers)
        {
            if (!_accounts.TryGetValue(row.Account, out var account) || _dirtyAccounts.ContainsKey(row.Account))
            {
                continue;
            }

            if (TryUnpack(row.Primary, out var primary) & TryUnpack(row.Secondary, out var secondary))
            {
                account.Restore(ConsumerUse.Stored(row.Key, primary, secondary, row.Straggle));
                AddConsumers(account, 1);
            }
            else
            {
                account.GapUntil = now; // somebody is missing
            }
        }

        if (tombstoneKey is not null)
        {
            foreach (var tombstone in content.Tombstones.OrderBy(t => t.RetiredAt))
            {
                Bury(tombstone);
            }

            foreach (var use in content.LateUses)
            {
                _late.Restore(use);
            }
        }
    }

    /// <summary>Counts a call. Retirements known by then must have been taken in.</summary>
    public void Count(in Sighting sighting)
    {
        if (sighting.Slot is null)
        {
            CountRefused(sighting);
        }
        else if (Enter(sighting) is { } account)
        {
            var key = ConsumerKey.Of(sighting, ipv4Prefix);
            var consumer = account.Count(sighting, key, HasRoom(account), out var isNew);
            AddConsumers(account, isNew ? 1 : 0);
            if (consumer is null)
            {
                _dirtyAccounts.TryAdd(account.Sid, false);
                return;
            }

            NotToldApart += consumer.Key.IsRest ? 1UL : 0;
            Dirty(account, consumer);
            if (isNew)
            {
                _dirtyAccounts.TryAdd(account.Sid, false);
            }
        }
    }

    /// <summary>Takes in that tokens were retired at this second.</summary>
    public void Retire(Retirement retirement, uint now)
    {
        var sid = retirement.After.Sid;
        if (tombstoneKey is not null)
        {
            foreach (var tombstone in retirement.Tokens.Select(t => Tombstone.Of(tombstoneKey, sid, t, now)).Where(Bury))
            {
                _newTombstones.Add(tombstone);
            }
        }

        if (!_accounts.TryGetValue(sid, out var account))
        {
            // Calls that came before it may still be queued: they are to find the tokens that they came with.
            account = new(sid, retirement.Before.Generation, retirement.Before.Secondary is not null) { Owner = retirement.Before.OwnerSid };
            _accounts.Add(sid, account);
        }

        var before = account.Consumers.Count;
        if (account.Retire(retirement))
        {
            AddConsumers(account, account.Consumers.Count - before);
            _dirtyAccounts[sid] = true;
        }
    }

    /// <summary>
    /// Notes that calls of one account may have gone uncounted until this second. What is wrong with its counts besides is dropped with
    /// <paramref name="anew"/>: then they begin again with what the index says.
    /// </summary>
    public void Miss(AccountSid sid, uint now, bool anew = false)
    {
        if (!index.TryGet(sid, out var entry))
        {
            return; // no account, so nobody asks for its verdict
        }

        if (!_accounts.TryGetValue(sid, out var account) || anew)
        {
            AddConsumers(account, -account?.Consumers.Count ?? 0);
            _accounts[sid] = account = new(sid, entry.Generation, entry.HasSecondary) { Owner = entry.OwnerSid };
        }

        account.GapUntil = Math.Max(account.GapUntil, now);
        _dirtyAccounts[sid] = anew || _dirtyAccounts.GetValueOrDefault(sid);
    }

    /// <summary>Notes a gap; one of the same kind that begins within a minute of the last is joined to it.</summary>
    public void AddGap(UsageGap gap)
    {
        if (_gaps.Count > 0 && _gaps[^1] is var last && last.Reason == gap.Reason && gap.Began >= last.Began && gap.Began <= (ulong)last.Ended + 60)
        {
            gap = new(last.Began, Math.Max(last.Ended, gap.Ended), gap.Reason, last.Calls + gap.Calls);
            _gaps.RemoveAt(_gaps.Count - 1);
        }

        _gaps.Add(gap);
        _gaps.RemoveRange(0, Math.Max(0, _gaps.Count - GapLimit));
        _dirtyGaps[(gap.Began, gap.Reason)] = gap;
    }

    /// <summary>Begins to count with nothing known.</summary>
    public void Begin(uint now) => CountingSince = now;

    /// <summary>A copy of an account's counts; null when none of its calls was counted.</summary>
    public AccountUsage? Find(AccountSid sid) => _accounts.TryGetValue(sid, out var account) ? account.Copy() : null;

    /// <summary>Who still calls with an account's retired tokens, the newest first.</summary>
    public IReadOnlyList<LateUse> FindLate(AccountSid sid) => _late.Of(sid);

    /// <summary>Forgets what is too old.</summary>
    public void Forget(uint now)
    {
        var before = now > Lifetime ? now - Lifetime : 0;
        foreach (var account in _accounts.Values.ToList())
        {
            AddConsumers(account, -account.Forget(before));
            if (account.Consumers.Count == 0 && account.Control(Slot.Primary).Last < before && account.Control(Slot.Secondary).Last < before)
            {
                _accounts.Remove(account.Sid);
            }
        }

        _gaps.RemoveAll(g => g.Ended < before);
        _late.Forget(now > Tombstone.Lifetime ? now - Tombstone.Lifetime : 0);
    }

    /// <summary>Takes what has changed since the last batch, of consumers at most so many; the others wait for the next.</summary>
    public UsageBatch Take(uint now, int limit)
    {
        var batch = new UsageBatch { At = now };
        foreach (var (sid, rewritten) in _dirtyAccounts)
        {
            if (_accounts.TryGetValue(sid, out var account))
            {
                batch.Accounts.Add(new(
                    sid, account.Marks, account.GapUntil, account.Control(Slot.Primary).Pack(), account.Control(Slot.Secondary).Pack(), rewritten));
                foreach (var consumer in rewritten ? account.Consumers : [])
                {
                    Add(batch, account, consumer);
                }
            }
        }

        while (_dirtyConsumers.Count > 0 && batch.Consumers.Count < limit)
        {
            var (account, consumer) = _dirtyConsumers.Dequeue();
            if (consumer.IsDirty && _accounts.GetValueOrDefault(account.Sid) == account && account.Has(consumer))
            {
                Add(batch, account, consumer);
            }
        }

        _newTombstones.ForEach(batch.Tombstones.Add);
        _oldTombstones.ForEach(batch.OldTombstones.Add);
        foreach (var use in _dirtyLate.Values)
        {
            batch.LateUses.Add(use);
        }

        foreach (var gap in _dirtyGaps.Values)
        {
            batch.Gaps.Add(gap);
        }

        _dirtyAccounts.Clear();
        _newTombstones.Clear();
        _oldTombstones.Clear();
        _dirtyLate.Clear();
        _dirtyGaps.Clear();
        return batch;
    }

    private static void Add(UsageBatch batch, AccountUsage account, ConsumerUse consumer)
    {
        consumer.IsDirty = false;
        batch.Consumers.Add(new(
            account.Sid, consumer.Key, consumer.Last, consumer.Straggle, consumer.Primary?.Pack(), consumer.Secondary?.Pack()));
    }

    private AccountUsage? Enter(in Sighting sighting)
    {
        if (_accounts.TryGetValue(sighting.Sid, out var account))
        {
            return account;
        }

        if (!index.TryGet(sighting.Sid, out var entry))
        {
            return null;
        }

        // An account whose earlier calls came with tokens that it has no more is complete from now on only.
        account = new(sighting.Sid, entry.Generation, entry.HasSecondary) { Owner = entry.OwnerSid };
        account.GapUntil = account.TokenOf(sighting.Slot!.Value, sighting.Generation) is null ? sighting.Second : 0;
        _accounts.Add(sighting.Sid, account);
        return account;
    }

    private bool HasRoom(AccountUsage account) =>
        _consumersOf.GetValueOrDefault(account.Owner) is var has && has < (_consumers < ConsumerLimit ? OwnerLimit : OwnerShare);

    private void AddConsumers(AccountUsage? account, int change)
    {
        if (account is null || change == 0)
        {
            return;
        }

        _consumers += change;
        var has = _consumersOf.GetValueOrDefault(account.Owner) + change;
        if (has == 0)
        {
            _consumersOf.Remove(account.Owner);
        }
        else
        {
            _consumersOf[account.Owner] = has;
        }
    }

    /// <summary>Remembers a retired token; false when it is remembered already.</summary>
    private bool Bury(Tombstone tombstone)
    {
        var isNew = _late.Add(tombstone, out var forgotten);
        if (forgotten is not null)
        {
            _oldTombstones.Add(forgotten);
        }

        return isNew;
    }

    private static bool TryUnpack(byte[]? packed, out TokenUse? use)
    {
        try
        {
            use = packed is null ? null : TokenUse.Unpack(packed);
            return true;
        }
        catch (InvalidDataException)
        {
            use = null;
            return false;
        }
    }

    private void CountRefused(in Sighting sighting)
    {
        if (tombstoneKey is not null
            && _late.Has(sighting.Sid)
            && _late.Count(sighting, Tombstone.MarkOf(tombstoneKey, sighting.Digest), ConsumerKey.Of(sighting, ipv4Prefix)) is { } use)
        {
            LateCalls++;
            _dirtyLate[(use.Tombstone, use.Caller)] = use;
        }
    }

    private void Dirty(AccountUsage account, ConsumerUse consumer)
    {
        if (!consumer.IsDirty)
        {
            consumer.IsDirty = true;
            _dirtyConsumers.Enqueue((account, consumer));
        }
    }
}
