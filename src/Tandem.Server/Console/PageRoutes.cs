using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Tandem.Server.Console;

/// <summary>Maps pages. There is no way to map one without saying who may see it.</summary>
internal sealed class PageRoutes(IEndpointRouteBuilder routes)
{
    /// <summary>A page for anybody.</summary>
    public void Open(string path, Func<PageRequest, Task> show) => Map(path, [HttpMethods.Get, HttpMethods.Head], show);

    private void Map(string path, string[] methods, Func<PageRequest, Task> handler) =>
        routes.MapMethods(path, methods, (RequestDelegate)(http => handler(new(http))));
}
