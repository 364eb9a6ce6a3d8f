using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tandem.Server.Listeners;

namespace Tandem.Server.Api;

/// <summary>Our own API: local administration. The pipeline lets nobody in here but who came through the administration socket.</summary>
internal static class TandemApi
{
    /// <summary>Where it lives.</summary>
    public const string Root = "/tandem/v1";

    /// <summary>Maps the routes.</summary>
    public static void MapTandemApi(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup(Root);
        Map(api, "GET", "/server", TandemServerApi.Show);
        Map(api, "GET", "/accounts", TandemAccountsApi.List);
        Map(api, "POST", "/accounts", TandemAccountsApi.Create);
        Map(api, "GET", "/accounts/{sid}", TandemAccountsApi.Show);
        Map(api, "POST", "/accounts/{sid}", TandemAccountsApi.Update);
        Map(api, "GET", "/audit", TandemAuditApi.ListAll);
        Map(api, "GET", "/accounts/{sid}/audit", TandemAuditApi.List);
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

    /// <summary>A part of the server.</summary>
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
