namespace Tandem;

/// <summary>Why calls may have gone uncounted. The numbers are what is stored.</summary>
public enum GapReason : byte
{
    /// <summary>The server ended without writing what it had counted.</summary>
    UncleanStop = 2,

    /// <summary>More calls came than could be counted.</summary>
    Dropped = 3,

    /// <summary>Counting was turned off.</summary>
    CountingOff = 4,

    /// <summary>What had been counted could not be read.</summary>
    Unreadable = 5,
}

/// <summary>A time in which calls may have gone uncounted, of all accounts; in whole seconds since 1970.</summary>
/// <param name="Began">From when.</param>
/// <param name="Ended">Until when.</param>
/// <param name="Reason">Why.</param>
/// <param name="Calls">How many are known to be missing; 0 when that is not known.</param>
public sealed record UsageGap(uint Began, uint Ended, GapReason Reason, ulong Calls = 0);

/// <summary>An account as it is stored with the counts.</summary>
/// <param name="Sid">Which.</param>
/// <param name="Marks">Its generations.</param>
/// <param name="GapUntil">Its own gap.</param>
/// <param name="PrimaryControl">The control calls with the primary, packed.</param>
/// <param name="SecondaryControl">Those with the secondary.</param>
/// <param name="IsRewritten">Whether its consumers, as stored, are all to be replaced, because a token was retired.</param>
public sealed record AccountUsageRow(
    AccountSid Sid, TokenMarks Marks, uint GapUntil, byte[] PrimaryControl, byte[] SecondaryControl, bool IsRewritten);

/// <summary>A consumer as it is stored.</summary>
/// <param name="Account">Of which account.</param>
/// <param name="Key">Who.</param>
/// <param name="Last">Its last call, in seconds since 1970.</param>
/// <param name="Straggle"><see cref="ConsumerUse.Straggle"/>.</param>
/// <param name="Primary">Its use of the primary, packed; null when there was none.</param>
/// <param name="Secondary">Its use of the secondary, likewise.</param>
public sealed record ConsumerRow(AccountSid Account, ConsumerKey Key, uint Last, uint Straggle, byte[]? Primary, byte[]? Secondary);

/// <summary>What is written at a time: copies, so that counting goes on meanwhile.</summary>
public sealed record UsageBatch
{
    /// <summary>When it was made, in seconds since 1970.</summary>
    public required uint At { get; init; }

    /// <summary>Accounts that have changed. They go first.</summary>
    public IList<AccountUsageRow> Accounts { get; } = [];

    /// <summary>Consumers that have changed.</summary>
    public IList<ConsumerRow> Consumers { get; } = [];

    /// <summary>New tombstones.</summary>
    public IList<Tombstone> Tombstones { get; } = [];

    /// <summary>Tombstones that are forgotten, with their late uses, because newer ones of the same owner took their place. They go last.</summary>
    public IList<Tombstone> OldTombstones { get; } = [];

    /// <summary>Late uses that have changed.</summary>
    public IList<LateUse> LateUses { get; } = [];

    /// <summary>New gaps, and those that have grown.</summary>
    public IList<UsageGap> Gaps { get; } = [];

    /// <summary>Rotations that have told something new, or are forgotten.</summary>
    public IList<RotationRow> Rotations { get; } = [];

    /// <summary>Whether older counts, tombstones and gaps are to be deleted.</summary>
    public bool Forget { get; set; }

    /// <summary>Whether there is nothing to write.</summary>
    public bool IsEmpty =>
        Accounts.Count + Consumers.Count + Tombstones.Count + OldTombstones.Count + LateUses.Count + Gaps.Count + Rotations.Count == 0 && !Forget;
}

/// <summary>What was stored, read at the start.</summary>
public sealed record UsageContent
{
    /// <summary>When counting began, in seconds since 1970.</summary>
    public required uint CountingSince { get; init; }

    /// <summary>The accounts.</summary>
    public IList<AccountUsageRow> Accounts { get; } = [];

    /// <summary>Their consumers.</summary>
    public IList<ConsumerRow> Consumers { get; } = [];

    /// <summary>The tombstones.</summary>
    public IList<Tombstone> Tombstones { get; } = [];

    /// <summary>The late uses.</summary>
    public IList<LateUse> LateUses { get; } = [];

    /// <summary>The gaps.</summary>
    public IList<UsageGap> Gaps { get; } = [];

    /// <summary>What rotations have told of themselves.</summary>
    public IList<RotationRow> Rotations { get; } = [];
}
