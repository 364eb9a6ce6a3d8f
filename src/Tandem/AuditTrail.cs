namespace Tandem;

/// <summary>
/// Checks and shortens the audit trail. An interface because SQLite and PostgreSQL both keep it, and because the domain must not know SQL.
/// </summary>
public interface IAuditTrail
{
    /// <summary>
    /// Computes every link again, from where the trail begins to what is newest now, in short reads. The writer goes on meanwhile.
    /// </summary>
    Task<AuditVerification> VerifyAsync(CancellationToken cancel = default);
}

/// <summary>What became of computing the audit chain again.</summary>
/// <param name="Entries">How many entries were found whole.</param>
/// <param name="Last">The number of the newest entry, by what the store says of itself.</param>
/// <param name="Start">Where the trail begins; null for its beginning: nothing was cut off.</param>
/// <param name="Break">The first entry that is not as it was written; null when all are.</param>
public sealed record AuditVerification(long Entries, long Last, AuditStart? Start, AuditBreak? Break)
{
    /// <summary>Whether it was compared with an anchor. Without one, entries at the end can be cut off unseen, together with the store's notes of them.</summary>
    public bool ComparedWithAnchor { get; init; }
}

/// <summary>Where a trail begins from which old entries were cut off; sealed with the audit key, so that nobody else can shorten it.</summary>
/// <param name="Number">The last entry that was cut off.</param>
/// <param name="At">When that one was written.</param>
public sealed record AuditStart(long Number, DateTimeOffset At);

/// <summary>How an entry is not as it was written. The names are what <c>tandem audit verify --json</c> says.</summary>
public enum AuditBreakKind
{
    /// <summary>Its contents do not give its link.</summary>
    Altered,

    /// <summary>It is not there, and later ones are.</summary>
    Missing,

    /// <summary>It is not there, nor is any later one, although the store, or the anchor, knows of it.</summary>
    CutOff,

    /// <summary>The note of the newest entry, or of where the trail begins, is not as it was written.</summary>
    NoteAltered,
}

/// <summary>The first entry that is not as it was written.</summary>
/// <param name="Number">Its number.</param>
/// <param name="At">When it was written, by what it says itself, or the entry before it; null when neither is there.</param>
/// <param name="Kind">How.</param>
/// <param name="Detail">The same in a sentence.</param>
public sealed record AuditBreak(long Number, DateTimeOffset? At, AuditBreakKind Kind, string Detail);

/// <summary>Entries that were cut off at the old end.</summary>
/// <param name="First">The first of them.</param>
/// <param name="Last">The last of them.</param>
/// <param name="LastAt">When the last of them was written.</param>
public sealed record AuditCut(long First, long Last, DateTimeOffset LastAt);
