using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tandem.Rotations;

/// <summary>How far a rotation is. Each is recorded before its work begins, so a record never promises more than was done.</summary>
public enum RotationStep
{
    /// <summary>The create is about to be sent, was sent, or its answer was lost.</summary>
    [JsonStringEnumMemberName("creating")]
    Creating,

    /// <summary>The secondary exists and is held; destinations are given it one after the other.</summary>
    [JsonStringEnumMemberName("delivering")]
    Delivering,

    /// <summary>All destinations have it; waiting until nobody needs the old token.</summary>
    [JsonStringEnumMemberName("watching")]
    Watching,

    /// <summary>The promote is about to be sent, was sent, or its answer was lost.</summary>
    [JsonStringEnumMemberName("promoting")]
    Promoting,

    /// <summary>The old token is dead; waiting until everyone has noticed.</summary>
    [JsonStringEnumMemberName("settling")]
    Settling,

    /// <summary>Proving it: the new token works, is the primary, and the old one is refused.</summary>
    [JsonStringEnumMemberName("verifying")]
    Verifying,

    /// <summary>Taking the old token out of the destinations that had both.</summary>
    [JsonStringEnumMemberName("tidying")]
    Tidying,

    /// <summary>Going back: destinations get the old token again, then the secondary is deleted.</summary>
    [JsonStringEnumMemberName("rolling_back")]
    RollingBack,

    /// <summary>Over, one way or the other.</summary>
    [JsonStringEnumMemberName("done")]
    Done,
}

/// <summary>How far one destination is.</summary>
public enum DestinationProgress
{
    /// <summary>Not touched.</summary>
    [JsonStringEnumMemberName("pending")]
    Pending,

    /// <summary>Being written: it may hold the new token or not.</summary>
    [JsonStringEnumMemberName("delivering")]
    Delivering,

    /// <summary>It holds the new token, and its check said so.</summary>
    [JsonStringEnumMemberName("delivered")]
    Delivered,

    /// <summary>It holds the old token again.</summary>
    [JsonStringEnumMemberName("rolled_back")]
    RolledBack,

    /// <summary>It holds the new token alone.</summary>
    [JsonStringEnumMemberName("tidied")]
    Tidied,
}

/// <summary>One destination in the record.</summary>
public sealed record DestinationRecord
{
    /// <summary>Its type and name, by which a resumed run finds it in the plan: <c>dotenv /srv/billing/.env</c>.</summary>
    public required string Name { get; init; }

    /// <summary>How far it is.</summary>
    public DestinationProgress Progress { get; init; }

    /// <summary>The keys that it did not have before the rotation, which go away again when the rotation does; null before the first delivery.</summary>
    public IReadOnlyList<string>? AddedKeys { get; init; }
}

/// <summary>What a rotation remembers between two runs, without its tokens, which are sealed beside it.</summary>
public sealed record RotationState
{
    /// <summary>The form of the record; a later program may know more.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Tells it from another rotation of the same account: 32 hexadecimal digits.</summary>
    public string Id { get; init; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <summary>The account.</summary>
    [JsonConverter(typeof(AccountSidText))]
    public required AccountSid AccountSid { get; init; }

    /// <summary>Where its tokens are made: <c>https://accounts.twilio.com</c>.</summary>
    public required string Target { get; init; }

    /// <summary>When it was started.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>By whom and where: <c>ada@host</c>.</summary>
    public required string StartedBy { get; init; }

    /// <summary>How far it is.</summary>
    public RotationStep Step { get; init; }

    /// <summary>Whether the old token has leaked: it is ended first, and delivered after.</summary>
    public bool Leaked { get; init; }

    /// <summary>The fingerprint of the token that is to be replaced.</summary>
    public required string OldFingerprint { get; init; }

    /// <summary>The fingerprint of the token that replaces it; null until it exists.</summary>
    public string? NewFingerprint { get; init; }

    /// <summary>The number of the account's last audit entry before the create, by which a secondary is known as this run's own; null on Twilio.</summary>
    public long? AuditBefore { get; init; }

    /// <summary>When the last destination was given the new token: the soak counts from here.</summary>
    public DateTimeOffset? DeliveredAt { get; init; }

    /// <summary>When the old token was ended.</summary>
    public DateTimeOffset? PromotedAt { get; init; }

    /// <summary>The destinations, in the order of the plan.</summary>
    public required IReadOnlyList<DestinationRecord> Destinations { get; init; }

    /// <summary>Whether the old token is dead, or may be.</summary>
    [JsonIgnore]
    public bool MayBePromoted => Step is RotationStep.Promoting or RotationStep.Settling or RotationStep.Verifying or RotationStep.Tidying || PromotedAt is not null;

    /// <summary>The same with one destination changed.</summary>
    public RotationState With(string destination, Func<DestinationRecord, DestinationRecord> change) =>
        this with { Destinations = [.. Destinations.Select(d => string.Equals(d.Name, destination, StringComparison.Ordinal) ? change(d) : d)] };
}

/// <summary>What is sealed beside the state.</summary>
internal sealed record SealedTokens
{
    public string? Old { get; init; }

    public string? New { get; init; }

    /// <summary>The destinations' texts from before the rotation, by their names, of those whose text can be put back.</summary>
    public IReadOnlyDictionary<string, string>? Copies { get; init; }

    public override string ToString() => "[sealed tokens]";
}

/// <summary>What happened, for whoever watches: one line each.</summary>
public sealed record RotationEvent
{
    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The account.</summary>
    public required string AccountSid { get; init; }

    /// <summary>The step as people know it: <c>preflight</c>, <c>create</c>, <c>deliver</c>, <c>watch</c>, <c>promote</c>, <c>settle</c>, <c>verify</c>, <c>tidy</c>, <c>rollback</c>, <c>done</c>.</summary>
    public required string Step { get; init; }

    /// <summary>The destination it is about; null for none.</summary>
    public string? Destination { get; init; }

    /// <summary><c>started</c>, <c>waiting</c>, <c>ok</c>, <c>warning</c> or <c>failed</c>.</summary>
    public required string Result { get; init; }

    /// <summary>A sentence, or part of one.</summary>
    public required string Text { get; init; }

    /// <summary>How long the step took, in seconds; null when it is not over.</summary>
    public double? Seconds { get; init; }
}

/// <summary>The account of a finished rotation, without a token.</summary>
public sealed record RotationReport
{
    /// <summary>The last state.</summary>
    public required RotationState State { get; init; }

    /// <summary><c>rotated</c>, <c>aborted</c> or <c>nothing_to_do</c>.</summary>
    public required string Outcome { get; init; }

    /// <summary>When it was over.</summary>
    public required DateTimeOffset Finished { get; init; }

    /// <summary>What happened in the run that finished it.</summary>
    public required IReadOnlyList<RotationEvent> Events { get; init; }
}

/// <summary>How states, events and reports are written: snake_case, one line.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
[JsonSerializable(typeof(RotationState))]
[JsonSerializable(typeof(RotationEvent))]
[JsonSerializable(typeof(RotationReport))]
[JsonSerializable(typeof(IReadOnlyList<RotationState>))]
[JsonSerializable(typeof(Fleets.FleetReport))]
public sealed partial class RotationJson : JsonSerializerContext
{
    /// <summary>A step, or how far a destination is, as it is written.</summary>
    public static string NameOf<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}

/// <summary>What holds tokens, and never leaves this room but sealed or to a hook.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SealedTokens))]
[JsonSerializable(typeof(Destinations.HookInput))]
internal sealed partial class SecretJson : JsonSerializerContext;
