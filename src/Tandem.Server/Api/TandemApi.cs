using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tandem.Server.Listeners;

namespace Tandem.Server.Api;

/// <summary>
/// Our own API. Through the administration socket the caller is an operator and may everything; on the API's listeners the caller has presented a
/// credential, and may do what that account may: to itself and to its subaccounts.
/// </summary>
internal static class TandemApi
{
    /// <summary>Where it lives.</summary>
    public const string Root = "/tandem/v1";

    /// <summary>Maps the routes.</summary>
    public static void MapTandemApi(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup(Root);
        MapLocal(api, "GET", "/server", TandemServerApi.Show);
        MapLocal(api, "GET", "/accounts", TandemAccountsApi.List);
        MapLocal(api, "POST", "/accounts", TandemAccountsApi.Create);
        MapLocal(api, "GET", "/accounts/{sid}", TandemAccountsApi.Show);
        MapLocal(api, "POST", "/accounts/{sid}", TandemAccountsApi.Update);
        MapLocal(api, "GET", "/audit", TandemAuditApi.ListAll);
        MapLocal(api, "POST", "/setup-link", TandemUsersApi.CreateSetupLink);
        MapLocal(api, "GET", "/users", TandemUsersApi.List);
        MapLocal(api, "POST", "/users", TandemUsersApi.Add);
        MapLocal(api, "POST", "/users/{name}/password", TandemUsersApi.SetPassword);
        MapLocal(api, "POST", "/users/{name}/role", TandemUsersApi.SetRole);
        MapLocal(api, "DELETE", "/users/{name}", TandemUsersApi.Remove);
        Map(api, "GET", "/accounts/{sid}/audit", TandemAuditApi.List);
        Map(api, "GET", "/accounts/{sid}/tokens", TandemTokensApi.Show);
        Map(api, "POST", "/accounts/{sid}/tokens/secondary", TandemTokensApi.CreateSecondary);
        Map(api, "DELETE", "/accounts/{sid}/tokens/secondary", TandemTokensApi.DeleteSecondary);
        Map(api, "POST", "/accounts/{sid}/tokens/promote", TandemTokensApi.Promote);
        Map(api, "POST", "/accounts/{sid}/tokens/pause", TandemTokensApi.Pause);
        Map(api, "DELETE", "/accounts/{sid}/tokens/pause", TandemTokensApi.Resume);
        Map(api, "POST", "/accounts/{sid}/tokens/promote-guard", TandemTokensApi.SetGuard);
    }

    /// <summary>Who asks: the credential presented; else an operator, named by the user id that the kernel gives for the socket's peer.</summary>
    public static Caller CallerOf(HttpContext http) =>
        !Rooms.IsAdmin(http) ? Caller.With(http.Features.GetRequiredFeature<PresentedCredential>())
        : Caller.Operator(http.Features.Get<IListenerFeature>()?.PeerUserId is { } uid ? $"uid {uid}" : "uid unknown");

    /// <summary>Where the change came from, for its audit entry.</summary>
    public static ChangeContext Context(HttpContext http) =>
        new(Rooms.IsAdmin(http) ? "admin.sock" : RequestSource.Of(http), http.TraceIdentifier);

    /// <summary>The account, if the caller may know of it: its own, a subaccount of its own, or for an operator any. Null looks the same for all others.</summary>
    public static async Task<Account?> FindAsync(HttpContext http, AccountSid sid)
    {
        var caller = http.Features.Get<PresentedCredential>();
        return await Get<IAccountStore>(http).FindAsync(sid, http.RequestAborted) is { } account
            && (Rooms.IsAdmin(http) || account.Sid == caller?.Sid || account.OwnerSid == caller?.Sid)
            ? account
            : null;
    }

    /// <summary>A part of the server.</summary>
    public static T Get<T>(HttpContext http)
        where T : notnull => http.RequestServices.GetRequiredService<T>();

    /// <summary>The account named in the path.</summary>
    /// <exception cref="TandemRefusal">It names none.</exception>
    public static AccountSid Sid(HttpContext http) =>
        AccountSid.TryParse((http.Request.RouteValues["sid"] as string).AsSpan(), out var sid) ? sid
            : throw new TandemRefusal(TandemProblems.Invalid("An Account SID is AC and 32 hexadecimal digits."));

    /// <summary>For operators alone: on other listeners the path is not there.</summary>
    private static void MapLocal(RouteGroupBuilder api, string method, string path, RequestDelegate handler) =>
        Map(api, method, path, http => Rooms.IsAdmin(http) ? handler(http) : Rooms.WriteAsync(http, TwilioErrors.NotFound(http)));

    private static void Map(RouteGroupBuilder api, string method, string path, RequestDelegate handler) =>
        api.MapMethods(path, [method], async http =>
        {
            try
            {
                await handler(http);
            }
            catch (TandemRefusal refusal)
            {
                await TandemProblems.WriteAsync(http, refusal.Problem);
            }
        });
}
