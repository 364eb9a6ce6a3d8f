using Microsoft.AspNetCore.Routing;

namespace Tandem.Server.Api;

/// <summary>Our own API, on the administration socket.</summary>
internal static class TandemApi
{
    /// <summary>Where it lives.</summary>
    public const string Root = "/tandem/v1";

    public static void MapTandemApi(this IEndpointRouteBuilder routes) => ArgumentNullException.ThrowIfNull(routes);
}
