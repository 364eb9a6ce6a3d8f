using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tandem.Server.Console;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Reference;

/// <summary>The API reference tells what is there: every route, and of each answer its whole form.</summary>
public sealed partial class OpenApi_200
{
    [Fact]
    public async Task Every_route_is_in_the_document_and_what_else_is_in_it_is_answered()
    {
        await using var tandem = await TestTandem.StartAsync();
        var document = await ApiDocument.ReadAsync(tandem);
        var documented = document.Operations.Select(o => $"{o.Method} {o.Path}").ToHashSet();
        var routed = (
            from endpoint in tandem.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            where !ConsolePaths.Contains("/" + endpoint.RoutePattern.RawText!.TrimStart('/')) // pages for people
            from method in endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods
            where method != "HEAD"
            select $"{method} {endpoint.RoutePattern.RawText}").ToHashSet();

        Assert.True(routed.Count > 15);
        Assert.Empty(routed.Except(documented));
        foreach (var unrouted in documented.Except(routed))
        {
            var (method, path) = (unrouted.Split(' ')[0], unrouted.Split(' ')[1]);
            var answer = await tandem.SendAsync(method, path.Replace("{rest}", "a/b", StringComparison.Ordinal));
            await document.ExpectAsync(method, path, answer);
            Assert.Equal(200, answer.Status);
        }
    }

