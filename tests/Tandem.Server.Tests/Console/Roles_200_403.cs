using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tandem.Server.Console;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Console;

/// <summary>Every page and every form, for nobody and for each role.</summary>
public sealed class Roles_200_403
{
    /// <summary>The least role that may; null for anybody. A new page is added here.</summary>
    private static readonly (string Method, string Path, UserRole? Least)[] Everything =
    [
        ("GET", "/setup", null),
        ("GET", "/invitation", null),
        ("GET", "/accounts", UserRole.Viewer),
        ("GET", "/me", UserRole.Viewer),
        ("GET", "/me/password", UserRole.Viewer),
        ("GET", "/users", UserRole.Administrator),
        ("GET", "/users/_new", UserRole.Administrator),
        ("GET", "/users/somebody", UserRole.Administrator),
        ("GET", "/users/somebody/remove", UserRole.Administrator),
        ("POST", "/setup", null),
        ("POST", "/invitation", null),
        ("POST", "/me/password", UserRole.Viewer),
        ("POST", "/me/sessions/end", UserRole.Viewer),
        ("POST", "/me/second-factor", UserRole.Viewer),
        ("POST", "/me/second-factor/confirm", UserRole.Viewer),
        ("POST", "/me/second-factor/codes", UserRole.Viewer),
        ("POST", "/me/second-factor/remove", UserRole.Viewer),
        ("POST", "/users/_new", UserRole.Administrator),
        ("POST", "/users/somebody/role", UserRole.Administrator),
        ("POST", "/users/somebody/invitation", UserRole.Administrator),
        ("POST", "/users/somebody/second-factor/remove", UserRole.Administrator),
        ("POST", "/users/somebody/sessions/end", UserRole.Administrator),
        ("POST", "/users/somebody/remove", UserRole.Administrator),
        ("POST", "/settings/backup", UserRole.Administrator),
        ("POST", "/sign-out", UserRole.Viewer),
    ];

    [Theory]
    [InlineData(null)]
    [InlineData(UserRole.Viewer)]
    [InlineData(UserRole.Operator)]
    [InlineData(UserRole.Administrator)]
    public async Task Each_page_is_for_its_role_and_those_above(UserRole? role)
    {
        await using var tandem = await TestTandem.StartAsync();
        await ConsoleClient.AddUserAsync(tandem, "somebody", UserRole.Viewer);
        using var client = role is null ? new ConsoleClient(tandem) : await ConsoleClient.SignedInAsync(tandem, "ada", role.Value);
        foreach (var (method, path, least) in Everything)
        {
            var answer = method == "GET" ? await client.GetAsync(path) : await client.PostAsync(path, "/invitation");
            var refusal = least is null || role >= least ? 0 : role is null ? 303 : 403;
            if (refusal == 0)
            {
                Assert.True(answer.Status is 200 or 303 or 400 or 409, $"{role} {method} {path}: {answer.Status}");
                Assert.False(answer.Header("Location")?.StartsWith("/sign-in", StringComparison.Ordinal) == true && path != "/sign-out", $"{role} {method} {path}");
            }
            else
            {
                Assert.Equal((path, refusal), (path, answer.Status));
                Assert.True(refusal == 403 || answer.Header("Location")!.StartsWith("/sign-in", StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public async Task Nothing_that_is_mapped_is_missing_from_the_list()
    {
        await using var tandem = await TestTandem.StartAsync();
        var endpoints = tandem.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();
        var listed = Everything.Select(e => $"{e.Method} {e.Path.Replace("/somebody", "/{name}", StringComparison.Ordinal)}")
            .Concat(AccountRoles_200_403.Everything.Select(e => $"{e.Method} {e.Path}")).ToHashSet(StringComparer.Ordinal);
        var pages = endpoints
            .Where(e => ConsolePaths.Contains(e.RoutePattern.RawText) && !e.RoutePattern.RawText!.StartsWith("/assets/", StringComparison.Ordinal))
            .SelectMany(e => e.Metadata.OfType<HttpMethodMetadata>().Single().HttpMethods.Where(m => m != "HEAD").Select(m => $"{m} {e.RoutePattern.RawText}"))
            .Except(["GET /", "GET /sign-in", "POST /sign-in", "POST /sign-in/code"]) // these are how one comes by a role
            .ToList();
        Assert.NotEmpty(pages);
        Assert.All(pages, p => Assert.Contains(p, listed));
    }

    [Fact]
    public async Task Another_role_and_removal_take_effect_at_the_next_request()
    {
        await using var tandem = await TestTandem.StartAsync();
        using var ada = await ConsoleClient.SignedInAsync(tandem);
        using var bob = await ConsoleClient.SignedInAsync(tandem, "bob");
        Assert.Equal(200, (await bob.GetAsync("/users")).Status);
        Assert.Equal(303, (await ada.PostAsync("/users/bob/role", "/users/bob", ("role", "viewer"))).Status);
        Assert.Equal(403, (await bob.GetAsync("/users")).Status);
        Assert.Equal(200, (await bob.GetAsync("/accounts")).Status);
        Assert.Equal(303, (await ada.PostAsync("/users/bob/remove", "/users/bob/remove")).Status);
        Assert.Equal(303, (await bob.GetAsync("/accounts")).Status);
    }

    [Theory]
    [InlineData("/users/ada/remove", "")]
    [InlineData("/users/ada/role", "viewer")]
    public async Task The_last_administrator_stays_one(string path, string role)
    {
        await using var tandem = await TestTandem.StartAsync();
        using var ada = await ConsoleClient.SignedInAsync(tandem);
        var answer = await ada.PostAsync(path, "/me", ("role", role));
        Assert.Equal(409, answer.Status);
        Assert.Contains("This is the last administrator.", answer.Body, StringComparison.Ordinal);
        Assert.Equal(200, (await ada.GetAsync("/users")).Status);
    }
}
