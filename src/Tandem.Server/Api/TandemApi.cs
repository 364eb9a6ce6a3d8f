using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tandem.Client;
using Tandem.Server.Listeners;

namespace Tandem.Server.Api;

/// <summary>
/// Our own API, <c>/tandem/v1</c>: local administration. It is served on the administration socket alone; on every other listener its
/// paths do not exist.
/// </summary>
internal static class TandemApi
{
    /// <summary>Maps the routes.</summary>
    public static void MapTandemApi(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/tandem/v1");
        Map(api, "GET", "/server", TandemServerApi.Show);
        Map(api, "GET", "/accounts", TandemAccountsApi.List);
        Map(api, "POST", "/accounts", TandemAccountsApi.Create);
        Map(api, "GET", "/accounts/{sid}", TandemAccountsApi.Show);
        Map(api, "POST", "/accounts/{sid}", TandemAccountsApi.Update);
        Map(api, "GET", "/accounts/{sid}/tokens", TandemTokensApi.Show);
        Map(api, "POST", "/accounts/{sid}/tokens/secondary", TandemTokensApi.CreateSecondary);
        Map(api, "DELETE", "/accounts/{sid}/tokens/secondary", TandemTokensApi.DeleteSecondary);
        Map(api, "POST", "/accounts/{sid}/tokens/promote", TandemTokensApi.Promote);
    }

    /// <summary>The operator: whoever could open the socket, named by the user id that the kernel gives.</summary>
    public static Caller Operator(HttpContext http) =>
        Caller.Operator(http.Features.Get<IListenerFeature>()?.PeerUserId is { } uid ? $"uid {uid}" : "uid unknown");

    /// <summary>Where the change came from, for its audit entry.</summary>
    public static ChangeContext Context(HttpContext http) => new("admin.sock", http.TraceIdentifier);

    /// <summary>A service of the request.</summary>
    public static T Get<T>(HttpContext http)
        where T : notnull => http.RequestServices.GetRequiredService<T>();

    /// <summary>The account named in the path.</summary>
    /// <exception cref="TandemRefusal">It names none.</exception>
    public static AccountSid Sid(HttpContext http) =>
        AccountSid.TryParse((http.Request.RouteValues["sid"] as string).AsSpan(), out var sid) ? sid
            : throw new TandemRefusal(TandemProblems.Invalid("An Account SID is AC and 32 hexadecimal digits."));

    private static void Map(RouteGroupBuilder api, string method, string path, RequestDelegate handler) =>
        api.MapMethods(path, [method], async http =>
        {
            if (http.Features.Get<IListenerFeature>() is not { Kind: ListenerKind.Admin })
            {
                await TandemProblems.WriteAsync(http, TandemProblems.Of(404, "not_found", "There is nothing here."));
                return;
            }

            try
            {
                http.Response.Headers.CacheControl = "no-store";
                await handler(http);
            }
            catch (TandemRefusal refusal)
            {
                await TandemProblems.WriteAsync(http, refusal.Problem);
            }
        });
}