    [Fact]
    public async Task Every_operation_has_a_name_of_its_own_a_chapter_and_words()
    {
        await using var tandem = await TestTandem.StartAsync();
        var document = await ApiDocument.ReadAsync(tandem);
        var chapters = document.Json["tags"]!.AsArray().Select(t => (string)t!["name"]!).ToHashSet();

        Assert.Equal(document.Operations.Count, document.Operations.Select(o => (string)o.Operation["operationId"]!).Distinct().Count());
        Assert.All(document.Operations, o =>
        {
            Assert.NotEmpty((string)o.Operation["summary"]!);
            Assert.Contains((string)o.Operation["tags"]![0]!, chapters);
            Assert.Equal(
                PathParameter().Matches(o.Path).Select(m => m.Groups["name"].Value),
                (o.Operation["parameters"]?.AsArray() ?? []).Where(p => (string)p!["in"]! == "path").Select(p => (string)p!["name"]!));
        });
        Assert.DoesNotMatch(@"""[^""]*\b(int|long|string|bool|uint) [A-Z]\w+\.\w", document.Json.ToJsonString()); // a name of ours in words for others
        foreach (var (name, schema) in document.Json["components"]!["schemas"]!.AsObject())
        {
            Assert.True(schema!["description"] is not null, name);
            Assert.All(schema["properties"]!.AsObject(), member => Assert.Contains("\"description\"", member.Value!.ToJsonString(), StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task It_is_told_who_may_ask()
    {
        await using var tandem = await TestTandem.StartAsync();
        var document = await ApiDocument.ReadAsync(tandem);
        foreach (var (method, path, operation) in document.Operations)
        {
            var answer = await tandem.SendAsync(method, Filled(path, tandem.Account), r => r.As(null));
            var isOpen = operation["security"] is JsonArray { Count: 0 };
            var isLocal = operation["servers"] is not null;
            Assert.True(answer.Status == 401 ? !isOpen || isLocal : isOpen, $"{method} {path}: {answer.Status}");

            var byCredential = isLocal ? await tandem.SendAsync(method, Filled(path, tandem.Account)) : null;
            Assert.True(byCredential is null or { Status: 404 }, $"{method} {path} is there for a credential.");
            if (path.StartsWith("/tandem", StringComparison.Ordinal))
            {
                Assert.Equal(method != "GET" && !isLocal, operation["responses"]!["403"] is not null); // what a browser of another site may not send
                Assert.Equal(!isLocal, operation["responses"]!["401"] is not null);
            }
        }
    }

    [Fact]
    public async Task It_is_told_which_operations_read_a_body_and_which_store_something()
    {
        await using var tandem = await TestTandem.StartAsync();
        var document = await ApiDocument.ReadAsync(tandem);
        var own = document.Operations.Where(o => o.Path.StartsWith("/tandem/", StringComparison.Ordinal)).ToList();
        var (told, read) = (new List<string>(), new List<string>());
        foreach (var (method, path, operation) in own.Where(o => o.Method != "GET"))
        {
            var answer = await tandem.SendToAdminAsync(method, Filled(path, tandem.Account), r => r.Json("no JSON"));
            if (answer.Status == 400 && answer.Text("detail")?.StartsWith("The body is not the JSON object", StringComparison.Ordinal) == true)
            {
                read.Add($"{method} {path}");
            }

            if (operation["requestBody"]?["content"]?["application/json"]?["schema"] is not null)
            {
                told.Add($"{method} {path}");
            }
        }

        Assert.Contains("POST /tandem/v1/backup", read);
        Assert.Equal(read, told);
        Assert.Equal(
            ["DELETE /tandem/v1/accounts/{sid}/rotation", "POST /tandem/v1/setup-link", "PUT /tandem/v1/accounts/{sid}/rotation"],
            own.Where(o => o.Method != "GET" && !Stores(o.Operation)).Select(o => $"{o.Method} {o.Path}").Order(StringComparer.Ordinal));
        Assert.DoesNotContain(own, o => o.Method == "GET" && Stores(o.Operation));
        Assert.DoesNotContain(own, o => o.Operation["responses"]!["503"] is null); // the store may refuse a read as well

        static bool Stores(JsonNode operation) =>
            operation["responses"]!["503"]!.ToJsonString().Contains("It cannot be stored now", StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_address_is_the_public_one_where_there_is_one()
    {
        await using var plain = await TestTandem.StartAsync();
        await using var behind = await TestTandem.StartAsync(new() { Options = o => o with { PublicUrl = new("https://tokens.example.com/") } });

        Assert.Equal("/", (string)(await ApiDocument.ReadAsync(plain)).Json["servers"]![0]!["url"]!);
        Assert.Equal("https://tokens.example.com", (string)(await ApiDocument.ReadAsync(behind)).Json["servers"]![0]!["url"]!);
    }

    [Theory]
    [InlineData("/openapi/")]
    [InlineData("/openapi")]
    public async Task The_page_shows_all_of_it_and_needs_nothing_else(string path)
    {
        await using var tandem = await TestTandem.StartAsync();
        var document = await ApiDocument.ReadAsync(tandem);
        var page = await tandem.SendAsync("GET", path, r => r.As(null));

        Assert.Equal((200, "text/html; charset=utf-8"), (page.Status, page.Header("Content-Type")));
        page.HasAnswerHeaders();
        Assert.Matches("^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$", page.Header("Content-Security-Policy"));
        var ids = Id().Matches(page.Body).Select(m => m.Groups["id"].Value).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.All(ids, id => Assert.DoesNotContain(' ', id));
        Assert.Empty(document.Operations.Select(o => (string)o.Operation["operationId"]!).Except(ids));
        Assert.Empty(document.Json["components"]!["schemas"]!.AsObject().Select(s => $"schema-{s.Key}").Except(ids));
        Assert.All(Link().Matches(page.Body).Select(m => m.Groups["to"].Value), to => Assert.True(
            (to.StartsWith('#') && ids.Contains(to[1..])) || to is "/openapi/v1.json" or "data:,", to));
        Assert.DoesNotContain("<script", page.Body, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(" src=", page.Body, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("/tandem/v1/accounts/{sid}/tokens/promote", page.Body, StringComparison.Ordinal);
        Assert.Contains("the client&#x27;s address", page.Body, StringComparison.Ordinal); // text, encoded
    }

    [Fact]
    public async Task Operators_and_whoever_sends_something_find_no_reference()
    {
        await using var tandem = await TestTandem.StartAsync();
        Assert.Equal(404, (await tandem.SendToAdminAsync("GET", "/openapi/v1.json")).Status);
        Assert.Equal(401, (await tandem.SendAsync("POST", "/openapi/v1.json", r => r.As(null))).Status);
        Assert.Equal(401, (await tandem.SendAsync("GET", "/openapi/v2.json", r => r.As(null))).Status);
        Assert.Equal(404, (await tandem.SendAsync("GET", "/openapi/v2.json")).Status);
        Assert.Equal((200, ""), (await tandem.SendAsync("HEAD", "/openapi/", r => r.As(null))) is var head ? (head.Status, head.Body) : default);
    }

    internal static string Filled(string path, TestCredential account) => path
        .Replace("{sid}", account.Sid, StringComparison.Ordinal)
        .Replace("{rest}", "a/b", StringComparison.Ordinal)
        .Replace("{name}", "erin", StringComparison.Ordinal)
        .Replace("{id}", new string('0', 16), StringComparison.Ordinal);

    [GeneratedRegex(@"\{(?<name>\w+)\}", RegexOptions.ExplicitCapture)]
    private static partial Regex PathParameter();

    [GeneratedRegex(@" id=""(?<id>[^""]+)""", RegexOptions.ExplicitCapture)]
    private static partial Regex Id();

    [GeneratedRegex(@" href=""(?<to>[^""]+)""", RegexOptions.ExplicitCapture)]
    private static partial Regex Link();
}
