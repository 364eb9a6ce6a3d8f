using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Tandem.Client;

/// <summary>What a server says of itself: <c>GET /tandem/v1/server</c>.</summary>
public sealed record ServerInfo
{
    /// <summary>Its version.</summary>
    public required string Version { get; init; }

    /// <summary>Its data directory, an absolute path.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Where its API listens: <c>http://127.0.0.1:7420</c>.</summary>
    public required IReadOnlyList<string> Listen { get; init; }

    /// <summary>Where it takes <c>CONNECT *.twilio.com:443</c>, as <c>host:port</c>; null for nowhere.</summary>
    public string? TwilioProxy { get; init; }

    /// <summary>The file with the certificate that clients of that proxy must trust; null without a proxy.</summary>
    public string? TwilioProxyCa { get; init; }

    /// <summary>
    /// What needs attention, one word each: <c>changes_refused</c>, <c>residue_pending</c>, <c>first_account_file_left</c>, <c>usage_file</c>,
    /// <c>secondary_forgotten</c>.
    /// </summary>
    public required IReadOnlyList<string> Alarms { get; init; }
}

/// <summary>What every answer about an account tells.</summary>
public abstract record AccountFields
{
    /// <summary>Its public identifier.</summary>
    public required string Sid { get; init; }

    /// <summary>The parent's SID; null when it has none.</summary>
    public string? ParentSid { get; init; }

    /// <summary>What people call it.</summary>
    public required string FriendlyName { get; init; }

    /// <summary>Whether its tokens are accepted; <c>closed</c> is final.</summary>
    [AllowedValues("active", "suspended", "closed")]
    public required string Status { get; init; }

    /// <summary>The number of token changes so far.</summary>
    public required long Generation { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset DateCreated { get; init; }

    /// <summary>When its name or status was last changed.</summary>
    public required DateTimeOffset DateUpdated { get; init; }
}

/// <summary>An account, without its tokens.</summary>
public sealed record AccountInfo : AccountFields;

/// <summary>A page of accounts, newest first.</summary>
public sealed record AccountList
{
    /// <summary>The accounts.</summary>
    public required IReadOnlyList<AccountInfo> Accounts { get; init; }

    /// <summary>The SID to give as <c>after</c> for the next page; null at the end.</summary>
    public string? NextAfter { get; init; }
}

/// <summary>Asks for a new account.</summary>
public sealed record AccountCreateRequest
{
    /// <summary>At most 64 characters; null for a name made of the time.</summary>
    public string? FriendlyName { get; init; }

    /// <summary>The parent of a subaccount; null for an account of its own.</summary>
    public string? ParentSid { get; init; }
}

/// <summary>A new account and its primary token, which is answered this once.</summary>
public sealed record AccountCreatedInfo : AccountFields
{
    /// <summary>The token.</summary>
    public required string AuthToken { get; init; }

    /// <summary>The token's fingerprint.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>The SID; never the token.</summary>
    public override string ToString() => $"{Sid} [AuthToken]";
}

/// <summary>Asks to change an account; what is null stays.</summary>
public sealed record AccountUpdateRequest
{
    /// <summary>The new name, at most 64 characters.</summary>
    public string? FriendlyName { get; init; }

    /// <summary>Whether its tokens are accepted; <c>closed</c> is final.</summary>
    [AllowedValues("active", "suspended", "closed", null)]
    public string? Status { get; init; }
}

/// <summary>What can be told of a token without telling the token.</summary>
public sealed record TokenInfo
{
    /// <summary>Four hexadecimal digits by which people recognise it.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset DateCreated { get; init; }

    /// <summary>Its age in seconds.</summary>
    public required long AgeSeconds { get; init; }

    /// <summary>When it was last accepted, to the second; null when not since the server's start.</summary>
    public DateTimeOffset? LastUse { get; init; }

    /// <summary>Of a secondary: whether it is older than the age that the server warns of, so that somebody should promote or delete it.</summary>
    public bool Forgotten { get; init; }
}

/// <summary>Both slots of an account.</summary>
public sealed record AccountTokens
{
    /// <summary>The account.</summary>
    public required string AccountSid { get; init; }

