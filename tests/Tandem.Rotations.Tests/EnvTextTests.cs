using System.Text;
using Tandem.Rotations.Destinations;
using Tandem.Testing;
using Xunit;

namespace Tandem.Rotations.Tests;

/// <summary>What may be written into an env file, and how a file becomes again what it was.</summary>
public sealed class EnvTextTests : IDisposable
{
    private const string Sid = "AC00000000000000000000000000000001";
    private const string OldText = "0123456789abcdef0123456789abcdef";
    private const string NewText = "fedcba9876543210fedcba9876543210";
    private const string Safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    /// <summary>Line ends of every kind, quotes, what shells and parsers expand or cut at, and characters that only look like letters.</summary>
    private const string Unsafe = "\n\r\v\f\u0085\u2028\u2029\0\u001b\u007f'\"`$\\#=: \t{}()[]<>|&;!*?~%^@+,./-_"
        + "\u00e9\u0130\uff21\u0660\ufeff\ud800\udc00";

    private readonly string _home = Directory.CreateTempSubdirectory("tandem-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static TokenPair Pair => new(HeldToken.Read(Sid, OldText, "the test"), HeldToken.Read(Sid, NewText, "the test"));

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public async Task Whatever_is_written_is_read_as_one_variable_with_that_value_by_every_parser()
    {
        var dice = new Dice(Dice.TakeSeed(TestContext.Current.SendDiagnosticMessage));
        string[] forms = ["K{0}=old", "K{0}=\"old\" # note", "export K{0}='old'", "K{0}=", "NEW{0}=1"];
        var text = new StringBuilder("FIRST=1\n");
        var expected = new Dictionary<string, string>(StringComparer.Ordinal) { ["FIRST"] = "1", ["LAST"] = "2" };
        for (var i = 0; i < 400; i++)
        {
            var form = dice.Any(forms);
            text.Append(string.Format(System.Globalization.CultureInfo.InvariantCulture, form, i)).Append('\n');
            if (form.StartsWith("NEW", StringComparison.Ordinal))
            {
                expected[$"NEW{i}"] = "1";
            }
        }

        var file = text.Append("LAST=2\n").ToString();
        for (var i = 0; i < 400; i++)
        {
            var value = Generate(dice);
            var isSafe = value.All(Safe.Contains);
            if (isSafe)
            {
                file = EnvText.Set(file, $"K{i}", value, neighbour: "FIRST");
                expected[$"K{i}"] = value;
            }
            else
            {
                var before = file;
                var refused = Assert.Throws<RotationException>(() => EnvText.Set(before, $"K{i}", value, neighbour: "FIRST"));
                Assert.True(value.Length < 10 || !refused.Message.Contains(value, StringComparison.Ordinal), "The value is in the message.");
                file = EnvText.Set(file, $"K{i}", "plain", neighbour: "FIRST");
                expected[$"K{i}"] = "plain";
            }
        }

        var path = Path.Combine(_home, "file");
        await File.WriteAllTextAsync(path, file, new UTF8Encoding(false), Cancel);
        foreach (var (parser, read) in Judges.EnvParsers)
        {
            var has = await read(path);
            var (missing, odd) = (expected.Except(has).ToList(), has.Except(expected).ToList());
            Assert.True(missing.Count + odd.Count == 0, $"{parser} reads {string.Join(", ", odd.Take(3))} for {string.Join(", ", missing.Take(3))}");
        }
    }

    [Theory]
    [InlineData("A=1\nTOKEN=\"{0}\" # ours\nZ=2\n")]
    [InlineData("A=1\r\nexport TOKEN={0}\r\nZ=2")]
    [InlineData("TOKEN=stale\nA=1\nTOKEN={0}")]
    [InlineData("TOKEN={0}")]
    [InlineData("A=1\nTOKEN='something else'")]
    [InlineData("A=1")]
    [InlineData("\ufeffTOKEN={0}\nA=\"two\nlines\"\n")]
    public async Task A_rollback_with_a_copy_makes_the_file_what_it_was_to_the_byte(string form)
    {
        var (file, destination, delivery) = await DeliveredAsync(form.Replace("{0}", OldText, StringComparison.Ordinal), out var bytes);

        var odd = await destination.RollBackAsync(delivery, Cancel);

        Assert.Null(odd);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(file, Cancel));
        Assert.Null(await destination.RollBackAsync(delivery, Cancel));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(file, Cancel));
    }

    [Fact]
    public async Task What_others_have_written_meanwhile_stays_and_is_told_of_by_its_line()
    {
        var (file, destination, delivery) = await DeliveredAsync($"A=1\nTOKEN={OldText}\nB=\nGONE=1\n", out _);
        var meanwhile = (await File.ReadAllTextAsync(file, Cancel))
            .Replace("B=\n", "B=secret\n", StringComparison.Ordinal).Replace("GONE=1\n", "", StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, $"X=$(id)\n{meanwhile}TOKEN=theirs\n", Cancel);

        var odd = await destination.RollBackAsync(delivery, Cancel);

        Assert.Equal($"X=$(id)\nA=1\nTOKEN={OldText}\nB=secret\n", await File.ReadAllTextAsync(file, Cancel));
        Assert.Contains("line 1, 4.", odd, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", odd, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rotation_that_is_aborted_by_another_run_puts_back_what_was_there_before()
    {
        await using var rig = await Rig.StartAsync();
        var text = $"TWILIO_AUTH_TOKEN=stale\nTWILIO_AUTH_TOKEN={rig.EnvToken} # ours";
        await File.WriteAllTextAsync(rig.Env, text, Cancel);
        rig.Answer = _ => false;
        await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(rig.Request(), Cancel));
        Assert.NotEqual(text, await File.ReadAllTextAsync(rig.Env, Cancel));
        Assert.DoesNotContain("stale", rig.EverythingSaid(), StringComparison.Ordinal);
        await File.AppendAllTextAsync(rig.Env, "\nINJECTED=1\n", Cancel);

        rig.Answer = _ => true;
        await rig.Engine.AbortAsync(rig.Request(), Cancel);

        Assert.Equal($"{text}\nINJECTED=1\n", await File.ReadAllTextAsync(rig.Env, Cancel));
        Assert.Contains(rig.Events, e => e is { Step: "rollback", Result: "warning" } && e.Text.Contains("line 3.", StringComparison.Ordinal));
    }

    private static string Generate(Dice dice)
    {
        var text = new StringBuilder();
        for (var length = dice.Below(dice.OnceIn(4) ? 200 : 40); text.Length < length;)
        {
            text.Append(Safe[dice.Below(Safe.Length)]);
        }

        if (dice.OnceIn(2))
        {
            text.Insert(dice.Below(text.Length + 1), Unsafe[dice.Below(Unsafe.Length)]);
        }

        return text.ToString();
    }

    private Task<(string File, DotenvDestination Destination, Delivery Delivery)> DeliveredAsync(string text, out byte[] bytes)
    {
        var file = Path.Combine(_home, "file");
        File.WriteAllText(file, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        bytes = File.ReadAllBytes(file);
        var keys = new Dictionary<string, TokenRole>(StringComparer.Ordinal) { ["TOKEN"] = TokenRole.New, ["TOKEN_ALT"] = TokenRole.Old };
        var destination = new DotenvDestination(new(file), keys);
        return DeliverAsync();

        async Task<(string, DotenvDestination, Delivery)> DeliverAsync()
        {
            var found = await destination.InspectAsync(Pair.Old, Cancel);
            var delivery = new Delivery(Pair, Sid, "test", found.AddedKeys) { Before = found.Copy };
            await destination.DeliverAsync(delivery, Cancel);
            await destination.VerifyAsync(delivery, Cancel);
            return (file, destination, delivery);
        }
    }
}
