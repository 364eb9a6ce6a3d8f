using System.Text.Json.Serialization;

namespace Tandem.Rotations.Fleets;

/// <summary>How it went with one account of a fleet.</summary>
public enum FleetOutcome
{
    /// <summary>It was not begun.</summary>
    [JsonStringEnumMemberName("not_begun")]
    NotBegun,

    /// <summary>Its old token is dead, and the new one is where it belongs.</summary>
    [JsonStringEnumMemberName("rotated")]
    Rotated,

    /// <summary>The same, done by an earlier run of this fleet.</summary>
    [JsonStringEnumMemberName("rotated_before")]
    RotatedBefore,

    /// <summary>Its old token is in force again, and it has no other.</summary>
    [JsonStringEnumMemberName("went_back")]
    WentBack,

    /// <summary>It failed. Where it stands is kept.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>Another failed, so it was stopped before its old token was ended. Both of its tokens work.</summary>
    [JsonStringEnumMemberName("held")]
    Held,

    /// <summary>It was interrupted. Where it stands is kept.</summary>
    [JsonStringEnumMemberName("interrupted")]
    Interrupted,
}

/// <summary>One account in the summary.</summary>
public sealed record FleetLine
{
    /// <summary>The account.</summary>
    public required string AccountSid { get; init; }

    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>How it went.</summary>
    public required FleetOutcome Outcome { get; init; }

    /// <summary>The fingerprint of the token that was replaced; null when that is not known.</summary>
    public string? OldFingerprint { get; init; }

    /// <summary>The fingerprint of the new token; null when there is none.</summary>
    public string? NewFingerprint { get; init; }

    /// <summary>Why it failed; null when it did not.</summary>
    public string? Detail { get; init; }

    /// <summary>How long it took in this run, in seconds; null when it was not begun.</summary>
    public double? Seconds { get; init; }
}

/// <summary>The summary of a fleet, without a token.</summary>
public sealed record FleetReport
{
    /// <summary>The parent of the accounts.</summary>
    public required string ParentSid { get; init; }

    /// <summary>Where their tokens are made.</summary>
    public required string Target { get; init; }

    /// <summary>When the fleet was begun, in whichever run.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>When this run was over.</summary>
    public required DateTimeOffset Finished { get; init; }

    /// <summary>Accounts whose token is replaced, by this run or an earlier one.</summary>
    public int Rotated => Accounts.Count(a => a.Outcome is FleetOutcome.Rotated or FleetOutcome.RotatedBefore);

    /// <summary>Whether all are.</summary>
    public bool IsDone => Rotated == Accounts.Count;

    /// <summary>Subaccounts that were left out because they are not active.</summary>
    public int NotActive { get; init; }

    /// <summary>Each account that was chosen.</summary>
    public required IReadOnlyList<FleetLine> Accounts { get; init; }

    /// <summary>Why the first that failed did; null when none did.</summary>
    [JsonIgnore]
    public RotationException? Failure { get; init; }
}

/// <summary>What a fleet remembers between two runs: who is done is told by the accounts' own reports.</summary>
internal sealed record FleetRecord(DateTimeOffset Started, string StartedBy);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(FleetRecord))]
internal sealed partial class FleetJson : JsonSerializerContext;
