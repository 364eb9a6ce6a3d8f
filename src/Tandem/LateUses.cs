namespace Tandem;

/// <summary>
/// The tombstones of all accounts, and the late uses that were seen. Limited for each account, and for each top-level account and its subaccounts
/// together: beyond the limits the oldest tombstones of the same owner are forgotten, and its new callers count as one.
/// </summary>
/// <param name="index">Says which top-level account an account belongs to.</param>
public sealed class LateUses(VerifierIndex index)
{
    /// <summary>Callers of one retired token told apart, at most.</summary>
    public const int CallerLimit = 50;

    /// <summary>Retired tokens of one account that are remembered, at most: the newest.</summary>
    public const int AccountLimit = 50;

    /// <summary>Retired tokens of a top-level account and its subaccounts that are remembered, at most: the newest.</summary>
    public const int OwnerLimit = 5_000;

    /// <summary>Callers told apart of all retired tokens of a top-level account and its subaccounts, at most.</summary>
    public const int OwnerCallerLimit = 2_500;

    private readonly Dictionary<AccountSid, Dictionary<ulong, Grave>> _byAccount = [];
    private readonly Dictionary<AccountSid, Owned> _owned = [];

    private long _added;

    /// <summary>How many tombstones there are, of all accounts.</summary>
    public int Total { get; private set; }

    /// <summary>Adds a tombstone; false when it is there. <paramref name="forgotten"/> is the one that it takes the place of, if any.</summary>
    public bool Add(Tombstone tombstone, out Tombstone? forgotten)
    {
        forgotten = null;
        if (!_byAccount.TryGetValue(tombstone.Account, out var graves))
        {
            _byAccount.Add(tombstone.Account, graves = []);
        }

        if (graves.ContainsKey(tombstone.Mark))
        {
            return false;
        }

        var owner = index.OwnerOf(tombstone.Account);
        if (!_owned.TryGetValue(owner, out var owned))
        {
            _owned.Add(owner, owned = new(owner));
        }

        var grave = new Grave(tombstone, owned, ++_added);
        graves.Add(tombstone.Mark, grave);
        owned.Graves.AddLast(grave.Place);
        Total++;
        var oldest = graves.Count > AccountLimit ? graves.Values.MinBy(g => g.Number)
            : owned.Graves.Count > OwnerLimit ? owned.Graves.First!.Value
            : null;
        if (oldest is not null)
        {
            forgotten = oldest.Tombstone;
            Remove(oldest);
        }

        return true;
    }

    /// <summary>Adds a late use that was stored; without its tombstone, or beyond the limit, it is left out.</summary>
    public void Restore(LateUse use)
    {
        if (_byAccount.TryGetValue(use.Tombstone.Account, out var graves)
            && graves.TryGetValue(use.Tombstone.Mark, out var grave)
            && Admit(grave, use.Caller) == use.Caller)
        {
            Put(grave, use);
        }
    }

    /// <summary>Whether an account has retired tokens that are remembered. Asked first, because a mark costs a hash.</summary>
    public bool Has(AccountSid account) => _byAccount.ContainsKey(account);

    /// <summary>Counts a refused call, if its token is one of the account's retired ones; else null.</summary>
    public LateUse? Count(in Sighting sighting, ulong mark, ConsumerKey caller)
    {
        if (!_byAccount.TryGetValue(sighting.Sid, out var graves) || !graves.TryGetValue(mark, out var grave))
        {
            return null;
        }

        caller = Admit(grave, caller);
        var (use, second) = (grave.Callers.GetValueOrDefault(caller), sighting.Second);
        return Put(grave, use is null
            ? new(grave.Tombstone, caller, second, second, 1)
            : use with { First = Math.Min(use.First, second), Last = Math.Max(use.Last, second), Calls = use.Calls + 1 });
    }

    /// <summary>The late uses of an account, the newest first.</summary>
    public IReadOnlyList<LateUse> Of(AccountSid account) => !_byAccount.TryGetValue(account, out var graves) ? []
        : [.. graves.Values.SelectMany(g => g.Callers.Values).OrderByDescending(u => u.Last)];

    /// <summary>Forgets the tombstones of tokens retired before this second, and their late uses.</summary>
    public void Forget(uint before)
    {
        foreach (var grave in _byAccount.Values.SelectMany(g => g.Values).Where(g => g.Tombstone.RetiredAt < before).ToList())
        {
            Remove(grave);
        }
    }

    /// <summary>The caller, or <see cref="ConsumerKey.Rest"/> when it is new and there is no room for it.</summary>
    private static ConsumerKey Admit(Grave grave, ConsumerKey caller) =>
        grave.Callers.ContainsKey(caller) || (grave.Callers.Count < CallerLimit && grave.Owned.Callers < OwnerCallerLimit)
            ? caller
            : ConsumerKey.Rest;

    private static LateUse Put(Grave grave, LateUse use)
    {
        grave.Owned.Callers += grave.Callers.ContainsKey(use.Caller) ? 0 : 1;
        return grave.Callers[use.Caller] = use;
    }

    private void Remove(Grave grave)
    {
        var (account, owned) = (grave.Tombstone.Account, grave.Owned);
        _byAccount[account].Remove(grave.Tombstone.Mark);
        if (_byAccount[account].Count == 0)
        {
            _byAccount.Remove(account);
        }

        owned.Graves.Remove(grave.Place);
        owned.Callers -= grave.Callers.Count;
        if (owned.Graves.Count == 0)
        {
            _owned.Remove(owned.Owner);
        }

        Total--;
    }

    /// <summary>A retired token, and who has called with it.</summary>
    private sealed class Grave
    {
        public Grave(Tombstone tombstone, Owned owned, long number)
        {
            (Tombstone, Owned, Number) = (tombstone, owned, number);
            Place = new(this);
        }

        public Tombstone Tombstone { get; }

        public Owned Owned { get; }

        /// <summary>Grows with each that is added: many tokens may be retired in one second.</summary>
        public long Number { get; }

        public LinkedListNode<Grave> Place { get; }

        public Dictionary<ConsumerKey, LateUse> Callers { get; } = [];
    }

    /// <summary>What a top-level account and its subaccounts have: the oldest tombstone first.</summary>
    private sealed class Owned(AccountSid owner)
    {
        public AccountSid Owner { get; } = owner;

        public LinkedList<Grave> Graves { get; } = [];

        public int Callers { get; set; }
    }
}
