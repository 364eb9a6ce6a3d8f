namespace Tandem;

/// <summary>
/// The one storage contract. An interface because SQLite and PostgreSQL both keep it, and because the domain must not know SQL.
/// Every read may be refused with <see cref="StoreBusyException"/>: it changes nothing, and may be tried again.
/// </summary>
public interface IAccountStore
{
    /// <summary>
    /// Runs one mutation as one transaction, one after the other for each account and fair between accounts.
    /// <paramref name="decide"/> runs inside it, on rows that nobody else can change meanwhile; it must be quick, read no other
    /// state, and re-check the credential that asked. When the task ends with a result, the change and its audit entry are durable,
    /// the index holds it, and what it retired has left the files (or <see cref="ResiduePending"/> says otherwise).
    /// </summary>
    /// <returns>The answer, the refusal of <paramref name="decide"/>, or <see cref="ErrorKind.Unavailable"/>: nothing changed.</returns>
    Task<Outcome<T>> ChangeAsync<T>(AccountSid account, Func<IAccountRows, Change<T>> decide)
        where T : class;

    /// <summary>Reads one account; null when there is none.</summary>
    Task<Account?> FindAsync(AccountSid sid, CancellationToken cancel = default);

    /// <summary>Reads a page of accounts, newest first, into memory; nothing is held open when it returns.</summary>
    Task<AccountPage> ListAsync(AccountQuery query, CancellationToken cancel = default);

    /// <summary>Reads a page of a search into memory; bounded by an index whatever the number of accounts, and nothing is held open when it returns.</summary>
    Task<AccountHits> SearchAsync(AccountSearch search, CancellationToken cancel = default);

    /// <summary>Reads what was decided about an account's consumers, by <see cref="ConsumerKey.Id"/>.</summary>
    Task<IReadOnlyDictionary<string, ConsumerDecision>> ReadDecisionsAsync(AccountSid account, CancellationToken cancel = default);

    /// <summary>Reads audit entries into memory; nothing is held open when it returns.</summary>
    Task<IReadOnlyList<AuditEntry>> ReadAuditAsync(AuditQuery query, CancellationToken cancel = default);

    /// <summary>Whether bytes of a retired token may still lie in a file, because a checkpoint was refused for too long. It is retried until done.</summary>
    bool ResiduePending { get; }

    /// <summary>
    /// Whether the last change was refused with <see cref="ErrorKind.Unavailable"/> because it could not be stored (a full disk, a locked
    /// database), and none could be stored since. The store tries again by itself.
    /// </summary>
    bool RefusesChanges { get; }
}

/// <summary>The rows as the running transaction sees them. An interface because the domain decides on them and must not know SQL.</summary>
public interface IAccountRows
{
    /// <summary>The row of an account; null when there is none.</summary>
    Account? Find(AccountSid sid);

    /// <summary>
    /// How many subaccounts an account has, at most <paramref name="atMost"/>. With the closed ones it costs an index entry each, without them a row.
    /// </summary>
    int CountSubaccounts(AccountSid parent, bool withClosed, int atMost);

    /// <summary>What was decided about an account's consumers, by <see cref="ConsumerKey.Id"/>.</summary>
    IReadOnlyDictionary<string, ConsumerDecision> Decisions(AccountSid account);

    /// <summary>Keeps a decision in the place of an earlier one; one that decides nothing any more is removed. Undone when the mutation is refused.</summary>
    void Decide(AccountSid account, string consumer, ConsumerDecision decision);

    /// <summary>Users and their sessions.</summary>
    IUserRows Users { get; }

    /// <summary>The wrapped data keys.</summary>
    IKeyRows Keys { get; }

    /// <summary>
    /// Cuts the oldest audit entries off, those from before a moment and at most so many; what is left begins at a note of where, sealed under the
    /// audit key. Null when there is none so old. Undone when the mutation is refused.
    /// </summary>
    AuditCut? CutAudit(DateTimeOffset before, int atMost);
}

/// <summary>What a mutation decided: to refuse, or what to save and answer.</summary>
/// <typeparam name="T">The answer.</typeparam>
public sealed record Change<T>
    where T : class
{
    /// <summary>Saves the account (a new row when there was none) with its audit entry, and answers.</summary>
    public Change(Account account, AuditDraft audit, T answer) => (Account, Audit, Answer) = (account, audit, answer);

    /// <summary>Saves no account: what is changed is in other rows of the transaction, and no verifier is touched.</summary>
    public Change(AuditDraft audit, T answer) => (Audit, Answer) = (audit, answer);

    private Change(ErrorKind refusal) => Refusal = refusal;

    internal Change(T answer) => Answer = answer;

    /// <summary>Why nothing is changed; <see cref="ErrorKind.None"/> when something is.</summary>
    public ErrorKind Refusal { get; }

    /// <summary>The account as it is to be; null when no account changes.</summary>
    public Account? Account { get; }

    /// <summary>The entry that goes with it; null for what is no decision.</summary>
    public AuditDraft? Audit { get; }

    /// <summary>What the caller is told once it is durable.</summary>
    public T? Answer { get; }

    /// <summary>Refuses.</summary>
    public static implicit operator Change<T>(ErrorKind refusal) => new(refusal);
}

/// <summary>Mutations that decide nothing.</summary>
public static class Change
{
    /// <summary>For bookkeeping in rows that hold no verifier and grant nothing, such as when a session was last seen: no entry, and no new epoch.</summary>
    public static Change<T> Unaudited<T>(T answer)
        where T : class => new(answer);
}

/// <summary>Which accounts to list.</summary>
/// <param name="Limit">At most this many.</param>
/// <param name="Owner">Only this account and its subaccounts; null for all.</param>
/// <param name="Only">Only this account.</param>
/// <param name="FriendlyName">Only those with exactly this name.</param>
/// <param name="Status">Only those with this status.</param>
/// <param name="Position">Where the page begins.</param>
public sealed record AccountQuery(
    int Limit,
    AccountSid? Owner = null,
    AccountSid? Only = null,
    string? FriendlyName = null,
    AccountStatus? Status = null,
    AccountPosition? Position = null);

/// <summary>A place in the list: after or before an account, or a number of accounts from its beginning.</summary>
/// <param name="Anchor">The account; null to count from the beginning.</param>
/// <param name="Before">Whether the page ends before the anchor instead of beginning after it.</param>
/// <param name="Skip">How many to pass over.</param>
public sealed record AccountPosition(AccountSid? Anchor, bool Before = false, int Skip = 0);

/// <summary>A page of accounts, newest first.</summary>
/// <param name="Accounts">The accounts.</param>
/// <param name="HasNewer">Whether there are some before them.</param>
/// <param name="HasOlder">Whether there are some after them.</param>
public sealed record AccountPage(IReadOnlyList<Account> Accounts, bool HasNewer, bool HasOlder);

/// <summary>Which audit entries to read.</summary>
/// <param name="Limit">At most this many.</param>
/// <param name="Account">Only those of this account; null for all.</param>
/// <param name="After">Only those with a higher number, the lowest first; null for the newest first.</param>
/// <param name="Before">Only those with a lower number; null for all.</param>
public sealed record AuditQuery(int Limit, AccountSid? Account = null, long? After = null, long? Before = null);
