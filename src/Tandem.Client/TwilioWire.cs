using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tandem.Client;

/// <summary>
/// Twilio's error object. <c>code</c> is a number in every error: clients lose the status when it is text or missing.
/// </summary>
/// <param name="Code">Twilio's error number.</param>
/// <param name="Message">What is wrong, for people.</param>
/// <param name="MoreInfo">The address of the number's page.</param>
/// <param name="Status">The HTTP status.</param>
public sealed record TwilioError(
    [property: JsonPropertyName("code")] int Code,
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("more_info")] string? MoreInfo,
    [property: JsonPropertyName("status")] int Status);

/// <summary>The answer to <c>POST /v1/AuthTokens/Secondary</c>. Dates are <c>YYYY-MM-DDTHH:MM:SSZ</c>.</summary>
public sealed record TwilioSecondaryAuthToken
{
    /// <summary>The account.</summary>
    [JsonPropertyName("account_sid")]
    public required string? AccountSid { get; init; }

    /// <summary>When the token was created.</summary>
    [JsonPropertyName("date_created")]
    public required string? DateCreated { get; init; }

    /// <summary>The same.</summary>
    [JsonPropertyName("date_updated")]
    public required string? DateUpdated { get; init; }

    /// <summary>The token; shown this once.</summary>
    [JsonPropertyName("secondary_auth_token")]
    public required string? SecondaryAuthToken { get; init; }

    /// <summary>The absolute address of the resource.</summary>
    [JsonPropertyName("url")]
    public required string? Url { get; init; }

    /// <summary>Names the account and nothing of the token.</summary>
    public override string ToString() => $"secondary Auth Token of {AccountSid}";
}

/// <summary>The answer to <c>POST /v1/AuthTokens/Promote</c>. Dates are <c>YYYY-MM-DDTHH:MM:SSZ</c>.</summary>
public sealed record TwilioAuthTokenPromotion
{
    /// <summary>The account.</summary>
    [JsonPropertyName("account_sid")]
    public required string? AccountSid { get; init; }

    /// <summary>The promoted token; null when nothing opens its seal any more.</summary>
    [JsonPropertyName("auth_token")]
    public required string? AuthToken { get; init; }

    /// <summary>When the promoted token was created.</summary>
    [JsonPropertyName("date_created")]
    public required string? DateCreated { get; init; }

    /// <summary>When it was promoted.</summary>
    [JsonPropertyName("date_updated")]
    public required string? DateUpdated { get; init; }

    /// <summary>The absolute address of the resource.</summary>
    [JsonPropertyName("url")]
    public required string? Url { get; init; }

    /// <summary>Names the account and nothing of the token.</summary>
    public override string ToString() => $"promoted Auth Token of {AccountSid}";
}

/// <summary>An account as <c>/2010-04-01/Accounts</c> shows it. Dates are RFC 2822 with <c>+0000</c>.</summary>
public sealed record TwilioAccount
{
    /// <summary>The account.</summary>
    [JsonPropertyName("sid")]
    public required string Sid { get; init; }

    /// <summary>What people call it; at most 64 characters.</summary>
    [JsonPropertyName("friendly_name")]
    public required string FriendlyName { get; init; }

    /// <summary><c>active</c>, <c>suspended</c> or <c>closed</c>.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    /// <summary><c>Full</c> or, from Twilio, <c>Trial</c>.</summary>
    [JsonPropertyName("type")]
    public required string Type { get; init; }

    /// <summary>The primary Auth Token, when the server can and may show it; else null.</summary>
    [JsonPropertyName("auth_token")]
    public required string? AuthToken { get; init; }

    /// <summary>When the account was created.</summary>
    [JsonPropertyName("date_created")]
    public required string DateCreated { get; init; }

    /// <summary>When the account was last changed.</summary>
    [JsonPropertyName("date_updated")]
    public required string DateUpdated { get; init; }

    /// <summary>The parent; its own SID for an account without one.</summary>
    [JsonPropertyName("owner_account_sid")]
    public required string OwnerAccountSid { get; init; }

    /// <summary>The path of the resource, beginning with <c>/2010-04-01</c>.</summary>
    [JsonPropertyName("uri")]
    public required string Uri { get; init; }

    /// <summary>The paths of the account's parts, by name; only those that are served.</summary>
    [JsonPropertyName("subresource_uris")]
    public required IReadOnlyDictionary<string, string> SubresourceUris { get; init; }

    /// <summary>Names the account and nothing of the token.</summary>
    public override string ToString() => $"account {Sid}";
}

/// <summary>
/// A page of accounts. It has no other member at the top: some clients find the list by taking away the names they know.
/// </summary>
public sealed record TwilioAccountPage
{
    /// <summary>The accounts, newest first.</summary>
    [JsonPropertyName("accounts")]
    public required IReadOnlyList<TwilioAccount> Accounts { get; init; }

    /// <summary>The path of the first page.</summary>
    [JsonPropertyName("first_page_uri")]
    public required string FirstPageUri { get; init; }

    /// <summary>The path of the next page; null on the last.</summary>
    [JsonPropertyName("next_page_uri")]
    public required string? NextPageUri { get; init; }

    /// <summary>The path of the page before; null on the first.</summary>
    [JsonPropertyName("previous_page_uri")]
    public required string? PreviousPageUri { get; init; }

    /// <summary>The path of this page.</summary>
    [JsonPropertyName("uri")]
    public required string Uri { get; init; }

    /// <summary>The number of this page, from 0.</summary>
    [JsonPropertyName("page")]
    public required int Page { get; init; }

    /// <summary>Accounts on a page, at most.</summary>
    [JsonPropertyName("page_size")]
    public required int PageSize { get; init; }

    /// <summary>The number of the first account on this page, from 0.</summary>
    [JsonPropertyName("start")]
    public required long Start { get; init; }

    /// <summary>The number of the last account on this page; <c>start</c> on an empty one.</summary>
    [JsonPropertyName("end")]
    public required long End { get; init; }
}

/// <summary>Reads and writes Twilio's objects without reflection.</summary>
[JsonSerializable(typeof(TwilioError))]
[JsonSerializable(typeof(TwilioSecondaryAuthToken))]
[JsonSerializable(typeof(TwilioAuthTokenPromotion))]
[JsonSerializable(typeof(TwilioAccount))]
[JsonSerializable(typeof(TwilioAccountPage))]
[JsonSerializable(typeof(TwilioEnvironmentPage))]
[JsonSerializable(typeof(TwilioVariable))]
[JsonSerializable(typeof(TwilioVariablePage))]
public sealed partial class TwilioWire : JsonSerializerContext
{
    /// <summary>
    /// As Twilio writes: <c>+0000</c> stays as it is instead of <c>\u002B0000</c>. Right for <c>application/json</c> with
    /// <c>nosniff</c>; not for text that goes into a page.
    /// </summary>
    public static TwilioWire Plain { get; } = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
