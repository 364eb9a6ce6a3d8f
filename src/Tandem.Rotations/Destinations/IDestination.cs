namespace Tandem.Rotations.Destinations;

/// <summary>What a rotation is about, for a destination.</summary>
/// <param name="Tokens">Both tokens.</param>
/// <param name="AccountSid">The account.</param>
/// <param name="Target">Where its tokens are made.</param>
/// <param name="AddedKeys">The keys that this destination did not have before the rotation.</param>
public sealed record Delivery(TokenPair Tokens, string AccountSid, string Target, IReadOnlyList<string> AddedKeys)
{
    /// <summary>What the destination was before the rotation; null when that was not kept.</summary>
    public DestinationCopy? Before { get; init; }

    /// <summary>The time, for pauses between repeated calls.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>The text of a destination as it was before a rotation. It holds secrets, so it is kept sealed and shown nowhere.</summary>
/// <param name="text">The text.</param>
public sealed class DestinationCopy(string text)
{
    internal string Text => text;

    /// <summary>Nothing of what it holds.</summary>
    public override string ToString() => "[copy]";
}

/// <summary>What a look at a destination found, without changing anything.</summary>
public sealed record Inspection
{
    /// <summary>What a delivery would change, a line each, with every value masked: <c>- KEY="[token b41e]"</c>.</summary>
    public IReadOnlyList<string> Changes { get; init; } = [];

    /// <summary>What could go wrong later, a sentence each.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What stands in the way, a sentence each; a rotation does not begin with any.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>The keys that a delivery would add.</summary>
    public IReadOnlyList<string> AddedKeys { get; init; } = [];

    /// <summary>Its current text, to compare with later; null if it has no text, or too much to keep.</summary>
    public DestinationCopy? Copy { get; init; }
}

/// <summary>
/// Where a rotation delivers. Every call may be repeated with the same result, since a rotation that was killed in the middle of one makes it
/// again. Each throws <see cref="RotationException"/> with <see cref="RotationFailure.Destination"/> when it fails.
/// </summary>
public interface IDestination
{
    /// <summary>Its type: <c>dotenv</c>.</summary>
    string Type { get; }

    /// <summary>What tells it from others of its type: a path.</summary>
    string Name { get; }

    /// <summary>Whether consumers are given the old token too during the overlap, so that signatures made with either can be checked.</summary>
    bool HoldsBoth { get; }

    /// <summary>Looks, and changes nothing.</summary>
    /// <param name="old">The token in force, to recognise; null when it is not known.</param>
    /// <param name="cancel">Ends the wait.</param>
    Task<Inspection> InspectAsync(HeldToken? old, CancellationToken cancel);

    /// <summary>Gives it the new token, and the old one as well where it holds both. Returns what was done, a few words.</summary>
    Task<string> DeliverAsync(Delivery delivery, CancellationToken cancel);

    /// <summary>Checks that what was delivered is there.</summary>
    Task VerifyAsync(Delivery delivery, CancellationToken cancel);

    /// <summary>Gives it the old token again, as before the rotation. Returns what should be looked at there, a sentence; null for nothing.</summary>
    Task<string?> RollBackAsync(Delivery delivery, CancellationToken cancel);

    /// <summary>Takes the old token out, where it holds both. Returns what was done; null for nothing.</summary>
    Task<string?> TidyAsync(Delivery delivery, CancellationToken cancel);
}
