using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Tandem.Tests;

/// <summary>Rules of the house that a compiler cannot hold anyone to. Each finding names the file and what to do.</summary>
public sealed partial class ConventionTests
{
    private static readonly string Root = Repository.Root;

    /// <summary>Which room may refer to which (ARCHITECTURE.md). A room that is not here is not known: add it with its rule.</summary>
    private static readonly Dictionary<string, string[]> Rooms = new(StringComparer.Ordinal)
    {
        ["Tandem.Core"] = [],
        ["Tandem"] = ["Tandem.Core"],
        ["Tandem.Storage"] = ["Tandem"],
        ["Tandem.Client"] = ["Tandem.Core"],
        ["Tandem.Rotations"] = ["Tandem.Client"],
        ["Tandem.AspNetCore"] = ["Tandem.Client"],
        ["Tandem.Server"] = ["Tandem", "Tandem.Storage", "Tandem.Client"],
        ["Tandem.Cli"] = ["Tandem.Server", "Tandem.Rotations"],
        ["Tandem.Testing"] = ["Tandem.Server"],
    };

    /// <summary>
    /// Where the text of a token may leave: in the answers that hand it over, in the file of the first account, and from a rotation into its sealed
    /// state and its destinations.
    /// </summary>
    private static readonly string[] Revealing =
    [
        "src/Tandem.Rotations/Destinations/DotenvDestination.cs",
        "src/Tandem.Rotations/Destinations/Hook.cs",
        "src/Tandem.Rotations/Destinations/KubernetesDestination.cs",
        "src/Tandem.Rotations/Destinations/TokenKeys.cs",
        "src/Tandem.Rotations/HeldToken.cs",
        "src/Tandem.Rotations/RotationRun.cs",
        "src/Tandem.Server/Api/AccountResources.cs",
        "src/Tandem.Server/Api/AccountsApi.cs",
        "src/Tandem.Server/Api/AuthTokensApi.cs",
        "src/Tandem.Server/Api/TandemAccountsApi.cs",
        "src/Tandem.Server/Api/TandemTokensApi.cs",
        "src/Tandem.Server/Console/NewTokenPage.cs",
        "src/Tandem.Server/FirstAccount.cs",
    ];

