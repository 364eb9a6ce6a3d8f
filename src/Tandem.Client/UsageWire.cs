using System.ComponentModel.DataAnnotations;

namespace Tandem.Client;

/// <summary>How much each token of an account is used, and what is known to be missing from the counts.</summary>
public sealed record AccountUsageInfo
{
    /// <summary>The account.</summary>
    public required string AccountSid { get; init; }

    /// <summary>The number of token changes so far: which tokens these are.</summary>
    public required long Generation { get; init; }

    /// <summary>When this was true, to the second.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Whether calls are counted at all; it is a setting of the server.</summary>
    public required bool IsCounting { get; init; }

    /// <summary>Since when calls are counted; calls before it are known to nobody.</summary>
    public required DateTimeOffset CountingSince { get; init; }

    /// <summary>Until when calls of this account may have gone uncounted: the end of the last gap, or the beginning of the counting.</summary>
    public required DateTimeOffset GapUntil { get; init; }

    /// <summary>
    /// The times in which calls of any account may have gone uncounted, the oldest first, for 90 days; at most the last 1,000. Those of this account
    /// alone count in <c>gap_until</c>.
    /// </summary>
    public required IReadOnlyList<UsageGapInfo> Gaps { get; init; }

    /// <summary>Calls of all accounts that came faster than they could be counted, since the server's start. Each is a gap of its account.</summary>
    public required long Dropped { get; init; }

    /// <summary>The use of the primary; null once the account is closed.</summary>
    public TokenUsageInfo? Primary { get; init; }

    /// <summary>The use of the secondary, while there is one.</summary>
    public TokenUsageInfo? Secondary { get; init; }
}

/// <summary>Somebody's use of a token.</summary>
public abstract record UseFields
{
    /// <summary>The first call known of, to the second; null when there was none.</summary>
    public DateTimeOffset? FirstUse { get; init; }

    /// <summary>The last call; null when there was none.</summary>
    public DateTimeOffset? LastUse { get; init; }

    /// <summary>All calls known of.</summary>
    public required ulong Calls { get; init; }
}

/// <summary>First and last call, and how many.</summary>
public sealed record UseInfo : UseFields;

/// <summary>
/// The use of one token by all consumers, as the checks under <c>/auth</c> saw it. Periods without a call are left out; the others are
/// listed oldest first.
/// </summary>
public sealed record TokenUsageInfo : UseFields
{
    /// <summary>The token's fingerprint.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>By minute, for the last hour.</summary>
    public required IReadOnlyList<PeriodCalls> ByMinute { get; init; }

    /// <summary>By hour, for the last ten days.</summary>
    public required IReadOnlyList<PeriodCalls> ByHour { get; init; }

    /// <summary>By day (UTC), for the last ninety.</summary>
    public required IReadOnlyList<PeriodCalls> ByDay { get; init; }

    /// <summary>Calls on Twilio's paths and on our own, such as a rotation makes itself. They are in none of the other numbers, and no evidence of who uses the token.</summary>
    public required UseInfo Control { get; init; }
}

/// <summary>The calls of a minute, an hour or a day.</summary>
public sealed record PeriodCalls
{
    /// <summary>When it began.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>How many calls it saw.</summary>
    public required uint Calls { get; init; }
}

/// <summary>A time in which calls may have gone uncounted, of all accounts.</summary>
public sealed record UsageGapInfo
{
    /// <summary>From when.</summary>
    public required DateTimeOffset Began { get; init; }

    /// <summary>Until when.</summary>
    public required DateTimeOffset Ended { get; init; }

    /// <summary>
    /// Why: the server ended without writing what it had counted, calls came too fast, counting was switched off, or what had been counted could
    /// not be read.
    /// </summary>
    [AllowedValues("unclean_stop", "dropped", "counting_off", "unreadable")]
    public required string Reason { get; init; }

    /// <summary>How many calls are known to be missing; 0 when that is not known.</summary>
    public required ulong Calls { get; init; }
}

/// <summary>Who still calls with retired tokens of an account, the newest call first. All such calls are refused.</summary>
public sealed record LateUseList
{
    /// <summary>The account.</summary>
    public required string AccountSid { get; init; }

    /// <summary>Whether such calls are noted at all; it is a setting of the server. What it takes is kept for 30 days after a token was retired.</summary>
    public required bool IsNoted { get; init; }

    /// <summary>The callers, each once for each token.</summary>
    public required IReadOnlyList<LateUseInfo> Entries { get; init; }

    /// <summary>Where the next page begins, for <c>after</c>; null on the last.</summary>
    public string? NextAfter { get; init; }
}

/// <summary>Somebody's calls with a retired token.</summary>
public sealed record LateUseInfo : UseFields
{
    /// <summary>The retired token's fingerprint.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>When it was retired.</summary>
    public required DateTimeOffset RetiredAt { get; init; }

    /// <summary>Who called.</summary>
    public required ConsumerIdentity Consumer { get; init; }
}
