using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tandem.Server.Reference;

/// <summary>The reference as a page, made of the OpenAPI document and of nothing else: no script, no second file.</summary>
internal static class ReferencePage
{
    private const string Style = """
        :root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 25%, transparent); --shade: color-mix(in srgb, currentColor 7%, transparent) }
        * { box-sizing: border-box }
        body { margin: 0 auto; max-width: 75rem; padding: 0 1rem 4rem; font: 1rem/1.5 system-ui, sans-serif }
        a { color: LinkText }
        code { font: .875em/1.4 ui-monospace, monospace; background: var(--shade); padding: .1em .3em; border-radius: .2em; overflow-wrap: anywhere }
        h1, h2, h3 { line-height: 1.25 }
        h2 { margin-top: 3rem; border-bottom: 1px solid var(--line) }
        h3 { margin: 2.5rem 0 .25rem }
        table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem }
        caption { text-align: left; font-weight: 600; padding: .25rem 0 }
        th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-top: 1px solid var(--line); font-weight: 400 }
        td > p, td > ul { margin: 0 }
        ul { padding-left: 1.2rem }
        nav > ul { columns: 20rem; padding: 0; list-style: none }
        nav li { break-inside: avoid }
        nav ul ul { margin-bottom: .5rem }
        .skip { position: absolute; left: -100vw }
        .skip:focus { left: 1rem; top: 1rem; background: Canvas; padding: .5rem }
        :focus-visible { outline: 3px solid Highlight; outline-offset: 2px }
        """;

    private static readonly string[] Methods = ["get", "post", "put", "patch", "delete"];

    /// <summary>The page's Content-Security-Policy: its own style, by its hash, and nothing else.</summary>
    public static string Policy { get; } =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Makes the page of a document.</summary>
    public static byte[] Of(byte[] document)
    {
        using var read = JsonDocument.Parse(document);
        return Encoding.UTF8.GetBytes(Page(read.RootElement).ToString());
    }

