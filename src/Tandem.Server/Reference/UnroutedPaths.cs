using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Tandem.Server.Reference;

/// <summary>Paths that are described and not routed to: what answers them stands in front of routing.</summary>
/// <param name="services">The host's.</param>
internal sealed class UnroutedPaths(IServiceProvider services) : IEndpointRouteBuilder
{
    public IServiceProvider ServiceProvider => services;

    public ICollection<EndpointDataSource> DataSources { get; } = [];

    /// <summary>A path to be described.</summary>
    public IEndpointConventionBuilder Answered(string method, string path) => this.MapMethods(path, [method], static _ => Task.CompletedTask);

    public IApplicationBuilder CreateApplicationBuilder() => new ApplicationBuilder(services);
}
