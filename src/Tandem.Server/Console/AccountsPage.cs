namespace Tandem.Server.Console;

/// <summary>What the list of accounts shows.</summary>
/// <param name="Accounts">A page of it, the newest first.</param>
/// <param name="Search">What was searched for.</param>
/// <param name="Newer">Where the page before is; null when there is none.</param>
/// <param name="Older">Where the page after is; null when there is none.</param>
public sealed record AccountsModel(IReadOnlyList<Account> Accounts, string Search, string? Newer, string? Older) : PageModel("Accounts");

/// <summary><c>/accounts</c>.</summary>
internal static class AccountsPage
{
    private const int PageSize = 50;

    public static async Task ListAsync(PageRequest page)
    {
        var query = page.Http.Request.Query;
        var search = query["q"].ToString().Trim();
        var isSid = AccountSid.TryParse(search.AsSpan(), out var sid);
        var list = await page.Get<IAccountStore>().ListAsync(
            new(
                PageSize,
                Only: isSid ? sid : null,
                FriendlyName: isSid || search.Length == 0 || !Account.IsFriendlyName(search) ? null : search,
                Position: Position(query["after"].ToString(), before: false) ?? Position(query["before"].ToString(), before: true)),
            page.Http.RequestAborted);
        await page.ShowAsync(Pages.Accounts.Create(new(
            list.Accounts,
            search,
            list is { HasNewer: true, Accounts: [var first, ..] } ? Link(search, "before", first.Sid) : null,
            list is { HasOlder: true, Accounts: [.., var last] } ? Link(search, "after", last.Sid) : null)));
    }

    private static AccountPosition? Position(string anchor, bool before) =>
        AccountSid.TryParse(anchor.AsSpan(), out var sid) ? new(sid, before) : null;

    private static string Link(string search, string direction, AccountSid anchor) =>
        $"{ConsolePaths.Accounts}?{(search.Length > 0 ? $"q={Uri.EscapeDataString(search)}&" : "")}{direction}={anchor}";
}
