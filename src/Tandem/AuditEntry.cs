namespace Tandem;

/// <summary>
/// What was done to an account, from 32 on to a user of the console, and from 64 on to the server itself. The numbers are what is stored.
/// </summary>
public enum AuditAction : byte
{
    /// <summary>The account and its primary token were created.</summary>
    AccountCreated = 2,

    /// <summary>The account was created with a token that existed elsewhere.</summary>
    AccountImported = 3,

    /// <summary>The friendly name was changed.</summary>
    AccountRenamed = 4,

    /// <summary>Both tokens stopped being accepted until further notice.</summary>
    AccountSuspended = 5,

    /// <summary>Both tokens are accepted again.</summary>
    AccountActivated = 6,

    /// <summary>The account was closed; both tokens were retired.</summary>
    AccountClosed = 7,

    /// <summary>A secondary token was created.</summary>
    SecondaryCreated = 8,

    /// <summary>The secondary token was deleted: it was retired.</summary>
    SecondaryDeleted = 9,

    /// <summary>The secondary token became the primary: the former primary was retired.</summary>
    SecondaryPromoted = 10,

    /// <summary>The same although the guard would have refused it: somebody may have been cut off. The detail is the reason given.</summary>
    SecondaryPromotedByForce = 11,

    /// <summary>The promote guard was switched; the detail is what to.</summary>
    PromoteGuardChanged = 12,

    /// <summary>People decided about a consumer: its name, its rhythm, or that it is gone. The detail is what they decided.</summary>
    ConsumerDecided = 13,

    /// <summary>The check began to refuse the primary for a while; the detail is for how long.</summary>
    PrimaryPaused = 14,

    /// <summary>The pause was ended before its time. One that ends by itself leaves no entry.</summary>
    PrimaryResumed = 15,

    /// <summary>A user was added; the detail is who, and in what role.</summary>
    UserAdded = 32,

    /// <summary>A user was removed and every session of theirs ended; the detail is who.</summary>
    UserRemoved = 33,

    /// <summary>A user's role was changed; the detail is whose, and to what.</summary>
    UserRoleChanged = 34,

    /// <summary>A password was set and the user's other sessions ended; the detail is whose, and whether the second factor was removed with it.</summary>
    UserPasswordSet = 35,

    /// <summary>A one-time link to set a password was made; the detail is for whom, and whether the second factor was removed with it.</summary>
    UserInvited = 36,

    /// <summary>A second factor was set up, in the place of an earlier one; the detail is whose.</summary>
    SecondFactorSet = 37,

    /// <summary>A second factor was removed; the detail is whose.</summary>
    SecondFactorRemoved = 38,

    /// <summary>New recovery codes took the place of those before; the detail is whose.</summary>
    RecoveryCodesMade = 39,

    /// <summary>Somebody signed in to the console; the detail is how.</summary>
    SignedIn = 40,

    /// <summary>Somebody failed to; the detail is as whom, and how many more failed whose entries were left out.</summary>
    SignInFailed = 41,

    /// <summary>Somebody who was signed in proved again who they are.</summary>
    ProvedAgain = 42,

    /// <summary>Somebody signed out.</summary>
    SignedOut = 43,

    /// <summary>Sessions were ended from elsewhere; the detail is whose, and how many.</summary>
    SessionsEnded = 44,

    /// <summary>Old audit entries were cut off; the detail is which.</summary>
    AuditCut = 64,

    /// <summary>A database older than its anchor was started all the same; the detail is whose retired tokens that may have revived.</summary>
    RollbackAccepted = 65,

    /// <summary>The data keys were wrapped under a new root key, and new seals are made with a new key; the detail is which.</summary>
    KeysRotated = 66,

    /// <summary>A seal key that nothing was sealed with any more was removed; the detail is which.</summary>
    SealKeyRemoved = 67,

    /// <summary>A copy of the database was made; the detail is how it was encrypted.</summary>
    BackupMade = 68,
}

/// <summary>What a mutation says of itself; the store adds the number, the time and the chain.</summary>
/// <param name="Action">What was done.</param>
/// <param name="Account">To which account; <c>default</c> for what is about users.</param>
/// <param name="Actor">By whom: an Account SID and slot, or an operator. Never a token.</param>
/// <param name="Context">Where it came from.</param>
/// <param name="Token">The fingerprint of the token created, deleted or promoted.</param>
public sealed record AuditDraft(AuditAction Action, AccountSid Account, string Actor, ChangeContext Context, Fingerprint? Token = null)
{
    /// <summary>Characters of a reason that somebody gives, at most.</summary>
    public const int ReasonLimit = 200;

    /// <summary>Whether this may be a reason: at most <see cref="ReasonLimit"/> characters, all visible (<see cref="VisibleText"/>).</summary>
    public static bool IsReason(string reason) => reason.Length <= ReasonLimit && VisibleText.Is(reason);

    /// <summary>About which consumer (<see cref="ConsumerKey.Id"/>); null for none.</summary>
    public string? Consumer { get; init; }

    /// <summary>What else is to be known, such as the reason that was given; null for nothing. Never a token.</summary>
    public string? Detail { get; init; }
}

/// <summary>
/// The lasting record of one mutation, written in its transaction. <see cref="Mac"/> is HMAC-SHA-256(audit key, previous MAC ‖
/// row), so that an altered or missing row shows.
/// </summary>
/// <param name="Epoch">The number of the change; grows by one a mutation over all accounts.</param>
/// <param name="At">When.</param>
/// <param name="Generation">The account's generation after it.</param>
/// <param name="Entry">What was done.</param>
/// <param name="Mac">The link to the entry before.</param>
public sealed record AuditEntry(long Epoch, DateTimeOffset At, long Generation, AuditDraft Entry, ReadOnlyMemory<byte> Mac);

/// <summary>Where a mutation came from and what its caller asked beside it.</summary>
/// <param name="Source">The client's address, or the local socket.</param>
/// <param name="RequestId">The id that the caller was answered with.</param>
/// <param name="SuppressEmailNotification">Twilio's parameter: accepted and recorded (Tandem sends no mail).</param>
public sealed record ChangeContext(string Source, string RequestId, bool SuppressEmailNotification = false);
