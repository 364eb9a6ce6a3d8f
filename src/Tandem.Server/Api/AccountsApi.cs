using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tandem.Client;
using Tandem.Server.Reference;

namespace Tandem.Server.Api;

/// <summary>
/// <c>/2010-04-01/Accounts</c>: an account sees and changes itself and its subaccounts. Any other account is answered like one that does
/// not exist.
/// </summary>
internal sealed class AccountsApi(IAccountStore store, AccountLifecycle lifecycle, AccountResources resources)
{
    public async Task ListAsync(HttpContext context)
    {
        if (!AccountPaging.TryRead(context.Request.Query, out var paging, out var refusal))
        {
            await TwilioErrors.WriteAsync(context, refusal);
            return;
        }

        var credential = Credential(context);
        if (paging.Position?.Anchor is { } anchor && await FindVisibleAsync(context, anchor) is null)
        {
            // Also for an account that exists elsewhere: what follows it in the list would tell that it does.
            await TwilioErrors.WriteAsync(context, TwilioErrors.InvalidPageToken);
            return;
        }

        var page = paging.FriendlyName is { } name && !Account.IsFriendlyName(name)
            ? new AccountPage([], HasNewer: false, HasOlder: false) // no account is called so
            : await store.ListAsync(Query(paging, credential), context.RequestAborted);
        var accounts = page.Accounts.Select(account => resources.Of(account, credential)).ToArray();
        await Answers.WriteAsync(context, StatusCodes.Status200OK, paging.Answer(page, accounts), TwilioWire.Plain.TwilioAccountPage);
    }

    public async Task CreateAsync(HttpContext context)
    {
        var parameters = await RequestParameters.ReadAsync(context);
        var name = parameters.Find("FriendlyName");
        if (name is not null && !Account.IsFriendlyName(name))
        {
            await TwilioErrors.WriteAsync(context, TwilioErrors.InvalidFriendlyName);
            return;
        }

        var credential = Credential(context);
        var outcome = await lifecycle.CreateAsync(Caller.With(credential), credential.Sid, name, parameters.Describe(context));
        if (!outcome.Is(out var created, out var refusal))
        {
            await TwilioErrors.WriteAsync(context, refusal);
            return;
        }

        context.Features.Set(Committed.Mark);
        using (created)
        {
            var body = AccountResources.Of(created.Account, created.Token.Reveal());
            await Answers.WriteAsync(context, StatusCodes.Status201Created, body, TwilioWire.Plain.TwilioAccount);
        }
    }

    public async Task FetchAsync(HttpContext context)
    {
        if (!TryReadSid(context, out var sid) || await FindVisibleAsync(context, sid) is not { } account)
        {
            await TwilioErrors.WriteAsync(context, TwilioErrors.NotFound(context));
            return;
        }

        await WriteAsync(context, account);
    }

    public async Task UpdateAsync(HttpContext context)
    {
        var parameters = await RequestParameters.ReadAsync(context);
        var (name, statusName) = (parameters.Find("FriendlyName"), parameters.Find("Status"));
        if (name is null && statusName is null)
        {
            await FetchAsync(context); // nothing to change
        }
        else if (name is not null && !Account.IsFriendlyName(name))
        {
            await TwilioErrors.WriteAsync(context, TwilioErrors.InvalidFriendlyName);
        }
        else if (!TryReadStatus(statusName, out var status))
        {
            await TwilioErrors.WriteAsync(context, TwilioErrors.Invalid("Status"));
        }
        else if (!TryReadSid(context, out var sid))
        {
            await TwilioErrors.WriteAsync(context, TwilioErrors.NotFound(context));
        }
        else
        {
            var outcome = await lifecycle.UpdateAsync(Caller.With(Credential(context)), sid, name, status, parameters.Describe(context));
            if (outcome.Is(out var account, out var refusal))
            {
                context.Features.Set(Committed.Mark);
                await WriteAsync(context, account);
            }
            else
            {
                await TwilioErrors.WriteAsync(context, refusal);
            }
        }
    }

    private static PresentedCredential Credential(HttpContext context) => context.Features.GetRequiredFeature<PresentedCredential>();

