using System.ComponentModel.DataAnnotations;

namespace Tandem.Client;

/// <summary>A place that a rotation delivers to; never what is in it.</summary>
public sealed record RotationDestinationInfo
{
    /// <summary>Its type and name, at most 300 characters: <c>dotenv /srv/billing/.env</c>.</summary>
    public required string Name { get; init; }

    /// <summary>How far it is.</summary>
    [AllowedValues("pending", "delivering", "delivered", "rolled_back", "tidied")]
    public required string Progress { get; init; }
}

/// <summary>What a rotation tells of itself. Nothing in it is secret.</summary>
public sealed record RotationUpdate
{
    /// <summary>32 hexadecimal digits of its own choice, by which it is told from another.</summary>
    public string? Id { get; init; }

    /// <summary>Who runs it and where, at most 300 characters: <c>ada@host</c>.</summary>
    public string? Owner { get; init; }

    /// <summary>When it was started.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>How it stands. <c>running</c> counts for two minutes: say it again before they are over.</summary>
    [AllowedValues("running", "stopped", "rotated", "aborted")]
    public string? Progress { get; init; }

    /// <summary>The step that it is in.</summary>
    [AllowedValues("creating", "delivering", "watching", "promoting", "settling", "verifying", "tidying", "rolling_back", "done")]
    public string? Step { get; init; }

    /// <summary>The fingerprint of the token that it replaces; null for not said.</summary>
    public string? OldFingerprint { get; init; }

    /// <summary>The fingerprint of the token that it has made; null before.</summary>
    public string? NewFingerprint { get; init; }

    /// <summary>Where it delivers to, at most a hundred places; null for none.</summary>
    public IReadOnlyList<RotationDestinationInfo>? Destinations { get; init; }

    /// <summary>What it waits for, or why it was stopped, at most 300 characters; null for nothing.</summary>
    public string? Message { get; init; }
}

/// <summary>A step of a rotation.</summary>
public sealed record RotationStepInfo
{
    /// <summary>Which.</summary>
    [AllowedValues("creating", "delivering", "watching", "promoting", "settling", "verifying", "tidying", "rolling_back", "done")]
    public required string Step { get; init; }

    /// <summary>When the server was first told of it.</summary>
    public required DateTimeOffset Began { get; init; }
}

/// <summary>The last rotation of an account that the server was told of. It decides nothing: no change of a token looks at it.</summary>
public sealed record RotationInfo
{
    /// <summary>The account.</summary>
    public required string AccountSid { get; init; }

    /// <summary>By which it is told from another.</summary>
    public required string Id { get; init; }

    /// <summary>Who runs it and where, as it says itself.</summary>
    public required string Owner { get; init; }

    /// <summary>When it was started, as it says itself.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>How it stands: <c>stopped</c> can be gone on with; the last two are over.</summary>
    [AllowedValues("running", "stopped", "rotated", "aborted")]
    public required string Progress { get; init; }

    /// <summary>Whether it runs: it says so, and was heard of within two minutes. While it does, no other is taken in.</summary>
    public required bool IsLive { get; init; }

    /// <summary>When it was last heard of.</summary>
    public required DateTimeOffset HeardAt { get; init; }

    /// <summary>The steps so far, the last one being where it is.</summary>
    public required IReadOnlyList<RotationStepInfo> Steps { get; init; }

    /// <summary>The fingerprint of the token that it replaces; null for not said.</summary>
    public string? OldFingerprint { get; init; }

    /// <summary>The fingerprint of the token that it has made; null before.</summary>
    public string? NewFingerprint { get; init; }

    /// <summary>Where it delivers to.</summary>
    public required IReadOnlyList<RotationDestinationInfo> Destinations { get; init; }

    /// <summary>What it waits for, or why it was stopped; null for nothing.</summary>
    public string? Message { get; init; }
}
