using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Tandem.Tests;

/// <summary>What ships is known: few packages, each listed with the licence that it says it has.</summary>
public sealed partial class DependencyTests
{
    private const int DirectLimit = 12;

    /// <summary>Compilers and analyzers: nothing of them is in the program.</summary>
    private static readonly string[] s_tools = ["Meziantou.Analyzer", "Microsoft.CodeAnalysis.BannedApiAnalyzers", "Microsoft.DotNet.ILCompiler", "Microsoft.NET.ILLink.Tasks"];

    [Fact]
    public void Every_package_that_ships_is_listed_with_its_licence()
    {
        var listed = File.ReadLines(Path.Combine(Repository.Root, "docs/dependencies.md"))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Where(cells => cells.Length == 5)
            .SelectMany(cells => Quoted().Matches(cells[1]).Select(name => (Name: name.Groups["name"].Value, Licence: cells[3])))
            .ToDictionary(p => p.Name, p => p.Licence, StringComparer.Ordinal);
        Assert.Equal(Shipped().Select(p => p.Name).Order(StringComparer.Ordinal), listed.Keys.Order(StringComparer.Ordinal));
        Assert.All(Shipped(), package => Assert.Equal(LicenceOf(package.Name, package.Version), listed[package.Name]));
    }

    [Fact]
    public void The_program_refers_to_few_packages_itself()
    {
        var direct = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .SelectMany(project => XDocument.Load(project).Descendants("PackageReference").Select(r => r.Attribute("Include")!.Value))
            .Distinct(StringComparer.Ordinal)
            .ToList();
        Assert.InRange(direct.Count, 1, DirectLimit);
    }

    [Fact]
    public void Every_project_has_a_lock_file()
    {
        foreach (var project in XDocument.Load(Path.Combine(Repository.Root, "Tandem.slnx")).Descendants("Project").Select(p => p.Attribute("Path")!.Value))
        {
            Assert.True(File.Exists(Path.Combine(Repository.Root, Path.GetDirectoryName(project)!, "packages.lock.json")), project);
        }
    }

    private static List<(string Name, string Version)> Shipped()
    {
        using var locked = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "src/Tandem.Cli/packages.lock.json")));
        return
        [
            .. locked.RootElement.GetProperty("dependencies").GetProperty("net10.0").EnumerateObject()
                .Where(p => p.Value.GetProperty("type").GetString() != "Project" && !s_tools.Contains(p.Name, StringComparer.Ordinal))
                .Select(p => (p.Name, p.Value.GetProperty("resolved").GetString()!)),
        ];
    }

    private static string? LicenceOf(string name, string version)
    {
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } elsewhere ? elsewhere : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget/packages");
        var (id, described) = (name.ToLowerInvariant(), Path.Combine(packages, name.ToLowerInvariant(), version));
        return XDocument.Load(Path.Combine(described, $"{id}.nuspec")).Descendants().First(e => e.Name.LocalName == "license").Value;
    }

    [GeneratedRegex("`(?<name>[^`]+)`", RegexOptions.ExplicitCapture)]
    private static partial Regex Quoted();
}
