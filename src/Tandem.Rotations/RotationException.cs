namespace Tandem.Rotations;

/// <summary>Why a rotation stops, by what whoever started it can do about it.</summary>
public enum RotationFailure
{
    /// <summary>It failed: nobody answers, a file cannot be written.</summary>
    Failed,

    /// <summary>What was asked for, or the plan, makes no sense. Nothing was done.</summary>
    Usage,

    /// <summary>Somebody said no at a question.</summary>
    Declined,

    /// <summary>The credential is missing or was refused.</summary>
    Credential,

    /// <summary>Something stands in the way: a secondary exists, another rotation runs.</summary>
    Precondition,

    /// <summary>A destination failed. The state is kept; run again.</summary>
    Destination,

    /// <summary>The verification failed after the promotion: urgent.</summary>
    Verification,

    /// <summary>It was told to hold before a token is ended. The state is kept; run again.</summary>
    Held,

    /// <summary>The old token is still in use, or that cannot be told, and the time is up. The state is kept; run again.</summary>
    Pending,
}

/// <summary>Stops a rotation. The message says what happened, what it means and what to do next; never a token.</summary>
public sealed class RotationException(RotationFailure failure, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Why.</summary>
    public RotationFailure Failure { get; } = failure;
}
