using System.Text;
using Tandem.Rotations.Destinations;
using Xunit;

namespace Tandem.Rotations.Tests;

/// <summary>Env files with everything that parsers disagree on: only our keys change, and each parser reads the rest as before.</summary>
public sealed class DotenvTests : IDisposable
{
    private const string Sid = "AC00000000000000000000000000000001";
    private const string OldText = "0123456789abcdef0123456789abcdef";
    private const string NewText = "fedcba9876543210fedcba9876543210";

    private readonly string _home = Directory.CreateTempSubdirectory("tandem-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static TokenPair Pair => new(HeldToken.Read(Sid, OldText, "the test"), HeldToken.Read(Sid, NewText, "the test"));

    public void Dispose() => Directory.Delete(_home, recursive: true);

    public static TheoryData<string, string> Traps => new()
    {
        { "plain", $"A=1\nTOKEN={OldText}\nZ=2\n" },
        { "double quotes", $"A=1\nTOKEN=\"{OldText}\"\nZ=2\n" },
        { "single quotes", $"A=1\nTOKEN='{OldText}'\nZ=2\n" },
        { "export", $"export A=1\nexport TOKEN={OldText}\nexport Z=2\n" },
        { "a note behind", $"A=1 # one\nTOKEN={OldText} # our token\nZ=2\n" },
        { "a note behind quotes", $"A=1\nTOKEN=\"{OldText}\" # our token\nZ=2\n" },
        { "a note that names the key", $"# TOKEN=dead\n#TOKEN={OldText}\nTOKEN={OldText}\nZ=2\n" },
        { "blanks around the sign", $"A=1\nTOKEN = {OldText}\nZ=2\n" },
        { "a colon", $"A=1\nTOKEN: {OldText}\nZ=2\nY=3\n" },
        { "twice", $"TOKEN=stale\nA=1\nTOKEN={OldText}\nZ=2\n" },
        { "carriage returns", $"A=1\r\nTOKEN={OldText}\r\nZ=2\r\n" },
        { "a byte order mark", $"\uFEFFTOKEN={OldText}\nA=1\n" },
        { "no line end at the end", $"A=1\nTOKEN={OldText}" },
        { "a value over several lines", $"KEY=\"-----BEGIN\nTOKEN=inside\n-----END\"\nTOKEN={OldText}\nZ=2\n" },
        { "a quote that never closes", $"A='it\nTOKEN={OldText}\nZ=2\n" },
        { "names that begin alike", $"TOKEN_ALT=x\nMYTOKEN=y\nTOKEN={OldText}\nTOKEN2=z\n" },
        { "indented", $"A=1\n  TOKEN={OldText}\nZ=2\n" },
        { "not ASCII", $"A=Grüße\nTOKEN={OldText}\nZ=日本\n" },
        { "escapes", $"A=\"a\\\"b\"\nB='c\\\\d'\nTOKEN={OldText}\nZ=$A\n" },
        { "empty lines and odd ones", $"\n\n===\nA\nTOKEN={OldText}\n\n\nZ=2\n\n" },
    };

    [Theory]
    [MemberData(nameof(Traps))]
    public async Task Every_parser_reads_the_new_token_and_all_else_as_before(string trap, string text)
    {
        var file = Write(text);
        var before = await ReadByAllAsync(file);

        await Destination(file, ("TOKEN", TokenRole.New)).DeliverAsync(new(Pair, Sid, "test", []), Cancel);

        var after = await ReadByAllAsync(file);
        foreach (var (parser, had) in before)
        {
            var has = after[parser];
            // Where a parser had read the old token it reads the new one; what it had read around it, a mark in the name too, is there still.
            Assert.Equal(had.Select(v => (v.Key, v.Value.Replace(OldText, IsOurs(v.Key) ? NewText : OldText, StringComparison.Ordinal))).Order(), has.Select(v => (v.Key, v.Value)).Order());
        }

        Assert.Contains(before, p => p.Value.GetValueOrDefault("TOKEN") == OldText || trap == "a quote that never closes");
    }

    [Theory]
    [MemberData(nameof(Traps))]
    public async Task An_overlap_that_is_tidied_or_taken_back_leaves_no_trace(string trap, string text)
    {
        Assert.NotEmpty(trap);
        var file = Write(text);
        var bytes = await File.ReadAllBytesAsync(file, Cancel);
        var destination = Destination(file, ("TOKEN", TokenRole.New), ("TOKEN_OVERLAP", TokenRole.Old));
        var added = (await destination.InspectAsync(Pair.Old, Cancel)).AddedKeys;
        var delivery = new Delivery(Pair, Sid, "test", added);

        await destination.DeliverAsync(delivery, Cancel);
        await destination.DeliverAsync(delivery, Cancel);
        var both = await Judges.EnvParsers["npm dotenv"](file);
        await destination.RollBackAsync(delivery, Cancel);

        Assert.Equal(OldText, both["TOKEN_OVERLAP"]);
        if (text.Contains("stale", StringComparison.Ordinal))
        {
            return; // the double that nobody reads has the token too, and that cannot be told back
        }

        var lineEnd = text.EndsWith(OldText, StringComparison.Ordinal) ? new[] { (byte)'\n' } : [];
        var left = await File.ReadAllBytesAsync(file, Cancel);
        Assert.Equal([.. bytes, .. lineEnd], left);
        await destination.DeliverAsync(delivery, Cancel);
        await destination.TidyAsync(delivery, Cancel);
        Assert.DoesNotContain("TOKEN_OVERLAP", await File.ReadAllTextAsync(file, Cancel), StringComparison.Ordinal);
        await destination.VerifyAsync(delivery, Cancel);
    }

    [Fact]
    public async Task Mode_and_link_stay_and_a_reader_sees_the_old_file_or_the_new_one()
    {
        var real = Write($"TOKEN={OldText}\n");
        File.SetUnixFileMode(real, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        var link = Path.Combine(_home, "link");
        File.CreateSymbolicLink(link, "file");
        using var reader = new StreamReader(real);

        await Destination(link, ("TOKEN", TokenRole.New)).DeliverAsync(new(Pair, Sid, "test", []), Cancel);

        Assert.Equal("file", new FileInfo(link).LinkTarget);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(real));
        Assert.Equal($"TOKEN={OldText}\n", await reader.ReadToEndAsync(Cancel));
        Assert.Equal($"TOKEN={NewText}\n", await File.ReadAllTextAsync(real, Cancel));
        Assert.Equal(["file", "link"], Directory.EnumerateFiles(_home).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task The_owner_stays_whoever_writes()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root may give a file away, so only root can see that it is given back.");
        var file = Write($"TOKEN={OldText}\n");
        await Judges.RunAsync(["chown", "65534:65534", file]);

        await Destination(file, ("TOKEN", TokenRole.New)).DeliverAsync(new(Pair, Sid, "test", []), Cancel);

        Assert.Equal("65534:65534\n", (await Judges.RunAsync(["stat", "-c", "%u:%g", file])).Output);
    }

    [Fact]
    public async Task Other_names_of_the_same_file_have_the_new_token_too_and_that_is_warned_of()
    {
        var file = Write($"TOKEN={OldText}\n");
        await Judges.RunAsync(["ln", file, Path.Combine(_home, "other")]);
        var destination = Destination(file, ("TOKEN", TokenRole.New));

        var found = await destination.InspectAsync(Pair.Old, Cancel);
        await destination.DeliverAsync(new(Pair, Sid, "test", []), Cancel);

        Assert.Contains(found.Warnings, w => w.Contains("hard links", StringComparison.Ordinal));
        Assert.Equal($"TOKEN={NewText}\n", await File.ReadAllTextAsync(Path.Combine(_home, "other"), Cancel));
    }

    [Fact]
    public async Task What_is_no_env_file_is_refused_with_the_reason()
    {
        var utf16 = Path.Combine(_home, "utf16");
        await File.WriteAllTextAsync(utf16, $"TOKEN={OldText}\n", Encoding.Unicode, Cancel);
        Assert.Contains("UTF-16", Assert.Single((await Destination(utf16, ("TOKEN", TokenRole.New)).InspectAsync(Pair.Old, Cancel)).Problems), StringComparison.Ordinal);
        Assert.Contains("There is no file", Assert.Single((await Destination(Path.Combine(_home, "none"), ("TOKEN", TokenRole.New)).InspectAsync(Pair.Old, Cancel)).Problems), StringComparison.Ordinal);
    }

    private static DotenvDestination Destination(string file, params (string Key, TokenRole Role)[] keys) =>
        new(new(file), keys.ToDictionary(k => k.Key, k => k.Role));

    private static bool IsOurs(string key) => key.TrimStart('\uFEFF') == "TOKEN";

    private static async Task<Dictionary<string, IReadOnlyDictionary<string, string>>> ReadByAllAsync(string file)
    {
        var all = await Task.WhenAll(Judges.EnvParsers.Select(async p => (p.Key, Values: await p.Value(file))));
        return all.ToDictionary(p => p.Key, p => p.Values);
    }

    private string Write(string text)
    {
        var file = Path.Combine(_home, "file");
        File.WriteAllText(file, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        return file;
    }
}
