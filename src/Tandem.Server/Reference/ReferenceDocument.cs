using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.OpenApi;
using Tandem.Client;

namespace Tandem.Server.Reference;

/// <summary>
/// Makes the OpenAPI document of the routes that describe themselves. It is made in a container of its own, which is gone when it is
/// made: neither the settings by which our records become schemas nor what they take reach whoever hosts the server.
/// </summary>
internal static class ReferenceDocument
{
    private const string Version = "v1";
    private const string Basic = "basic";

    private const string About = """
        Tandem lets an API's auth token be replaced with no outage. Under `/tandem/v1` is its own API; the paths of Twilio's that it serves, and the
        check that proxies and applications ask, are here as well.

        A caller presents Account SID and Auth Token by HTTP Basic; either of an account's two tokens may do all that the account may. Under
        `/tandem/v1` that is: everything with itself and its subaccounts. Any other account is answered like one that does not exist.
        Errors there are problem details (RFC 9457) whose `kind` is the reason in one word. Members may be added to answers; those that are there stay.

        Operators come over the administration socket (`admin.sock` in the data directory), without a credential, and may do the same with any account.
        """;

    /// <summary>The chapters, in their order.</summary>
    private static readonly (string Name, string Text)[] Chapters =
    [
        ("Tokens", "An account has a primary token and, while its consumers move over, a secondary. Both work."),
        ("Rotations", "What `tandem rotate` tells of itself: one rotation of an account at a time, for people to watch. It decides nothing."),
        ("Consumers", "Who uses which token, counted from the checks under `/auth`: whether the old token can be retired without an outage."),
        ("Audit", "Every change of an account has an entry, written in the change's own transaction."),
        ("Accounts", "For operators. An account's own way to create and change subaccounts is Twilio's Accounts resource."),
        ("Console users", "For operators: who may sign in to the console, and as what."),
        ("Keys", "For operators: the root key, the data keys that it wraps, and what rests on older ones. Never a key."),
        ("Backup", "For operators: the whole database, while the server runs."),
        ("Check", "Tandem in front of your own API: whose credential does a request carry, and which of the account's two tokens is it?"),
        ("Health", "Without a credential; nothing of any account is told."),
        ("Twilio", "As Twilio's own API, exact in status, body, dates and errors, for unmodified clients. A token's text is answered once, when it is created, and once more when it is promoted."),
    ];

    /// <summary>Makes the document, as JSON in UTF-8.</summary>
    /// <param name="routes">The routes.</param>
    /// <param name="environment">The host's.</param>
    /// <param name="server">The address of the API; null for wherever the document was found.</param>
    /// <param name="cancel">Ends it.</param>
    public static async Task<byte[]> CreateAsync(EndpointDataSource routes, IHostEnvironment environment, Uri? server, CancellationToken cancel)
    {
        var services = new ServiceCollection();
        services.AddRoutingCore();
        services.AddSingleton(routes);
        services.AddSingleton(environment);
        services.AddLogging();
        services.Configure<JsonOptions>(json =>
        {
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict; // the default takes numbers as text as well, which we do not
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, TandemJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(1, TwilioWire.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(2, HealthWire.Default);
        });
        services.AddOpenApi(Version, options =>
        {
            options.ShouldInclude = route => !HttpMethods.IsHead(route.HttpMethod!); // a GET without its body
            options.AddSchemaTransformer(ReferenceSchemas.CompleteAsync);
            options.AddOperationTransformer(ReferenceOperations.CompleteAsync);
            options.AddDocumentTransformer((document, _, _) =>
            {
                Complete(document, server);
                return Task.CompletedTask;
            });
        });
        await using var provider = services.BuildServiceProvider();
        var document = await provider.GetRequiredKeyedService<IOpenApiDocumentProvider>(Version).GetOpenApiDocumentAsync(cancel);
        return Encoding.UTF8.GetBytes(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, cancel));
    }

    private static void Complete(OpenApiDocument document, Uri? server)
    {
        // The API's version and not the program's, which is for nobody who has not signed in.
        document.Info = new() { Title = "Tandem", Version = Version, Description = About };
        document.Servers = [new() { Url = server?.AbsoluteUri.TrimEnd('/') ?? "/" }];
        document.Tags = Chapters.Select(c => new OpenApiTag { Name = c.Name, Description = c.Text }).ToHashSet();
        document.Components ??= new();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
        {
            [Basic] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "basic",
                Description = "The Account SID as user name, one of the account's two Auth Tokens as password.",
            },
        };
        document.Security = [new() { [new OpenApiSecuritySchemeReference(Basic, document)] = [] }];
    }
}
