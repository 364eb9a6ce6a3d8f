using System.Reflection;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Tandem.Simulator;

/// <summary>
/// Compiles a room of the product with a fault in it and plays the simulation on it, in a load context of its own. Made from the sources as they
/// are, a mutant stays true to them with no switch in shipped code; a text that is not found any more fails instead of leaving a mutant that is none.
/// </summary>
internal static partial class MutantBuild
{
    private const string Usings = """
        global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
        global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;
        """;

    private static readonly string s_sources = Named("Sources");

    private static readonly IIncrementalGenerator[] s_generators =
    [
        // By name: beside them lie code fixes, which need more of the compiler than there is here.
        .. Named("Generators").Split('|').Select(Assembly.LoadFrom)
            .SelectMany(assembly => ((string[])["System.Text.Json.SourceGeneration.JsonSourceGenerator", "Microsoft.Interop.LibraryImportGenerator"]).Select(assembly.GetType))
            .OfType<Type>()
            .Select(type => (IIncrementalGenerator)Activator.CreateInstance(type)!),
    ];

    private static readonly CSharpParseOptions s_parse = new(LanguageVersion.Preview);

    private static readonly CSharpCompilationOptions s_options =
        new(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, nullableContextOptions: NullableContextOptions.Enable, allowUnsafe: true);

    private static readonly string[] s_platform = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(':');

    /// <summary>Plays the simulation on a mutant; what it found, or null when it found nothing.</summary>
    /// <exception cref="InvalidOperationException">The text to be replaced is not in the source exactly once, or the mutant does not compile.</exception>
    public static async Task<string?> PlayAsync(Mutant mutant, int seed, long promotes, int restartEvery)
    {
        var simulation = new Context(Compile(mutant)).LoadFromAssemblyPath(typeof(Simulation).Assembly.Location).GetType(typeof(Simulation).FullName!)!;
        var play = (Task<(string?, long, long)>)simulation.GetMethod(nameof(Simulation.RunAsync))!.Invoke(null, [seed, promotes, restartEvery])!;
        return (await play).Item1;
    }

    private static (string Name, MemoryStream Image) Compile(Mutant mutant)
    {
        var room = Path.GetDirectoryName(mutant.File)!;
        var original = room == "Tandem" ? typeof(Account).Assembly : typeof(Storage.SqliteAccountStore).Assembly;
        var trees = Directory.EnumerateFiles(Path.Combine(s_sources, room), "*.cs", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(s_sources, file).Split('/').Any(part => part is "obj" or "bin"))
            .Select(file => Parse(Path.GetRelativePath(s_sources, file) == mutant.File ? Mutate(mutant, File.ReadAllText(file)) : File.ReadAllText(file), file));
        // Without the room itself: its extension methods would be there twice.
        var references = s_platform.Where(path => path != original.Location).Select(path => MetadataReference.CreateFromFile(path));
        CSharpGeneratorDriver.Create(s_generators.Select(g => g.AsSourceGenerator()), parseOptions: s_parse).RunGeneratorsAndUpdateCompilation(
            CSharpCompilation.Create(original.GetName().Name, [.. trees, Parse(Usings, "Usings.cs")], references, s_options), out var compilation, out _);
        var image = new MemoryStream();
        var resources = original.GetManifestResourceNames()
            .Select(name => new ResourceDescription(name, () => original.GetManifestResourceStream(name)!, isPublic: true));
        var result = compilation.Emit(image, manifestResources: resources);
        image.Position = 0;
        return result.Success
            ? (original.GetName().Name!, image)
            : throw new InvalidOperationException($"{mutant.Name}: {result.Diagnostics.First(d => d.Severity == DiagnosticSeverity.Error)}");
    }

    private static string Named(string key) => typeof(MutantBuild).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == key).Value!;

    private static string Mutate(Mutant mutant, string source) =>
        source.Split(mutant.Find).Length == 2
            ? source.Replace(mutant.Find, mutant.With, StringComparison.Ordinal)
            : throw new InvalidOperationException($"{mutant.Name}: its text is not in {mutant.File} exactly once. Bring it up to the source.");

    /// <summary>The bodies that a generator writes for log messages are left out: no rule is in them.</summary>
    private static SyntaxTree Parse(string source, string file) =>
        CSharpSyntaxTree.ParseText(LogMessage().Replace(source, "public static void ${signature} { }"), s_parse, file);

    [GeneratedRegex(@"\[LoggerMessage\((?s:(?!\[LoggerMessage\().)*?\)\]\s+public static partial void (?<signature>.*);", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex LogMessage();

    /// <summary>
    /// Holds the mutant, and a second copy of the rooms and the simulation, so that they refer to it. It is never unloaded: the runtime crashed
    /// while it unloaded one whose threads had just ended (a jump to an address of no code), and a few dozen of them are small.
    /// </summary>
    private sealed class Context((string Name, MemoryStream Image) mutant) : AssemblyLoadContext
    {
        private static readonly Assembly[] s_rooms = [typeof(Account).Assembly, typeof(Storage.SqliteAccountStore).Assembly];

        protected override Assembly? Load(AssemblyName assemblyName) =>
            assemblyName.Name == mutant.Name ? LoadFromStream(mutant.Image)
            : s_rooms.FirstOrDefault(room => room.GetName().Name == assemblyName.Name) is { } room ? LoadFromAssemblyPath(room.Location)
            : null;
    }
}
