using Tandem.Rotations.Destinations;

namespace Tandem.Rotations;

/// <summary>One rotation of one account.</summary>
public sealed record RotationRequest
{
    /// <summary>The account.</summary>
    public required AccountSid AccountSid { get; init; }

    /// <summary>Who makes its tokens.</summary>
    public required Issuer Issuer { get; init; }

    /// <summary>The token in force; null when an unfinished rotation holds it.</summary>
    public HeldToken? Token { get; init; }

    /// <summary>
    /// The parent's token, for a subaccount whose own token nobody at hand holds; null for none. On Tandem it is rotated with that; Twilio takes each
    /// account's own credential alone.
    /// </summary>
    public HeldToken? Parent { get; init; }

    /// <summary>Where the new token goes, in this order.</summary>
    public required IReadOnlyList<PlannedDestination> Destinations { get; init; }

    /// <summary>When the old token may be ended.</summary>
    public WatchPlan Watch { get; init; } = new();

    /// <summary>The old token has leaked: end it first and deliver after, whatever breaks meanwhile.</summary>
    public bool Leaked { get; init; }

    /// <summary>End the old token although somebody uses it, or that cannot be told.</summary>
    public bool Force { get; init; }

    /// <summary>Delete a secondary that this run cannot prove to be its own.</summary>
    public bool ReplaceSecondary { get; init; }

    /// <summary>Whether both tokens are kept, sealed, until the rotation is over; else one that was stopped makes another token and delivers again.</summary>
    public bool StoreTokens { get; init; } = true;

    /// <summary>How long to wait for the verdict; null for no end.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How long to wait between the promotion and its proof; null for a minute where Twilio Functions are a destination, else nothing.</summary>
    public TimeSpan? Settle { get; init; }

    /// <summary>How often to ask for the verdict; null for every two seconds, and every fifteen where destinations' checks are run for it.</summary>
    public TimeSpan? Poll { get; init; }

    /// <summary>For how long the proof may fail before it has failed: Twilio's servers need not learn of a promotion all at once.</summary>
    public TimeSpan ProofLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Who starts it: <c>ada@host</c>.</summary>
    public required string StartedBy { get; init; }
}

/// <summary>A question before something stops working.</summary>
/// <param name="Text">What will happen, sentences.</param>
/// <param name="InTheWay">What breaks by it, a line each; empty when nothing is known to.</param>
/// <param name="Dying">The fingerprint of the token that stops working, for a confirmation that cannot be given by habit; null when it is not known.</param>
public sealed record RotationQuestion(string Text, IReadOnlyList<string> InTheWay, string? Dying);

/// <summary>Those for whom a rotation runs: who is told, who is asked, what time it is.</summary>
public sealed record RotationHost
{
    /// <summary>Is told what happens.</summary>
    public required Action<RotationEvent> Report { get; init; }

    /// <summary>Is asked before something stops working; false is no.</summary>
    public required Func<RotationQuestion, CancellationToken, Task<bool>> Ask { get; init; }

    /// <summary>Signalled when no token is to be ended any more: a rotation then stops before that, and keeps its state.</summary>
    public CancellationToken Hold { get; init; }

    /// <summary>The time.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>How a rotation ended.</summary>
/// <param name="Report">Its report.</param>
/// <param name="Path">The file that the report was written to.</param>
public sealed record RotationResult(RotationReport Report, string Path);

/// <summary>What a rotation would do, found out without changing anything.</summary>
/// <param name="AccountSid">The account.</param>
/// <param name="AccountName">What people call it.</param>
/// <param name="Fingerprint">The fingerprint of the token in force.</param>
/// <param name="Unfinished">A rotation that was begun before; null for none.</param>
/// <param name="Destinations">Each destination and what was found there.</param>
/// <param name="Problems">What stands in the way, a sentence each.</param>
public sealed record RotationPreview(
    AccountSid AccountSid, string AccountName, string Fingerprint, RotationState? Unfinished,
    IReadOnlyList<(PlannedDestination Destination, Inspection Found)> Destinations, IReadOnlyList<string> Problems);