    /// <summary>An account with its subaccounts; a subaccount is nobody's owner, not even its own, and sees itself.</summary>
    private static AccountQuery Query(AccountPaging paging, PresentedCredential credential)
    {
        var isSubaccount = credential.Verdict.OwnerSid != credential.Sid;
        return new(
            paging.Size,
            Owner: isSubaccount ? null : credential.Sid,
            Only: isSubaccount ? credential.Sid : null,
            paging.FriendlyName,
            paging.Status,
            paging.Position);
    }

    private static bool TryReadSid(HttpContext context, out AccountSid sid) =>
        AccountSid.TryParse(context.Request.RouteValues["sid"] as string, out sid);

    private static bool TryReadStatus(string? name, out AccountStatus? status)
    {
        status = null;
        if (name is not null && AccountResources.TryParseStatus(name, out var named))
        {
            status = named;
        }

        return (name is null) == (status is null);
    }

    private async Task<Account?> FindVisibleAsync(HttpContext context, AccountSid sid) =>
        await store.FindAsync(sid, context.RequestAborted) is { } account
        && (account.Sid == Credential(context).Sid || account.OwnerSid == Credential(context).Sid)
            ? account
            : null;

    private Task WriteAsync(HttpContext context, Account account) =>
        Answers.WriteAsync(context, StatusCodes.Status200OK, resources.Of(account, Credential(context)), TwilioWire.Plain.TwilioAccount);
}

internal static class AccountsRoutes
{
    public const string Root = "/2010-04-01/Accounts";

    public const string List = $"{Root}.json";

    private static readonly string[] Reading = ["GET", "HEAD"];

    private static readonly ParameterDescription Name = new(
        ParameterPlace.Form, "FriendlyName", $"What people call it: at most 64 characters, {VisibleText.Rule}.");

    private static readonly ParameterDescription Status = new(ParameterPlace.Form, "Status", "For the parent alone.") { Values = ["active", "suspended", "closed"] };

    public static void MapAccounts(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var resources = new AccountResources(services.GetRequiredService<TokenSeal>(), services.GetRequiredService<TandemOptions>());
        var api = new AccountsApi(services.GetRequiredService<IAccountStore>(), services.GetRequiredService<AccountLifecycle>(), resources);
        routes.MapMethods(List, Reading, api.ListAsync)
            .Describe(TwilioRefusals.Chapter, "twilioListAccounts", "List the caller's account and its subaccounts, the newest first")
            .Takes(AccountPaging.Parameters).Answers<TwilioAccountPage>()
            .RefusesAsTwilio(mutates: false, TwilioErrors.Invalid("PageSize"), TwilioErrors.PageSizeTooLarge, TwilioErrors.InvalidPageToken);
        routes.MapPost(List, api.CreateAsync)
            .Describe(TwilioRefusals.Chapter, "twilioCreateAccount", "Create a subaccount; the answer holds its token")
            .Takes(Name).Answers<TwilioAccount>(StatusCodes.Status201Created)
            .RefusesAsTwilio(mutates: true, TwilioErrors.InvalidFriendlyName, TwilioErrors.NotPermitted, TwilioErrors.TooManySubaccounts);
        routes.MapMethods($"{Root}/{{sid}}.json", Reading, api.FetchAsync)
            .Describe(TwilioRefusals.Chapter, "twilioFetchAccount", "Look at the caller's account or a subaccount of its")
            .Takes(ParameterDescription.Sid("The account.")).Answers<TwilioAccount>()
            .RefusesAsTwilio(mutates: false, TwilioRefusals.NotFound);
        routes.MapPost($"{Root}/{{sid}}.json", api.UpdateAsync)
            .Describe(TwilioRefusals.Chapter, "twilioUpdateAccount", "Change a name, and as the parent a status", "Closing is final.")
            .Takes(ParameterDescription.Sid("The account."), Name, Status).Answers<TwilioAccount>()
            .RefusesAsTwilio(mutates: true, TwilioErrors.Invalid("Status"), TwilioErrors.InvalidFriendlyName, TwilioErrors.NotPermitted, TwilioRefusals.NotFound);
    }
}
