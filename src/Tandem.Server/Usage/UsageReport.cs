namespace Tandem.Server.Usage;

/// <summary>What was counted of one account.</summary>
public sealed record UsageReport
{
    /// <summary>Who uses which token; null when nobody was seen.</summary>
    public required AccountUsage? Usage { get; init; }

    /// <summary>Who still calls with retired tokens, the newest first.</summary>
    public required IReadOnlyList<LateUse> LateUses { get; init; }

    /// <summary>The gaps of the counting, oldest first.</summary>
    public required IReadOnlyList<UsageGap> Gaps { get; init; }

    /// <summary>When the counting began, in seconds since 1970.</summary>
    public required uint CountingSince { get; init; }

    /// <summary>Until when evidence is incomplete, for <see cref="ReadinessEvidence.GapUntil"/>.</summary>
    public required uint GapUntil { get; init; }

    /// <summary>When this was true, in seconds since 1970.</summary>
    public required uint At { get; init; }
}

/// <summary>How the counting itself fares.</summary>
/// <param name="Consumers">Consumers told apart now, of all accounts.</param>
/// <param name="NotToldApart">Calls counted for no consumer of their own, because there were too many.</param>
/// <param name="Dropped">Accepted calls that were not counted; each drop is a gap.</param>
/// <param name="RefusedDropped">Refused calls that were not looked at for late use; no gap.</param>
/// <param name="WriteErrors">Errors of the usage file.</param>
/// <param name="LateCalls">Refused calls with a retired token.</param>
public sealed record UsageCounters(int Consumers, ulong NotToldApart, long Dropped, long RefusedDropped, long WriteErrors, long LateCalls);
