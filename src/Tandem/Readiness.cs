namespace Tandem;

/// <summary>Whether the old token can be ended without an outage. Never two states only: silence is not evidence.</summary>
public enum ReadinessState
{
    /// <summary>It cannot be told: somebody is merely silent, or the counting had a gap.</summary>
    Unknown,

    /// <summary>Somebody still uses the old token.</summary>
    NotYet,

    /// <summary>Everyone who used the old token has since been seen on the new one, and the old one is quiet.</summary>
    Moved,
}

/// <summary>Why it cannot be told.</summary>
public enum ReadinessReason
{
    /// <summary>It can be told.</summary>
    None,

    /// <summary>There is no secondary to move to.</summary>
    NoSecondary,

    /// <summary>No consumer of the old token has been seen yet.</summary>
    NoConsumerSeen,

    /// <summary>A consumer of the old token is silent since.</summary>
    SilentConsumers,

    /// <summary>Calls may have gone uncounted, and the quiet time has not passed since.</summary>
    Gap,

    /// <summary>The account has more consumers than are told apart, and some of those that are not have used the old token.</summary>
    TooManyConsumers,
}

/// <summary>Where a consumer stands.</summary>
public enum ConsumerStanding
{
    /// <summary>It never used the old token.</summary>
    NewOnly,

    /// <summary>It used the old token within the quiet time.</summary>
    OnOld,

    /// <summary>Neither token, or the old one last: it may come back with the old.</summary>
    Silent,

    /// <summary>Seen on the new token since its last use of the old.</summary>
    Moved,

    /// <summary>People say that it calls no more.</summary>
    Gone,
}

/// <summary>One consumer in a verdict.</summary>
/// <param name="Use">Who, when and how often.</param>
/// <param name="Standing">Where it stands.</param>
/// <param name="Decision">What people have decided about it; null for nothing.</param>
/// <param name="Rhythm">How often it calls; null when that is not known yet.</param>
/// <param name="Expected">For a silent one: when it is next expected, in seconds since 1970. In the past when overdue, null when unknown.</param>
public sealed record ConsumerVerdict(ConsumerUse Use, ConsumerStanding Standing, ConsumerDecision? Decision, Rhythm? Rhythm, uint? Expected)
{
    /// <summary>What people call it; else how they may recognise it.</summary>
    public string Called => Decision?.Name ?? Use.Key.ToString();
}

/// <summary>What a verdict rests on.</summary>
public sealed record ReadinessEvidence
{
    /// <summary>Who used which token; null when nobody was seen.</summary>
    public required AccountUsage? Usage { get; init; }

    /// <summary>Whether the account has a secondary now.</summary>
    public required bool HasSecondary { get; init; }

    /// <summary>Decisions, by <see cref="ConsumerKey.Id"/>.</summary>
    public IReadOnlyDictionary<string, ConsumerDecision> Decisions { get; init; } = new Dictionary<string, ConsumerDecision>(StringComparer.Ordinal);

    /// <summary>When the counting last began or had a gap, for all accounts, in seconds since 1970: the end of it, now while it lasts.</summary>
    public required uint GapUntil { get; init; }

    /// <summary>For how many seconds the old token must not have been used.</summary>
    public required uint QuietSeconds { get; init; }
}

/// <summary>The answer to "may I promote now?". It is never better than its evidence.</summary>
/// <param name="State">The verdict.</param>
/// <param name="Reason">Why it is <see cref="ReadinessState.Unknown"/>.</param>
/// <param name="Until">When a gap stops to count, in seconds since 1970; null unless that is the reason.</param>
/// <param name="Consumers">Everyone, those who stand in the way first.</param>
public sealed record Readiness(ReadinessState State, ReadinessReason Reason, uint? Until, IReadOnlyList<ConsumerVerdict> Consumers)
{
    /// <summary>Judges whether the primary may be ended at this second.</summary>
    public static Readiness Judge(ReadinessEvidence evidence, uint now)
    {
        var consumers = (evidence.Usage?.Consumers ?? [])
            .Select(use => Judge(use, evidence, now))
            .OrderBy(c => Order(c.Standing))
            .ThenByDescending(c => c.Use.Last)
            .ThenBy(c => c.Use.Key.Id, StringComparer.Ordinal)
            .ToList();
        if (!evidence.HasSecondary)
        {
            return Unknown(ReadinessReason.NoSecondary);
        }

        if (consumers.Exists(c => c.Standing == ConsumerStanding.OnOld))
        {
            return new(ReadinessState.NotYet, ReadinessReason.None, null, consumers);
        }

        if (consumers.Exists(c => c.Standing == ConsumerStanding.Silent))
        {
            return Unknown(consumers.TrueForAll(c => c.Standing != ConsumerStanding.Silent || c.Use.Key.IsRest)
                ? ReadinessReason.TooManyConsumers
                : ReadinessReason.SilentConsumers);
        }

        if (consumers.TrueForAll(c => c.Standing == ConsumerStanding.NewOnly))
        {
            return Unknown(ReadinessReason.NoConsumerSeen);
        }

        var gap = Math.Max(evidence.GapUntil, evidence.Usage!.GapUntil);
        return IsPast(gap, evidence.QuietSeconds, now)
            ? new(ReadinessState.Moved, ReadinessReason.None, null, consumers)
            : Unknown(ReadinessReason.Gap) with { Until = (uint)Math.Min(uint.MaxValue, (ulong)gap + evidence.QuietSeconds) };

        Readiness Unknown(ReadinessReason reason) => new(ReadinessState.Unknown, reason, null, consumers);
    }

    private static ConsumerVerdict Judge(ConsumerUse use, ReadinessEvidence evidence, uint now)
    {
        var decision = evidence.Decisions.GetValueOrDefault(use.Key.Id);
        var rhythm = decision?.Every is { } every ? new Rhythm(every, 0) : Tandem.Rhythm.Of(use);
        var standing = Stand(use, decision, evidence.QuietSeconds, now);
        uint? expected = standing != ConsumerStanding.Silent ? null
            : use.Straggle > 0 && decision?.Every is null ? After(use.Primary!.Last, use.Straggle)
            : rhythm is { } known ? After(use.Last, known.Every) : null;
        return new(use, standing, decision, rhythm, expected);
    }

    private static ConsumerStanding Stand(ConsumerUse use, ConsumerDecision? decision, uint quiet, uint now)
    {
        if (use.Primary is not { } old)
        {
            return ConsumerStanding.NewOnly;
        }

        if (decision?.GoneSince >= old.Last)
        {
            return ConsumerStanding.Gone;
        }

        // Whoever still came back to the old token after so long a silence may do it again: twice that silence tells.
        return !IsPast(old.Last, quiet, now) ? ConsumerStanding.OnOld
            : use.Secondary?.Last > old.Last && IsPast(old.Last, 2UL * use.Straggle, now) && !use.Key.IsRest ? ConsumerStanding.Moved
            : ConsumerStanding.Silent;
    }

    /// <summary>Whether so many seconds have passed since.</summary>
    private static bool IsPast(uint since, ulong seconds, uint now) => now >= since + seconds;

    private static uint After(uint second, uint every) => (uint)Math.Min(uint.MaxValue, (ulong)second + every);

    private static int Order(ConsumerStanding standing) => standing switch
    {
        ConsumerStanding.OnOld => 0,
        ConsumerStanding.Silent => 1,
        ConsumerStanding.Moved => 2,
        ConsumerStanding.NewOnly => 3,
        _ => 4,
    };
}