    /// <summary>The number of token changes so far; give it to a promote to be sure that nothing has changed since.</summary>
    public required long Generation { get; init; }

    /// <summary><c>enforce</c>: while not everyone is seen to have moved, a promote is refused unless it is forced. <c>off</c>: it is not.</summary>
    [AllowedValues("off", "enforce")]
    public required string PromoteGuard { get; init; }

    /// <summary>Until when the check refuses the primary (the rehearsal of a promote); null when it does not.</summary>
    public DateTimeOffset? PrimaryPausedUntil { get; init; }

    /// <summary>The token in force; null once the account is closed.</summary>
    public TokenInfo? Primary { get; init; }

    /// <summary>The second token, while there is one.</summary>
    public TokenInfo? Secondary { get; init; }
}

/// <summary>A new secondary token, which is answered this once.</summary>
public sealed record SecondaryCreatedInfo
{
    /// <summary>The account.</summary>
    public required string AccountSid { get; init; }

    /// <summary>The account's generation after it.</summary>
    public required long Generation { get; init; }

    /// <summary>The token's fingerprint.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset DateCreated { get; init; }

    /// <summary>The token.</summary>
    public required string AuthToken { get; init; }

    /// <summary>The SID and fingerprint; never the token.</summary>
    public override string ToString() => $"{AccountSid} {Fingerprint} [AuthToken]";
}

/// <summary>Asks for the promotion.</summary>
public sealed record PromoteRequest
{
    /// <summary>Refuse with <c>generation_changed</c> when the account's generation is another one; null to promote whatever is there.</summary>
    public long? Generation { get; init; }

    /// <summary>Promote although the guard would refuse with <c>not_ready</c>. Needs a reason.</summary>
    public bool Force { get; init; }

    /// <summary>Why, for the audit; at most 200 characters. Null for nothing.</summary>
    public string? Reason { get; init; }
}

/// <summary>Asks for a pause of the primary.</summary>
public sealed record PauseRequest
{
    /// <summary>For how long the check refuses it: 5 to 300 seconds.</summary>
    public int Seconds { get; init; }
}

/// <summary>Switches the promote guard.</summary>
public sealed record PromoteGuardRequest
{
    /// <summary>What to.</summary>
    [AllowedValues("off", "enforce")]
    public string? PromoteGuard { get; init; }
}

/// <summary>A promotion that has happened. The token's text is not in it: an operator never held what would open its seal.</summary>
public sealed record PromotedInfo
{
    /// <summary>The account.</summary>
    public required string AccountSid { get; init; }

    /// <summary>The account's generation after it.</summary>
    public required long Generation { get; init; }

    /// <summary>The fingerprint of the token that is the primary now.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>When that token was created.</summary>
    public required DateTimeOffset DateCreated { get; init; }

    /// <summary>When it was promoted.</summary>
    public required DateTimeOffset DatePromoted { get; init; }
}

/// <summary>A refusal: problem details (RFC 9457) with the reason in one word.</summary>
public sealed record TandemProblem
{
    /// <summary>Always <c>about:blank</c>: the reason is the kind.</summary>
    public string Type { get; init; } = "about:blank";

    /// <summary>The status in words.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What was refused and why, a sentence.</summary>
    public required string Detail { get; init; }

