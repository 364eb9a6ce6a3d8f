using System.ComponentModel.DataAnnotations;

namespace Tandem.Client;

/// <summary>Asks <c>POST /auth/verify</c> about a credential; the other way is an <c>Authorization</c> header. Never both.</summary>
public sealed record VerifyRequest
{
    /// <summary>The account.</summary>
    public required string AccountSid { get; init; }

    /// <summary>The token as it was presented.</summary>
    public required string AuthToken { get; init; }

    /// <summary>The SID; never the token.</summary>
    public override string ToString() => $"{AccountSid} [AuthToken]";
}

/// <summary>The verdicts of <c>POST /auth/verify</c>: these and no others.</summary>
public static class VerifyCode
{
    /// <summary>The credential is valid now.</summary>
    public const string Valid = "VALID";

    /// <summary>It is not. Unknown account, wrong or retired token, suspended or closed account: all the same.</summary>
    public const string Invalid = "INVALID";

    /// <summary>There is not exactly one well-formed credential in the request.</summary>
    public const string Malformed = "MALFORMED";

    /// <summary>It is not valid, and too many were not; ask again after <c>Retry-After</c> seconds.</summary>
    public const string Throttled = "THROTTLED";

    /// <summary>It could not be checked; says nothing about the credential.</summary>
    public const string Unavailable = "UNAVAILABLE";
}

/// <summary>The answer of <c>POST /auth/verify</c>. Everything but the code is null unless that is <c>VALID</c>.</summary>
public sealed record VerifyAnswer
{
    /// <summary>The verdict.</summary>
    [AllowedValues(VerifyCode.Valid, VerifyCode.Invalid, VerifyCode.Malformed, VerifyCode.Throttled, VerifyCode.Unavailable)]
    public required string Code { get; init; }

    /// <summary>Whose credential it is.</summary>
    public string? AccountSid { get; init; }

    /// <summary>The account's parent; null when it has none.</summary>
    public string? ParentAccountSid { get; init; }

    /// <summary>Which of the account's tokens it is.</summary>
    [AllowedValues("primary", "secondary", null)]
    public string? TokenSlot { get; init; }
}
