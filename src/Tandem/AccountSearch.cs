namespace Tandem;

/// <summary>Which accounts somebody looks for.</summary>
public enum AccountFilter
{
    /// <summary>All, by name.</summary>
    All,

    /// <summary>Active ones whose primary is older than a limit, the oldest first.</summary>
    OldPrimary,

    /// <summary>Those with a secondary that is older than a limit (none: any secondary), the oldest first.</summary>
    Secondary,

    /// <summary>Suspended ones.</summary>
    Suspended,

    /// <summary>Closed ones.</summary>
    Closed,
}

/// <summary>A search for accounts, in the order of its filter.</summary>
/// <param name="Limit">At most this many.</param>
/// <param name="Filter">Which.</param>
/// <param name="Text">What the name has in it, whatever the case of its letters; null for any name.</param>
/// <param name="Before">For filters by age: only tokens created before this moment; null for any.</param>
/// <param name="Cursor">Where the page begins, as an earlier page said; null for the beginning.</param>
/// <param name="Backward">Whether the page ends before the cursor instead of beginning after it.</param>
public sealed record AccountSearch(
    int Limit,
    AccountFilter Filter,
    string? Text = null,
    DateTimeOffset? Before = null,
    AccountCursor? Cursor = null,
    bool Backward = false);

/// <summary>A place in a search. It holds when accounts come, go or change, since it is a value of the order and not a number of accounts.</summary>
/// <param name="Key">What the order goes by: a time in milliseconds since 1970, or a name in small letters.</param>
/// <param name="Sid">The account, for those with the same key.</param>
public sealed record AccountCursor(string Key, AccountSid Sid);

/// <summary>A page of a search.</summary>
/// <param name="Accounts">The accounts, in the order of the filter.</param>
/// <param name="Previous">Where the page before this one ends; null when there is none.</param>
/// <param name="Next">Where the page after this one begins; null when there is none.</param>
public sealed record AccountHits(IReadOnlyList<Account> Accounts, AccountCursor? Previous, AccountCursor? Next);