    [Fact]
    public void Rooms_refer_to_their_neighbours_alone() => NoneOf(
        from project in Files("*.csproj")
        where InAnyOf(project, "src/", "tests/Tandem.Testing/")
        let name = Path.GetFileNameWithoutExtension(project.Path)
        from reference in XDocument.Parse(project.Text).Descendants("ProjectReference")
        let target = Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value)
        where !Rooms.TryGetValue(name, out var allowed) || !allowed.Contains(target, StringComparer.Ordinal)
        select $"{project.Path} refers to {target}.");

    [Fact]
    public void The_domain_and_the_client_stand_on_the_base_library_alone() => NoneOf(
        from project in Files("*.csproj", "src/")
        where project.Path is "src/Tandem.Core/Tandem.Core.csproj" or "src/Tandem/Tandem.csproj" or "src/Tandem.Client/Tandem.Client.csproj"
        from reference in XDocument.Parse(project.Text).Descendants()
        where reference.Name.LocalName is "PackageReference" or "FrameworkReference"
        select $"{project.Path} refers to {reference.Attribute("Include")!.Value}.");

    [Fact]
    public void Api_check_and_console_do_not_call_each_other() => NoneOf(
        from file in Sources("src/Tandem.Server/")
        from room in (string[])["Api", "ForwardAuth", "Console"]
        where InAnyOf(file, "src/Tandem.Server/Api/", "src/Tandem.Server/ForwardAuth/", "src/Tandem.Server/Console/")
            && !InAnyOf(file, $"src/Tandem.Server/{room}/")
            && file.Text.Contains($"using Tandem.Server.{room};", StringComparison.Ordinal)
        select $"{file.Path} uses Tandem.Server.{room}.");

    [Fact]
    public void Files_keep_to_a_size_that_is_read_in_one_go() => NoneOf(
        from file in Sources()
        let lines = file.Text.Count(c => c == '\n')
        where lines > (Path.GetFileName(file.Path) is "Program.cs" ? 80 : 400)
        select $"{file.Path} has {lines} lines.");

    [Fact]
    public void There_are_no_regions() => NoneOf(
        from file in Sources()
        where RegionLine().IsMatch(file.Text)
        select $"{file.Path} has a region.");

    [Fact]
    public void Folders_and_types_are_named_after_what_they_are() => NoneOf(
        (from file in Sources()
         from folder in file.Path.Split('/')[..^1]
         where folder is "Services" or "Helpers" or "Utils" or "Managers" or "Common" or "Interfaces"
         select $"{file.Path} lies in a folder called {folder}.")
        .Concat(
            from file in Sources()
            from Match type in VagueType().Matches(file.Text)
            select $"{file.Path} declares {type.Groups["name"].Value}."));

    [Fact]
    public void No_log_call_takes_a_token() => NoneOf(
        from file in Sources("src/")
        from Match call in LogCall().Matches(file.Text)
        where TokenIsh().IsMatch(call.Value)
        select $"{file.Path} logs a token: {call.Value.ReplaceLineEndings(" ")}");

    [Fact]
    public void The_text_of_a_token_leaves_in_few_places() => NoneOf(
        from file in Sources("src/")
        where file.Text.Contains(".Reveal()", StringComparison.Ordinal) && !Revealing.Contains(file.Path, StringComparer.Ordinal)
        select $"{file.Path} reveals a token.");

    [Fact]
    public void Only_the_storage_room_speaks_SQL() => NoneOf(
        from file in Sources("src/")
        where !InAnyOf(file, "src/Tandem.Storage/") && SqlText().IsMatch(file.Text)
        select $"{file.Path} holds SQL.");

    [Fact]
    public void Public_classes_are_sealed_unless_one_of_ours_extends_them() => NoneOf(
        from file in Sources("src/")
        from Match type in OpenClass().Matches(file.Text)
        let name = type.Groups["name"].Value
        where !Sources("src/").Any(f => Regex.IsMatch(f.Text, $@"\b(class|record)\s[^{{;]*:\s*{name}\b", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5)))
        select $"{file.Path}: {name} is open to inheritance, and nothing inherits.");

    [Fact]
    public void An_interface_has_two_implementations_or_says_why() => NoneOf(
        from file in Sources("src/")
        from Match type in Interface().Matches(file.Text)
        let name = type.Groups["name"].Value
        let implementations = Sources().Sum(f => Regex.Count(f.Text, $@"\b(class|record|struct)\b[^{{;]*[:,]\s*{name}\b", RegexOptions.None, TimeSpan.FromSeconds(5)))
        where implementations < 2 && !type.Groups["doc"].Value.Contains("because", StringComparison.OrdinalIgnoreCase)
        select $"{file.Path}: {name} has {implementations} implementation(s) and its comment gives no \"because\".");

    [Fact]
    public void Paths_that_the_docs_name_exist() => NoneOf(
        from page in Files("*.md")
        from Match named in NamedPath().Matches(page.Text)
        let path = named.Groups["path"].Value.TrimEnd('.', '/')
        where !Path.Exists(Path.Combine(Root, path))
        select $"{page.Path} names {path}, which does not exist.");

    [Fact]
    public void Every_test_project_is_found_by_the_test_script() => NoneOf(
        from project in Files("*.csproj", "tests/")
        let isRun = project.Text.Contains("Include=\"xunit.v3\"", StringComparison.Ordinal)
        where project.Path.EndsWith(".Tests.csproj", StringComparison.Ordinal) && !(isRun && project.Path.Count(c => c == '/') == 2)
        select $"{project.Path} is called a test project and ./test does not run it.");

    private static void NoneOf(IEnumerable<string> findings)
    {
        var all = findings.ToList();
        Assert.True(all.Count == 0, string.Join(Environment.NewLine, all));
    }

    private static IEnumerable<SourceFile> Sources(string under = "") =>
        Files("*.cs", under).Where(f => InAnyOf(f, "src/", "tests/", "bench/", "samples/"));

    private static bool InAnyOf(SourceFile file, params string[] places) =>
        places.Any(p => file.Path.StartsWith(p, StringComparison.Ordinal));

    /// <summary>Files of the checkout, generated and installed ones left out.</summary>
    private static IEnumerable<SourceFile> Files(string pattern, string under = "") =>
        from path in Directory.EnumerateFiles(Path.Combine(Root, under), pattern, SearchOption.AllDirectories)
        let relative = Path.GetRelativePath(Root, path)
        where !relative.Split('/').Any(part => part is "bin" or "obj" or "artifacts" or "node_modules" or ".git")
        select new SourceFile(relative, File.ReadAllText(path));

#pragma warning disable MA0009 // What they read is this repository: nobody sends it to them.

    [GeneratedRegex(@"^\s*#\s*(end)?region\b", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex RegionLine();

    [GeneratedRegex(@"\b(class|record|struct|interface)\s+(?<name>\w+(Service|Helper|Helpers|Util|Utils|Manager))\b", RegexOptions.ExplicitCapture)]
    private static partial Regex VagueType();

    /// <summary>A call of a logger up to its semicolon, or a logging method's whole declaration.</summary>
    [GeneratedRegex(@"(\.Log(Trace|Debug|Information|Warning|Error|Critical)?\(|\[LoggerMessage)[^;]*;", RegexOptions.ExplicitCapture)]
    private static partial Regex LogCall();

    [GeneratedRegex(@"\bAuthToken\b|\bReveal\(|\b\w*[tT]oken\.(Bytes|Token)\b|\bPresentedCredential\b", RegexOptions.ExplicitCapture)]
    private static partial Regex TokenIsh();

    [GeneratedRegex(@"""[^""\n]*\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+TABLE|PRAGMA\s+\w+)\b", RegexOptions.ExplicitCapture)]
    private static partial Regex SqlText();

    [GeneratedRegex(@"^\s*public\s+(partial\s+)?(class|record)\s+(?!struct\b)(?<name>\w+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex OpenClass();

    [GeneratedRegex(@"(?<doc>(^\s*///[^\n]*\n)*)^\s*(public|internal)\s+interface\s+(?<name>\w+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Interface();

    [GeneratedRegex(@"(?<![\w/.-])(?<path>(src|docs|tests|bench|samples)/[\w./-]*[\w/])(?![*{<])", RegexOptions.ExplicitCapture)]
    private static partial Regex NamedPath();

#pragma warning restore MA0009

    private sealed record SourceFile(string Path, string Text);
}
