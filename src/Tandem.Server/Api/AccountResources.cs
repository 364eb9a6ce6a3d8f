using System.Collections.Frozen;
using Tandem.Client;

namespace Tandem.Server.Api;

/// <summary>An account as Twilio shows it.</summary>
internal sealed class AccountResources(TokenSeal seal, TandemOptions options)
{
    private static readonly FrozenDictionary<string, string> NoParts = FrozenDictionary<string, string>.Empty;

    /// <summary>The account, for whoever presented this credential.</summary>
    public TwilioAccount Of(Account account, PresentedCredential credential) => Of(account, PrimaryFor(account, credential));

    /// <summary>The account with the text of its primary token, if it may be shown.</summary>
    public static TwilioAccount Of(Account account, string? token) => new()
    {
        Sid = account.Sid.ToString(),
        FriendlyName = account.FriendlyName,
        Status = NameOf(account.Status),
        Type = "Full",
        AuthToken = token,
        DateCreated = TwilioDates.Rfc2822(account.DateCreated),
        DateUpdated = TwilioDates.Rfc2822(account.DateUpdated),
        OwnerAccountSid = account.OwnerSid.ToString(),
        Uri = $"{AccountsRoutes.Root}/{account.Sid}.json",
        SubresourceUris = NoParts,
    };

    public static bool TryParseStatus(string name, out AccountStatus status)
    {
        status = name.ToUpperInvariant() switch
        {
            "ACTIVE" => AccountStatus.Active,
            "SUSPENDED" => AccountStatus.Suspended,
            "CLOSED" => AccountStatus.Closed,
            _ => default,
        };
        return status != default;
    }

    public static string NameOf(AccountStatus status) => status switch
    {
        AccountStatus.Active => "active",
        AccountStatus.Suspended => "suspended",
        _ => "closed",
    };

    /// <summary>
    /// The primary token of the row: the one presented, when that is it; else, with recoverable tokens, the one that its seal holds. Nothing
    /// else of a token is kept, so that it is null for everyone else.
    /// </summary>
    private string? PrimaryFor(Account account, PresentedCredential credential)
    {
        if (credential.Sid == account.Sid && Verifier.Match(account, credential) == Slot.Primary)
        {
            return credential.Token.Reveal();
        }

        if (!options.RecoverableTokens
            || account.Primary?.Seal is not { Kind: SealKind.Recoverable } held
            || !seal.TryOpen(held, account.Sid, Slot.Primary, primary: null, out var token))
        {
            return null;
        }

        using (token)
        {
            return token.Reveal();
        }
    }
}