    private static Html Page(JsonElement document)
    {
        var info = document.GetProperty("info");
        var title = Text(info, "title");
        return Html.Of($"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{title} API</title>
            <link rel="icon" href="data:,">
            <style>{Html.Constant(Style)}</style>
            </head>
            <body>
            <a class="skip" href="#content">Skip to the content</a>
            <header>
            <h1>{title} API</h1>
            <p>Version {Text(info, "version")}. The same for programs: <a href="{ApiReference.DocumentPath}">{ApiReference.DocumentPath}</a>, an OpenAPI document.</p>
            </header>
            <nav aria-label="Contents">
            <ul>{Html.Join(Chapters(document).Select(chapter => Contents(document, chapter)))}<li><a href="#schemas">Schemas</a></li></ul>
            </nav>
            <main id="content">
            {Html.Prose(Text(info, "description"))}
            {Html.Join(Chapters(document).Select(chapter => Chapter(document, chapter)))}
            <section>
            <h2 id="schemas">Schemas</h2>
            {Html.Join(document.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(Schema))}
            </section>
            </main>
            </body>
            </html>

            """);
    }

    private static List<JsonElement> Chapters(JsonElement document) => [.. document.GetProperty("tags").EnumerateArray()];

    private static Html Contents(JsonElement document, JsonElement chapter) => Html.Of($"""
        <li><a href="#{Anchor(chapter)}">{Text(chapter, "name")}</a>
        <ul>{Html.Join(Operations(document, chapter).Select(o => Html.Of($"<li><a href=\"#{Text(o.Operation, "operationId")}\">{Text(o.Operation, "summary")}</a></li>\n")))}</ul></li>

        """);

    private static Html Chapter(JsonElement document, JsonElement chapter) => Html.Of($"""
        <section>
        <h2 id="{Anchor(chapter)}">{Text(chapter, "name")}</h2>
        {Html.Prose(Text(chapter, "description"))}
        {Html.Join(Operations(document, chapter).Select(o => Operation(o.Method, o.Path, o.Operation)))}
        </section>

        """);

    private static string Anchor(JsonElement chapter) => $"chapter-{Text(chapter, "name").Replace(' ', '-')}";

    private static IEnumerable<(string Method, string Path, JsonElement Operation)> Operations(JsonElement document, JsonElement chapter) =>
        from path in document.GetProperty("paths").EnumerateObject()
        from method in Methods
        where path.Value.TryGetProperty(method, out _)
        let operation = path.Value.GetProperty(method)
        where operation.GetProperty("tags")[0].ValueEquals(Text(chapter, "name"))
        select (method.ToUpperInvariant(), path.Name, operation);

    private static Html Operation(string method, string path, JsonElement operation) => Html.Of($"""
        <h3 id="{Text(operation, "operationId")}">{Text(operation, "summary")}</h3>
        <p><code>{method} {path}</code></p>
        {Html.Prose(Text(operation, "description"))}
        <p>For {Audience(operation)}.</p>
        {Parameters(operation)}
        {Body(operation)}
        {Table("Answers", ["Status", "Body", "Meaning"], operation.GetProperty("responses").EnumerateObject().Select(Answer))}
        """);

    private static string Audience(JsonElement operation) =>
        operation.TryGetProperty("servers", out _) ? "operators, on the administration socket"
        : operation.TryGetProperty("security", out _) ? "anyone"
        : "whoever presents a credential";

    private static Html Parameters(JsonElement operation) =>
        !operation.TryGetProperty("parameters", out var parameters) || parameters.GetArrayLength() == 0 ? default
        : Table("Parameters", ["Name", "In", "Type", "Meaning"], parameters.EnumerateArray().Select(p => new[]
        {
            Html.Of($"<code>{Text(p, "name")}</code>"),
            Html.Of($"{Text(p, "in")}"),
            SchemaText.Type(p.GetProperty("schema")),
            Html.Words(Text(p, "description")),
        }));

    private static Html Body(JsonElement operation)
    {
        if (!operation.TryGetProperty("requestBody", out var body))
        {
            return default;
        }

        var form = body.GetProperty("content").EnumerateObject().First();
        var schema = form.Value.GetProperty("schema");
        return schema.TryGetProperty("properties", out _)
            ? Members($"Body, {form.Name}", schema)
            : Html.Of($"<p>Body, {form.Name}: {SchemaText.Type(schema)}</p>");
    }

    private static Html[] Answer(JsonProperty answer)
    {
        var headers = answer.Value.TryGetProperty("headers", out var named)
            ? Html.Of($"<ul>{Html.Join(named.EnumerateObject().Select(h => Html.Of($"<li><code>{h.Name}</code>: {Html.Words(Text(h.Value, "description"))}</li>")))}</ul>")
            : default;
        var body = answer.Value.TryGetProperty("content", out var content)
            ? SchemaText.Type(content.EnumerateObject().First().Value.GetProperty("schema"))
            : Html.Constant("none");
        return [Html.Of($"<code>{answer.Name}</code>"), body, Html.Of($"{Html.Prose(Text(answer.Value, "description"))}{headers}")];
    }

    private static Html Schema(JsonProperty schema) => Html.Of($"""
        <h3 id="{SchemaText.Anchor(schema.Name)}">{schema.Name}</h3>
        {Html.Prose(Text(schema.Value, "description"))}
        {Members("Members", schema.Value)}
        """);

    private static Html Members(string caption, JsonElement schema)
    {
        var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(n => n.GetString()!).ToHashSet(StringComparer.Ordinal) : [];
        return Table(caption, ["Name", "Type", "Meaning"], schema.GetProperty("properties").EnumerateObject().Select(member => new[]
        {
            Html.Of($"<code>{member.Name}</code>{(required.Contains(member.Name) ? "" : ", may be left out")}"),
            SchemaText.Type(member.Value),
            Html.Words(SchemaText.Description(member.Value)),
        }));
    }

    private static Html Table(string caption, string[] heads, IEnumerable<Html[]> rows) => Html.Of($"""
        <table>
        <caption>{caption}</caption>
        <thead><tr>{Html.Join(heads.Select(h => Html.Of($"<th scope=\"col\">{h}</th>")))}</tr></thead>
        <tbody>
        {Html.Join(rows.Select(row => Html.Of($"<tr><th scope=\"row\">{row[0]}</th>{Html.Join(row.Skip(1).Select(cell => Html.Of($"<td>{cell}</td>")))}</tr>\n")))}</tbody>
        </table>

        """);

    private static string Text(JsonElement element, string member) => element.TryGetProperty(member, out var text) ? text.GetString() ?? "" : "";
}
