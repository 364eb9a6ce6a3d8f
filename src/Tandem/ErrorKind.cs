namespace Tandem;

/// <summary>Every refusal that can be expected. A refusal is a value; an exception is a fault.</summary>
public enum ErrorKind
{
    /// <summary>No refusal.</summary>
    None,

    /// <summary>The credential is not valid (any more) for this account: unknown, wrong, retired, or the account is not active.</summary>
    WrongCredential,

    /// <summary>The caller may not do this to an account that it may see.</summary>
    NotPermitted,

    /// <summary>No such account, or none that the caller may know of.</summary>
    AccountNotFound,

    /// <summary>A secondary token exists already.</summary>
    SecondaryExists,

    /// <summary>There is no secondary token.</summary>
    NoSecondary,

    /// <summary>The account is closed; closing is final.</summary>
    AccountClosed,

    /// <summary>The token state has changed since the caller looked (another generation).</summary>
    GenerationChanged,

    /// <summary>The promote guard is on, and not everyone is seen to have moved.</summary>
    NotReady,

    /// <summary>The primary is not paused (any more).</summary>
    NotPaused,

    /// <summary>The account has as many of these as it may have.</summary>
    LimitReached,

    /// <summary>The account has as many subaccounts as it may have.</summary>
    TooManySubaccounts,

    /// <summary>An account with this SID exists already.</summary>
    AccountExists,

    /// <summary>Another rotation of the account runs, by somebody else or elsewhere.</summary>
    RotationRunning,

    /// <summary>No rotation of the account was told of.</summary>
    NoRotation,

    /// <summary>No such user.</summary>
    UserNotFound,

    /// <summary>A user of this name exists already; of the first one: there is a user.</summary>
    UserExists,

    /// <summary>The last administrator can neither be removed nor given another role.</summary>
    LastAdministrator,

    /// <summary>The session that asked has ended meanwhile, or its user has another role now.</summary>
    SessionEnded,

    /// <summary>A value that may not be stored: a name or a reason is too long, holds control or invisible characters, or is missing.</summary>
    InvalidInput,

    /// <summary>The promote guard is on, and nothing was gathered yet of what it judges by. Never leaves <see cref="Rotation"/>.</summary>
    EvidenceMissing,

    /// <summary>Nothing was changed because it cannot be stored now (disk full, queue full); trying again is safe.</summary>
    Unavailable,
}
