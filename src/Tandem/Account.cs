namespace Tandem;

/// <summary>Which of an account's two tokens.</summary>
public enum Slot : byte
{
    /// <summary>The token in force.</summary>
    Primary = 1,

    /// <summary>The second token, valid from its creation until it is promoted or deleted.</summary>
    Secondary = 2,
}

/// <summary>Whether the tokens of an account are accepted. The numbers are what is stored.</summary>
public enum AccountStatus : byte
{
    /// <summary>Accepted.</summary>
    Active = 2,

    /// <summary>Refused until the account is activated again.</summary>
    Suspended = 3,

    /// <summary>Refused for good: both tokens are erased.</summary>
    Closed = 4,
}

/// <summary>Whether a promote asks first who would break. The numbers are what is stored.</summary>
public enum PromoteGuard : byte
{
    /// <summary>It does not.</summary>
    Off = 2,

    /// <summary>While not everyone is seen to have moved, a promote is refused unless it is forced.</summary>
    Enforce = 3,
}

/// <summary>Names the guard's states.</summary>
public static class PromoteGuards
{
    /// <summary><c>off</c> or <c>enforce</c>, as the API and audit entries say it.</summary>
    public static string Name(this PromoteGuard guard) => guard == PromoteGuard.Enforce ? "enforce" : "off";
}

/// <summary>What is kept of a token: never its text, except sealed.</summary>
/// <param name="Verifier">The keyed hash that a presented token is compared with.</param>
/// <param name="Fingerprint">The mark by which people recognise it.</param>
/// <param name="DateCreated">When it was created.</param>
/// <param name="Seal">Its sealed text, while a pending secondary (or, with recoverable tokens, while it lives).</param>
public sealed record StoredToken(VerifierValue Verifier, Fingerprint Fingerprint, DateTimeOffset DateCreated, SealedToken? Seal);

/// <summary>
/// An account and the pure rules on its two slots. A rule answers the changed account or the reason why not; it reads no
/// clock and touches no store.
/// </summary>
public sealed record Account
{
    /// <summary>UTF-16 characters in a friendly name, at most.</summary>
    public const int FriendlyNameLimit = 64;

    /// <summary>Its public identifier.</summary>
    public required AccountSid Sid { get; init; }

    /// <summary>The parent's SID; its own for an account that has no parent.</summary>
    public required AccountSid OwnerSid { get; init; }

    /// <summary>What people call it; at most <see cref="FriendlyNameLimit"/> characters.</summary>
    public required string FriendlyName { get; init; }

    /// <summary>Whether its tokens are accepted.</summary>
    public required AccountStatus Status { get; init; }

    /// <summary>The number of token changes so far; only grows.</summary>
    public required long Generation { get; init; }

    /// <summary>When the account was created.</summary>
    public required DateTimeOffset DateCreated { get; init; }

    /// <summary>When the account resource was last changed.</summary>
    public required DateTimeOffset DateUpdated { get; init; }

    /// <summary>Whether a promote asks first who would break.</summary>
    public PromoteGuard PromoteGuard { get; init; } = PromoteGuard.Off;

    /// <summary>
    /// Until when, by the <see cref="SteadyTime"/> of this process, the check refuses the primary (the rehearsal of a promote); null when it does not.
    /// </summary>
    public DateTimeOffset? PrimaryPausedUntil { get; init; }

    /// <summary>The token in force; null only once the account is closed.</summary>
    public required StoredToken? Primary { get; init; }

    /// <summary>The second token, while there is one.</summary>
    public StoredToken? Secondary { get; init; }

    /// <summary>Whether a parent owns it.</summary>
    public bool IsSubaccount => OwnerSid != Sid;

    /// <summary>
    /// Whether an account may be called so: 1 to <see cref="FriendlyNameLimit"/> characters, all of which people see (<see cref="VisibleText"/>).
    /// </summary>
    public static bool IsFriendlyName(string name) => name.Length is > 0 and <= FriendlyNameLimit && VisibleText.Is(name);

    /// <summary>Adds the secondary token.</summary>
    public Outcome<Account> CreateSecondary(StoredToken token) =>
        Primary is null ? ErrorKind.AccountClosed
        : Secondary is not null ? ErrorKind.SecondaryExists
        : this with { Secondary = token, Generation = Generation + 1 };

    /// <summary>Removes the secondary token: it is retired.</summary>
    public Outcome<Account> DeleteSecondary() =>
        Primary is null ? ErrorKind.AccountClosed
        : Secondary is null ? ErrorKind.NoSecondary
        : this with { Secondary = null, PrimaryPausedUntil = null, Generation = Generation + 1 };

    /// <summary>
    /// Puts the secondary in the place of the primary: the primary is retired. <paramref name="seal"/> is the promoted token's
    /// seal as a primary, null unless tokens are recoverable.
    /// </summary>
    public Outcome<Account> Promote(SealedToken? seal) =>
        Primary is null ? ErrorKind.AccountClosed
        : Secondary is null ? ErrorKind.NoSecondary
        : this with
        {
            Primary = Secondary with { Seal = seal },
            Secondary = null,
            PrimaryPausedUntil = null,
            Generation = Generation + 1,
        };

    /// <summary>
    /// Lets the check refuse the primary until then: the rehearsal of a promote. Only where a secondary can take over; a pause under way is
    /// replaced.
    /// </summary>
    public Outcome<Account> PausePrimary(DateTimeOffset until) =>
        Primary is null ? ErrorKind.AccountClosed
        : Secondary is null ? ErrorKind.NoSecondary
        : this with { PrimaryPausedUntil = until };

    /// <summary>Ends the pause before its time.</summary>
    public Outcome<Account> ResumePrimary(DateTimeOffset now) =>
        PrimaryPausedUntil > now ? this with { PrimaryPausedUntil = null } : ErrorKind.NotPaused;

    /// <summary>Renames it.</summary>
    public Outcome<Account> Rename(string friendlyName, DateTimeOffset now) => !IsFriendlyName(friendlyName) ? ErrorKind.InvalidInput
        : this with { FriendlyName = friendlyName, DateUpdated = now };

    /// <summary>Switches the guard.</summary>
    public Outcome<Account> Guard(PromoteGuard guard, DateTimeOffset now) =>
        !Enum.IsDefined(guard) ? ErrorKind.InvalidInput
        : Primary is null ? ErrorKind.AccountClosed
        : this with { PromoteGuard = guard, DateUpdated = now };

    /// <summary>
    /// Changes the status. Suspending keeps both tokens and activating restores them; closing is final and retires both.
    /// </summary>
    public Outcome<Account> SetStatus(AccountStatus status, DateTimeOffset now) => (Status, status) switch
    {
        (AccountStatus.Closed, AccountStatus.Closed) => this,
        (AccountStatus.Closed, _) => ErrorKind.AccountClosed,
        (_, AccountStatus.Closed) => this with
        {
            Status = status,
            Primary = null,
            Secondary = null,
            PrimaryPausedUntil = null,
            Generation = Generation + 1,
            DateUpdated = now,
        },
        _ => this with { Status = status, DateUpdated = now },
    };
}
