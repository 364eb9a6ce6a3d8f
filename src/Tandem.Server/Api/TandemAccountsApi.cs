using Microsoft.AspNetCore.Http;
using Tandem.Client;
using Tandem.Server.Reference;
using static Tandem.Server.Api.TandemProblems;

namespace Tandem.Server.Api;

/// <summary><c>/tandem/v1/accounts</c>.</summary>
internal static class TandemAccountsApi
{
    /// <summary>What the list takes, for the reference.</summary>
    public static readonly ParameterDescription[] Parameters =
    [
        ListPage.Limit("accounts"),
        new(ParameterPlace.Query, "after", "The account after which the page begins: `next_after` of the page before."),
    ];

    public static async Task List(HttpContext http)
    {
        var query = http.Request.Query;
        var limit = ListPage.LimitOf(http);
        AccountSid? after = null;
        if (query["after"].ToString() is { Length: > 0 } anchor)
        {
            after = Parse(anchor, "after");
        }

        var position = after is null ? null : new AccountPosition(after);
        var page = await TandemApi.Get<IAccountStore>(http).ListAsync(new(limit, Position: position), http.RequestAborted);
        var list = new AccountList
        {
            Accounts = [.. page.Accounts.Select(Describe)],
            NextAfter = page is { HasOlder: true, Accounts: [.., var last] } ? last.Sid.ToString() : null,
        };
        await WriteAsync(http, StatusCodes.Status200OK, list, TandemJson.Default.AccountList);
    }

    public static async Task Create(HttpContext http)
    {
        var asked = await ReadAsync(http, TandemJson.Default.AccountCreateRequest);
        CheckName(asked.FriendlyName);
        AccountSid? parent = asked.ParentSid is { } sid ? Parse(sid, "parent_sid") : null;
        var outcome = await TandemApi.Get<AccountLifecycle>(http)
            .CreateAsync(TandemApi.CallerOf(http), parent, asked.FriendlyName, TandemApi.Context(http));
        using var created = outcome.Value;
        if (created is null)
        {
            await WriteAsync(http, Of(outcome.Error));
            return;
        }

        http.Features.Set(Committed.Mark);
        var info = Describe(created.Account);
        var answer = new AccountCreatedInfo
        {
            Sid = info.Sid,
            ParentSid = info.ParentSid,
            FriendlyName = info.FriendlyName,
            Status = info.Status,
            Generation = info.Generation,
            DateCreated = info.DateCreated,
            DateUpdated = info.DateUpdated,
            AuthToken = created.Token.Reveal(),
            Fingerprint = created.Account.Primary!.Fingerprint.ToString(),
        };
        await WriteAsync(http, StatusCodes.Status201Created, answer, TandemJson.Default.AccountCreatedInfo);
    }

    public static async Task Show(HttpContext http)
    {
        var account = await TandemApi.Get<IAccountStore>(http).FindAsync(TandemApi.Sid(http), http.RequestAborted);
        await (account is null
            ? WriteAsync(http, Of(ErrorKind.AccountNotFound))
            : WriteAsync(http, StatusCodes.Status200OK, Describe(account), TandemJson.Default.AccountInfo));
    }

    public static async Task Update(HttpContext http)
    {
        var sid = TandemApi.Sid(http);
        var asked = await ReadAsync(http, TandemJson.Default.AccountUpdateRequest);
        CheckName(asked.FriendlyName);
        var status = asked.Status is null ? (AccountStatus?)null
            : Enum.GetValues<AccountStatus>().Cast<AccountStatus?>().FirstOrDefault(s => string.Equals(AccountResources.NameOf(s!.Value), asked.Status, StringComparison.Ordinal))
            ?? throw new TandemRefusal(Invalid("status is active, suspended or closed."));
        if (status is null && asked.FriendlyName is null)
        {
            throw new TandemRefusal(Invalid("Give friendly_name, status or both."));
        }

        var outcome = await TandemApi.Get<AccountLifecycle>(http)
            .UpdateAsync(TandemApi.CallerOf(http), sid, asked.FriendlyName, status, TandemApi.Context(http));
        if (!outcome.Is(out var account, out var error))
        {
            await WriteAsync(http, Of(error));
            return;
        }

        http.Features.Set(Committed.Mark);
        await WriteAsync(http, StatusCodes.Status200OK, Describe(account), TandemJson.Default.AccountInfo);
    }

    private static AccountInfo Describe(Account account) => new()
    {
        Sid = account.Sid.ToString(),
        ParentSid = account.IsSubaccount ? account.OwnerSid.ToString() : null,
        FriendlyName = account.FriendlyName,
        Status = AccountResources.NameOf(account.Status),
        Generation = account.Generation,
        DateCreated = account.DateCreated,
        DateUpdated = account.DateUpdated,
    };

    private static AccountSid Parse(string text, string field) =>
        AccountSid.TryParse(text.AsSpan(), out var sid) ? sid
            : throw new TandemRefusal(Invalid($"{field} is an Account SID: AC and 32 hexadecimal digits."));

    private static void CheckName(string? name)
    {
        if (name is not null && !Account.IsFriendlyName(name))
        {
            throw new TandemRefusal(Invalid($"friendly_name has 1 to {Account.FriendlyNameLimit} characters, {VisibleText.Rule}."));
        }
    }
}
