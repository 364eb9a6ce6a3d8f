using Microsoft.AspNetCore.Http;

namespace Tandem.Server;

/// <summary>Where a request comes from, as audit entries say it.</summary>
internal static class RequestSource
{
    /// <summary>The client's address: behind trusted proxies the one they name.</summary>
    public static string Of(HttpContext context) => context.Connection.RemoteIpAddress switch
    {
        null => "local",
        { IsIPv4MappedToIPv6: true } mapped => mapped.MapToIPv4().ToString(),
        var address => address.ToString(),
    };
}
