using Microsoft.AspNetCore.Http;

namespace Tandem.Server.Console;

/// <summary>What the page shows that hands a new token over.</summary>
/// <param name="Account">Whose it is.</param>
/// <param name="Slot">Which of its tokens.</param>
/// <param name="Fingerprint">By which people recognise it.</param>
/// <param name="Token">Its text; null when it cannot be shown (any more).</param>
public sealed record NewTokenModel(Account Account, Slot Slot, Fingerprint Fingerprint, string? Token)
    : PageModel(Token is null ? "This token cannot be shown again" : Slot == Slot.Secondary ? "The new secondary token" : "The new account’s token")
{
    /// <summary>Where the check is, as people outside reach it.</summary>
    public required string Origin { get; init; }

    /// <summary>Without the token.</summary>
    public override string ToString() => nameof(NewTokenModel);
}

/// <summary>
/// <c>/accounts/{sid}/new-token</c>: a token's one appearance. The POST that made it redirects here; going back or reloading shows that it was
/// shown. No token is ever part of an address.
/// </summary>
internal static class NewTokenPage
{
    /// <summary>Goes on to the page, with a token that was just made.</summary>
    public static Task GoThereAsync(PageRequest page, AccountSid sid, AuthToken token)
    {
        var id = page.Get<Handovers>().Put(page.SignedIn, token);
        return page.GoToAsync($"{AccountPaths.Of(sid, "new-token")}?handover={id}");
    }

    public static async Task ShowAsync(PageRequest page)
    {
        if (await AccountView.ReadAsync(page) is not { Account: { Primary: { } primary } account })
        {
            return;
        }

        var isGet = HttpMethods.IsGet(page.Http.Request.Method); // nothing is handed over to a HEAD
        using var token = isGet ? page.Get<Handovers>().Take(page.SignedIn.Session.Id, page.Http.Request.Query["handover"].ToString()) : null;
        var (slot, fingerprint) = account.Secondary is { } secondary ? (Slot.Secondary, secondary.Fingerprint) : (Slot.Primary, primary.Fingerprint);
        if (token is not null && Fingerprint.Of(account.Sid, token) != fingerprint)
        {
            // Promoted or deleted within the second: what came of it is on the account's page.
            await page.GoToAsync(AccountPaths.Of(account.Sid), Note.Warn("The new token was changed by somebody else before it could be shown. Look at the account’s tokens."));
            return;
        }

        await page.ShowAsync(
            Pages.NewToken.Create(new(account, slot, fingerprint, token?.Reveal()) { Origin = page.Origin }),
            token is null ? StatusCodes.Status410Gone : StatusCodes.Status200OK);
    }
}
