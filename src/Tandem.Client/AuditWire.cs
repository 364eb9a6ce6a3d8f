using System.ComponentModel.DataAnnotations;

namespace Tandem.Client;

/// <summary>What became of computing every link of the audit trail again.</summary>
public sealed record AuditVerificationInfo
{
    /// <summary>Whether every entry is as it was written.</summary>
    public required bool Intact { get; init; }

    /// <summary>How many entries were found whole, in their order, up to the first that is not.</summary>
    public required long Entries { get; init; }

    /// <summary>The number of the newest entry.</summary>
    public required long Last { get; init; }

    /// <summary>The last entry that was cut off at the old end, because entries are kept for a time; null when none was.</summary>
    public long? CutUpTo { get; init; }

    /// <summary>When that entry was written.</summary>
    public DateTimeOffset? CutUpToAt { get; init; }

    /// <summary>Whether it was compared with the anchor. When not, the newest entries could have been cut off unseen.</summary>
    public required bool ComparedWithAnchor { get; init; }

    /// <summary>The first entry that is not as it was written; null when all are.</summary>
    public AuditBreakInfo? Break { get; init; }
}

/// <summary>The first entry that is not as it was written.</summary>
public sealed record AuditBreakInfo
{
    /// <summary>Its number.</summary>
    public required long Number { get; init; }

    /// <summary>When it was written, or the entry before it; null when neither can be told.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>How it differs.</summary>
    [AllowedValues("altered", "missing", "cut_off", "note_altered")]
    public required string Kind { get; init; }

    /// <summary>The same in a sentence.</summary>
    public required string Detail { get; init; }
}
