using System.Globalization;
using Microsoft.AspNetCore.Http;
using Tandem.Client;
using Tandem.Server.Reference;

namespace Tandem.Server.Api;

/// <summary>
/// Which page of accounts was asked for, and the paths to those around it. A page token holds its place while accounts are created: <c>PA</c>
/// and a SID is the page after that account, <c>PB</c> the one before it. <c>Page</c> without a token counts from the beginning.
/// </summary>
internal sealed record AccountPaging
{
    private const int DefaultSize = 50;
    private const int SizeLimit = 1000;

    /// <summary>How many accounts a page number may pass over: they are counted one by one. Page tokens lead on from there at no cost.</summary>
    private const int SkipLimit = 10_000;

    /// <summary>What a list takes, for the reference.</summary>
    public static readonly ParameterDescription[] Parameters =
    [
        ParameterDescription.Number("PageSize", 1, SizeLimit, $"Accounts on a page, at most; {DefaultSize} when left out."),
        ParameterDescription.Number("Page", 0, int.MaxValue / SizeLimit, $"From 0. Without `PageToken`, at most {SkipLimit} accounts are skipped."),
        new(ParameterPlace.Query, "PageToken", "Where the page begins, from `next_page_uri` or `previous_page_uri`."),
        new(ParameterPlace.Query, "FriendlyName", "Only accounts with exactly this name."),
        new(ParameterPlace.Query, "Status", "Only accounts with this status.") { Values = ["active", "suspended", "closed"] },
    ];

    /// <summary>Accounts on a page, at most.</summary>
    public required int Size { get; init; }

    /// <summary>The number of the page, from 0.</summary>
    public required int Page { get; init; }

    /// <summary>The token as sent; null for none.</summary>
    public required string? Token { get; init; }

    /// <summary>Only accounts with this name; null for all.</summary>
    public required string? FriendlyName { get; init; }

    /// <summary>Only accounts with this status; null for all.</summary>
    public required AccountStatus? Status { get; init; }

    /// <summary>Where the page begins.</summary>
    public AccountPosition? Position { get; private init; }

    /// <summary>Reads the query; false with the refusal when a value cannot be used. Empty values and unknown names are ignored.</summary>
    public static bool TryRead(IQueryCollection query, out AccountPaging paging, out TwilioRefusal refusal)
    {
        (paging, refusal) = (null!, default);
        var (sizeText, pageText, statusText, token) = (Find("PageSize"), Find("Page"), Find("Status"), Find("PageToken"));
        var (size, page, status) = (DefaultSize, 0, default(AccountStatus));
        if (sizeText is not null && !(TryNumber(sizeText, out size) && size >= 1))
        {
            refusal = TwilioErrors.Invalid("PageSize");
        }
        else if (size > SizeLimit)
        {
            refusal = TwilioErrors.PageSizeTooLarge;
        }
        else if (pageText is not null && !(TryNumber(pageText, out page) && page <= (token is null ? SkipLimit : int.MaxValue) / size))
        {
            refusal = TwilioErrors.Invalid("Page");
        }
        else if (statusText is not null && !AccountResources.TryParseStatus(statusText, out status))
        {
            refusal = TwilioErrors.Invalid("Status");
        }
        else if (TryPlace(token, page * size, out var position))
        {
            paging = new()
            {
                Size = size,
                Page = page,
                Token = token,
                FriendlyName = Find("FriendlyName"),
                Status = statusText is null ? null : status,
                Position = position,
            };
        }
        else
        {
            refusal = TwilioErrors.InvalidPageToken;
        }

        return paging is not null;

        string? Find(string name) => query.TryGetValue(name, out var values) && values[0] is { Length: > 0 } value ? value : null;
    }

    /// <summary>The answer.</summary>
    public TwilioAccountPage Answer(AccountPage found, IReadOnlyList<TwilioAccount> accounts)
    {
        var start = (long)Page * Size;
        return new()
        {
            Accounts = accounts,
            FirstPageUri = PathTo(0, null),
            NextPageUri = found.HasOlder && accounts.Count > 0 ? PathTo(Page + 1, $"PA{accounts[^1].Sid}") : null,
            PreviousPageUri = !found.HasNewer ? null
                : accounts.Count > 0 ? PathTo(Math.Max(Page - 1, 0), $"PB{accounts[0].Sid}")
                : PathTo(Math.Max(Page - 1, 0), null),
            Uri = PathTo(Page, Token),
            Page = Page,
            PageSize = Size,
            Start = start,
            End = start + Math.Max(accounts.Count - 1, 0),
        };
    }

    private static bool TryNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static bool TryPlace(string? token, int skip, out AccountPosition? position)
    {
        position = skip == 0 ? null : new(null, Skip: skip);
        if (token is null)
        {
            return true;
        }

        var before = token.StartsWith("PB", StringComparison.Ordinal);
        if (!(before || token.StartsWith("PA", StringComparison.Ordinal)) || !AccountSid.TryParse(token.AsSpan(2), out var anchor))
        {
            return false;
        }

        position = new(anchor, before);
        return true;
    }

    private string PathTo(int page, string? token)
    {
        var path = $"{AccountsRoutes.List}?";
        path += FriendlyName is null ? "" : $"FriendlyName={Uri.EscapeDataString(FriendlyName)}&";
        path += Status is { } status ? $"Status={AccountResources.NameOf(status)}&" : "";
        path += string.Create(CultureInfo.InvariantCulture, $"PageSize={Size}&Page={page}");
        return token is null ? path : $"{path}&PageToken={token}";
    }
}
