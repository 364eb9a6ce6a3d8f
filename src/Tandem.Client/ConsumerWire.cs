using System.ComponentModel.DataAnnotations;

namespace Tandem.Client;

/// <summary>By what a consumer is recognised.</summary>
public abstract record ConsumerFields
{
    /// <summary>Its mark, by which decisions about it are made: 16 hexadecimal digits. The same as long as all below but the name is.</summary>
    public required string Id { get; init; }

    /// <summary>What people call it; null when nobody has named it.</summary>
    public string? Name { get; init; }

    /// <summary>What it can be called without a name: <c>nightly (curl) on billing.example.com</c>.</summary>
    public required string Label { get; init; }

    /// <summary>The host or route that it called, as the proxy reported it; null when none was.</summary>
    public string? Route { get; init; }

    /// <summary>Where it calls from: an IPv4 address, or a network. Null for one that names itself, which is the same wherever it runs.</summary>
    public string? Network { get; init; }

    /// <summary>Its client, from <c>User-Agent</c>; <c>none</c> when it says nothing, <c>several</c> for callers that are not told apart.</summary>
    [AllowedValues(
        "twilio-node", "twilio-python", "twilio-csharp", "twilio-java", "twilio-go", "twilio-php", "twilio-ruby", "twilio-cli", "curl",
        "other", "none", "several")]
    public required string Client { get; init; }

    /// <summary>What it calls itself (<c>X-Client-Name</c>); null when it does not.</summary>
    public string? ClientName { get; init; }
}

/// <summary>Who somebody is.</summary>
public sealed record ConsumerIdentity : ConsumerFields;

/// <summary>A consumer, what it does and where it stands.</summary>
public sealed record ConsumerInfo : ConsumerFields
{
    /// <summary>
    /// <c>on_old</c>: it used the primary within the quiet time. <c>silent</c>: the primary last, and not lately; it may come back with it.
    /// <c>moved</c>: seen on the secondary since its last use of the primary. <c>new_only</c>: it never used the primary. <c>gone</c>: people say
    /// that it calls no more. The first two stand in the way of a promote.
    /// </summary>
    [AllowedValues("on_old", "silent", "moved", "new_only", "gone")]
    public required string Standing { get; init; }

    /// <summary>Its use of the primary; null when it never used it.</summary>
    public UseInfo? Primary { get; init; }

    /// <summary>Its use of the secondary, likewise.</summary>
    public UseInfo? Secondary { get; init; }

    /// <summary>When it was last refused because the primary was paused: it would have broken at a promote. Null when it was not since the server's start.</summary>
    public DateTimeOffset? BrokeAt { get; init; }

    /// <summary>How often it is heard of, in seconds: as people have decided, else as its calls tell. Null when that is not known yet.</summary>
    public uint? RhythmSeconds { get; init; }

    /// <summary>How often people expect it, in seconds; null to go by its calls.</summary>
    public uint? ExpectedEvery { get; init; }

    /// <summary>Of a silent one: when it is next expected. In the past when it is overdue; null when that is not known.</summary>
    public DateTimeOffset? ExpectedAt { get; init; }

    /// <summary>When people marked it gone; null when they have not. A later call with the primary outweighs it.</summary>
    public DateTimeOffset? GoneSince { get; init; }
}

/// <summary>Everyone who has used a token of now.</summary>
public sealed record ConsumerList
{
    /// <summary>The account.</summary>
    public required string AccountSid { get; init; }

    /// <summary>The number of token changes so far: which tokens are meant.</summary>
    public required long Generation { get; init; }

    /// <summary>When this was true, to the second.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The consumers, those who stand in the way of a promote first.</summary>
    public required IReadOnlyList<ConsumerInfo> Consumers { get; init; }

    /// <summary>Where the next page begins, for <c>after</c>; null on the last.</summary>
    public string? NextAfter { get; init; }
}

/// <summary>The answer to "may I promote now?". It is never better than its evidence.</summary>
public sealed record ReadinessInfo
{
    /// <summary>The account.</summary>
    public required string AccountSid { get; init; }

    /// <summary>The number of token changes so far; give it to a promote to be sure that nothing has changed since.</summary>
    public required long Generation { get; init; }

    /// <summary>When this was true, to the second.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>
    /// <c>moved</c>: everyone who used the primary has since been seen on the secondary, and the primary is quiet. <c>not_yet</c>: somebody still
    /// uses the primary. <c>unknown</c>: it cannot be told.
    /// </summary>
    [AllowedValues("moved", "not_yet", "unknown")]
    public required string State { get; init; }

    /// <summary>
    /// Why it cannot be told. <c>no_secondary</c>: there is nothing to move to. <c>no_consumer_seen</c>: nobody has used the primary yet.
    /// <c>silent_consumers</c>: a consumer of the primary is silent since. <c>gap</c>: calls may have gone uncounted, and the quiet time has not
    /// passed since. <c>too_many_consumers</c>: the account has more consumers than the server can distinguish, and some of the others used the
    /// primary. Null when it can be told.
    /// </summary>
    [AllowedValues("no_secondary", "no_consumer_seen", "silent_consumers", "gap", "too_many_consumers", null)]
    public string? Reason { get; init; }

    /// <summary>When a gap stops to count; null unless that is the reason.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>For how many seconds the primary must not have been used; it is a setting of the server.</summary>
    public required uint QuietSeconds { get; init; }

    /// <summary>The fingerprint of the primary, which a promote retires; null once the account is closed.</summary>
    public string? Primary { get; init; }

    /// <summary>The fingerprint of the secondary; null without one.</summary>
    public string? Secondary { get; init; }

    /// <summary>Whether a promote is refused, unless it is forced, while the state is not <c>moved</c>.</summary>
    [AllowedValues("off", "enforce")]
    public required string PromoteGuard { get; init; }

    /// <summary>All consumers, those who stand in the way first: at most 251, because an account's other callers count as one.</summary>
    public required IReadOnlyList<ConsumerInfo> Consumers { get; init; }
}

/// <summary>What people decide about a consumer; what is null stays.</summary>
public sealed record ConsumerDecisionRequest
{
    /// <summary>What to call it, at most 64 characters, no control characters and no invisible ones; empty for nothing.</summary>
    public string? Name { get; init; }

    /// <summary>How often it is expected, in seconds, a year (31,622,400) at most; 0 to go by its calls.</summary>
    public uint? ExpectedEvery { get; init; }

    /// <summary>Whether it calls no more. A later call with the primary outweighs it.</summary>
    public bool? Gone { get; init; }
}

/// <summary>What is decided about a consumer.</summary>
public sealed record ConsumerDecisionInfo
{
    /// <summary>The account.</summary>
    public required string AccountSid { get; init; }

    /// <summary>The consumer's id.</summary>
    public required string Id { get; init; }

    /// <summary>What people call it; null for nothing.</summary>
    public string? Name { get; init; }

    /// <summary>How often it is expected, in seconds; null to go by its calls.</summary>
    public uint? ExpectedEvery { get; init; }

    /// <summary>When it was marked gone; null when it is not.</summary>
    public DateTimeOffset? GoneSince { get; init; }
}
