using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Tandem.Server.Console;

/// <summary>What the audit shows.</summary>
/// <param name="Found">A page of it.</param>
/// <param name="Asked">What was asked for.</param>
/// <param name="Account">What was typed as the account.</param>
public sealed record AuditModel(AuditScanPage Found, AuditFilter Asked, string Account) : PageModel("Audit")
{
    /// <summary>What was wrong with the account; null when nothing was.</summary>
    public string? Wrong { get; init; }

    /// <summary>The query of this filter, for links: ends with <c>&amp;</c> when there is one.</summary>
    public string Query =>
        $"{(Asked.Account is { } sid ? $"account={sid}&" : "")}{(Asked.Action is { } action ? $"action={WireName.Of(action)}&" : "")}{Moment("from", Asked.From)}{Moment("to", Asked.To)}";

    /// <summary>A moment as the form's fields have it, in UTC.</summary>
    /// <param name="at">The moment.</param>
    public static string? Local(DateTimeOffset? at) => at?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm", CultureInfo.InvariantCulture);

    private static string Moment(string name, DateTimeOffset? at) => at is null ? "" : $"{name}={Uri.EscapeDataString(Local(at)!)}&";
}

/// <summary>What the page about one entry shows.</summary>
/// <param name="Entry">The entry.</param>
public sealed record AuditEntryModel(AuditEntry Entry) : PageModel(string.Create(CultureInfo.InvariantCulture, $"Audit entry {Entry.Epoch}"));

/// <summary><c>/audit</c> and <c>/audit/{number}</c>.</summary>
internal static class AuditPage
{
    private const int PageSize = 100;

    public static async Task ListAsync(PageRequest page)
    {
        var query = page.Http.Request.Query;
        var (filter, typed) = (FilterOf(query), query["account"].ToString().Trim());
        var wrong = typed.Length > 0 && filter.Account is null ? "This is no Account SID: AC and 32 hexadecimal digits." : null;
        long? before = TryRead(query["before"].ToString(), out var number) ? number : null;
        var found = wrong is null ? await AuditScan.ReadAsync(page.Get<IAccountStore>(), filter, before, PageSize, page.Http.RequestAborted) : new([], null);
        await page.ShowAsync(Pages.Audit.Create(new(found, filter, typed) { Wrong = wrong }));
    }

    public static async Task ShowAsync(PageRequest page)
    {
        if (TryRead(page.Route("number"), out var number)
            && await page.Get<IAccountStore>().ReadAuditAsync(new(1, Before: number + 1), page.Http.RequestAborted) is [{ } entry] && entry.Epoch == number)
        {
            await page.ShowAsync(Pages.AuditEntry.Create(new(entry)));
            return;
        }

        await page.FailAsync(StatusCodes.Status404NotFound);
    }

    /// <summary>Reads the filter that an address holds; what cannot be read is left out.</summary>
    public static AuditFilter FilterOf(IQueryCollection query) => new(
        AccountSid.TryParse(query["account"].ToString().Trim().AsSpan(), out var sid) ? sid : null,
        AuditText.ActionOf(query["action"].ToString()),
        Moment(query["from"].ToString()),
        Moment(query["to"].ToString()));

    private static DateTimeOffset? Moment(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;

    /// <summary>Far below what the store's integers hold, so that no number can make one of them overflow.</summary>
    private static bool TryRead(string text, out long number)
    {
        number = 0;
        return text.Length is > 0 and <= 12 && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
