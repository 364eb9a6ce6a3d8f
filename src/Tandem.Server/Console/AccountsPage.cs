using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Tandem.Server.Console;

/// <summary>An account in the list.</summary>
/// <param name="Account">The account.</param>
/// <param name="LastUse">The last use of either token; null when none was seen.</param>
/// <param name="IsForgotten">Whether its secondary has waited for longer than the server's setting allows without a warning.</param>
public sealed record AccountListRow(Account Account, DateTimeOffset? LastUse, bool IsForgotten);

/// <summary>What the list of accounts shows.</summary>
/// <param name="Rows">A page of it.</param>
/// <param name="Asked">What was asked for.</param>
/// <param name="Previous">Where the page before is; null when there is none.</param>
/// <param name="Next">Where the page after is; null when there is none.</param>
/// <param name="MayCreate">Whether the user may create accounts.</param>
public sealed record AccountsModel(IReadOnlyList<AccountListRow> Rows, AccountsQuery Asked, string? Previous, string? Next, bool MayCreate) : PageModel("Accounts");

/// <summary>What was asked of the list, as its address says it.</summary>
/// <param name="Text">What the name has in it, or a whole SID.</param>
/// <param name="Show">The filter.</param>
/// <param name="Days">The age from which a primary needs rotation.</param>
/// <param name="Parent">Only this account's subaccounts; null for all.</param>
public sealed record AccountsQuery(string Text, string Show, int Days, AccountSid? Parent)
{
    /// <summary>The filters there are.</summary>
    public static IReadOnlyList<(string Show, string Text)> Filters { get; } =
    [
        ("", "All"), ("rotate", "Needs rotation: primary older than"), ("pending", "Secondary pending"),
        ("forgotten", "Secondary forgotten"), ("suspended", "Suspended"), ("closed", "Closed"),
    ];

    /// <summary>The ages there are, in days.</summary>
    public static IReadOnlyList<int> Ages { get; } = [7, 30, 90, 180, 365];

    /// <summary>Whether anything is left out.</summary>
    public bool IsNarrowed => Text.Length > 0 || Show.Length > 0 || Parent is not null;

    internal static AccountsQuery Of(IQueryCollection query)
    {
        var show = query["show"].ToString();
        return new(
            query["q"].ToString().Trim(),
            Filters.Any(f => f.Show.Equals(show, StringComparison.Ordinal)) ? show : "",
            int.TryParse(query["days"], NumberStyles.None, CultureInfo.InvariantCulture, out var days) && Ages.Contains(days) ? days : 90,
            AccountSid.TryParse(query["parent"].ToString().AsSpan(), out var parent) ? parent : null);
    }

    /// <summary>The address of this, ready for one more parameter.</summary>
    internal string Path =>
        $"{ConsolePaths.Accounts}?{(Text.Length > 0 ? $"q={Uri.EscapeDataString(Text)}&" : "")}{(Show.Length > 0 ? $"show={Show}&" : "")}{(Show is "rotate" ? $"days={Days}&" : "")}{(Parent is { } parent ? $"parent={parent}&" : "")}";
}

/// <summary><c>/accounts</c>.</summary>
internal static class AccountsPage
{
    private const int PageSize = 50;

    public static async Task ListAsync(PageRequest page)
    {
        var query = page.Http.Request.Query;
        var asked = AccountsQuery.Of(query);
        var (accounts, previous, next) = AccountSid.TryParse(asked.Text.AsSpan(), out var sid) ? await FindAsync(page, sid)
            : asked.Parent is { } parent ? await ChildrenAsync(page, asked, parent)
            : await SearchAsync(page, asked);
        var (index, forgotten) = (page.Get<VerifierIndex>(), page.Get<ForgottenSecondaries>());
        await page.ShowAsync(Pages.Accounts.Create(new(
            [.. accounts.Select(a => new AccountListRow(a, LastUse(index, a), a.Secondary is { } s && forgotten.Has(s.DateCreated)))], asked, previous, next, page.May(UserRole.Administrator))));
    }

    private static async Task<(IReadOnlyList<Account>, string?, string?)> FindAsync(PageRequest page, AccountSid sid) =>
        (await page.Get<IAccountStore>().FindAsync(sid, page.Http.RequestAborted) is { } account ? [account] : [], null, null);

    private static async Task<(IReadOnlyList<Account>, string?, string?)> ChildrenAsync(PageRequest page, AccountsQuery asked, AccountSid parent)
    {
        var query = page.Http.Request.Query;
        var position = AccountSid.TryParse(query["after"].ToString().AsSpan(), out var after) ? new AccountPosition(after)
            : AccountSid.TryParse(query["before"].ToString().AsSpan(), out var before) ? new(before, Before: true)
            : null;
        var list = await page.Get<IAccountStore>().ListAsync(new(PageSize, Owner: parent, Position: position), page.Http.RequestAborted);
        return (
            list.Accounts,
            list is { HasNewer: true, Accounts: [var first, ..] } ? $"{asked.Path}before={first.Sid}" : null,
            list is { HasOlder: true, Accounts: [.., var last] } ? $"{asked.Path}after={last.Sid}" : null);
    }

    private static async Task<(IReadOnlyList<Account>, string?, string?)> SearchAsync(PageRequest page, AccountsQuery asked)
    {
        var query = page.Http.Request.Query;
        var filter = asked.Show switch
        {
            "rotate" => AccountFilter.OldPrimary,
            "pending" or "forgotten" => AccountFilter.Secondary,
            "suspended" => AccountFilter.Suspended,
            "closed" => AccountFilter.Closed,
            _ => AccountFilter.All,
        };
        DateTimeOffset? before = asked.Show switch
        {
            "rotate" => page.Now - TimeSpan.FromDays(asked.Days),
            "forgotten" => page.Get<ForgottenSecondaries>().Before,
            _ => null,
        };
        var (forward, backward) = (Cursor(query["after"].ToString()), Cursor(query["before"].ToString()));
        var hits = await page.Get<IAccountStore>().SearchAsync(
            new(PageSize, filter, asked.Text.Length == 0 ? null : asked.Text, before, backward ?? forward, Backward: backward is not null), page.Http.RequestAborted);
        return (hits.Accounts, Link("before", hits.Previous), Link("after", hits.Next));

        string? Link(string direction, AccountCursor? cursor) =>
            cursor is null ? null : $"{asked.Path}{direction}={cursor.Sid}{Uri.EscapeDataString(cursor.Key)}";
    }

    /// <summary>A SID, and what the order goes by.</summary>
    private static AccountCursor? Cursor(string text) =>
        text.Length >= AccountSid.TextLength && AccountSid.TryParse(text.AsSpan(0, AccountSid.TextLength), out var sid) ? new(text[AccountSid.TextLength..], sid) : null;

    private static DateTimeOffset? LastUse(VerifierIndex index, Account account) =>
        index.TryGet(account.Sid, out var entry) && Math.Max(entry.PrimaryLastUse, entry.SecondaryLastUse) is > 0 and var second
            ? DateTimeOffset.FromUnixTimeSeconds(second)
            : null;
}