    /// <summary>
    /// The reason: <c>invalid_request</c>, <c>account_not_found</c>, <c>account_closed</c>, <c>account_exists</c>, <c>secondary_exists</c>,
    /// <c>no_secondary</c>, <c>generation_changed</c>, <c>not_ready</c>, <c>not_paused</c>, <c>limit_reached</c>, <c>not_permitted</c>, <c>rotation_running</c>, <c>no_rotation</c>, <c>unavailable</c>; of the server itself <c>unauthenticated</c>, <c>throttled</c>, <c>cross_site</c>, <c>not_found</c>, <c>method_not_allowed</c>,
    /// <c>fault</c>.
    /// </summary>
    public required string Kind { get; init; }
}

/// <summary>Audit entries, in the order asked for.</summary>
public sealed record AuditList
{
    /// <summary>The entries.</summary>
    public required IReadOnlyList<AuditInfo> Entries { get; init; }
}

/// <summary>What was done, by whom, to which account. Never a token.</summary>
public sealed record AuditInfo
{
    /// <summary>The number of the change; grows by one a change over all accounts.</summary>
    public required long Number { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>To which account; null for what is about users of the console, or the server itself.</summary>
    public string? AccountSid { get; init; }

    /// <summary>What.</summary>
    [AllowedValues(
        "account_created", "account_imported", "account_renamed", "account_suspended", "account_activated", "account_closed",
        "secondary_created", "secondary_deleted", "secondary_promoted", "secondary_promoted_by_force", "promote_guard_changed", "consumer_decided",
        "primary_paused", "primary_resumed",
        "user_added", "user_removed", "user_role_changed", "user_password_set", "user_invited", "second_factor_set", "second_factor_removed",
        "recovery_codes_made", "signed_in", "sign_in_failed", "proved_again", "signed_out", "sessions_ended",
        "audit_cut", "rollback_accepted", "keys_rotated", "seal_key_removed", "backup_made")]
    public required string Action { get; init; }

    /// <summary>The account's generation after it.</summary>
    public required long Generation { get; init; }

    /// <summary>By whom: an Account SID and the slot of the token used, or an operator.</summary>
    public required string Actor { get; init; }

    /// <summary>From where: the client's address, or the local socket.</summary>
    public required string Source { get; init; }

    /// <summary>The id that the request was answered with.</summary>
    public required string RequestId { get; init; }

    /// <summary>Whether the caller asked that no mail be sent.</summary>
    public required bool SuppressEmailNotification { get; init; }

    /// <summary>The fingerprint of the token created, deleted or promoted; null when the change was about none.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>The id of the consumer that was decided about; null when the change was about none.</summary>
    public string? Consumer { get; init; }

    /// <summary>What else is to be known, such as the reason that was given; null for nothing.</summary>
    public string? Detail { get; init; }
}

/// <summary>How the records are written: snake_case, nulls included, times as RFC 3339 in UTC.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ServerInfo))]
[JsonSerializable(typeof(AccountInfo))]
[JsonSerializable(typeof(AccountList))]
[JsonSerializable(typeof(AccountCreateRequest))]
[JsonSerializable(typeof(AccountCreatedInfo))]
[JsonSerializable(typeof(AccountUpdateRequest))]
[JsonSerializable(typeof(AccountTokens))]
[JsonSerializable(typeof(SecondaryCreatedInfo))]
[JsonSerializable(typeof(PromoteRequest))]
[JsonSerializable(typeof(PromotedInfo))]
[JsonSerializable(typeof(PromoteGuardRequest))]
[JsonSerializable(typeof(PauseRequest))]
[JsonSerializable(typeof(AccountUsageInfo))]
[JsonSerializable(typeof(LateUseList))]
[JsonSerializable(typeof(ConsumerList))]
[JsonSerializable(typeof(ReadinessInfo))]
[JsonSerializable(typeof(ConsumerDecisionRequest))]
[JsonSerializable(typeof(ConsumerDecisionInfo))]
[JsonSerializable(typeof(RotationUpdate))]
[JsonSerializable(typeof(RotationInfo))]
[JsonSerializable(typeof(AuditList))]
[JsonSerializable(typeof(AuditVerificationInfo))]
[JsonSerializable(typeof(BackupRequest))]
[JsonSerializable(typeof(KeysInfo))]
[JsonSerializable(typeof(KeyRotateRequest))]
[JsonSerializable(typeof(KeysRotatedInfo))]
[JsonSerializable(typeof(VerifyRequest))]
[JsonSerializable(typeof(VerifyAnswer))]
[JsonSerializable(typeof(SetupLinkInfo))]
[JsonSerializable(typeof(UserInfo))]
[JsonSerializable(typeof(UserList))]
[JsonSerializable(typeof(UserAddRequest))]
[JsonSerializable(typeof(UserPasswordRequest))]
[JsonSerializable(typeof(UserRoleRequest))]
[JsonSerializable(typeof(TandemProblem))]
public sealed partial class TandemJson : JsonSerializerContext;
