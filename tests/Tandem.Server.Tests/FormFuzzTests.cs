using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tandem.Server.Api;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

/// <summary>
/// The reader of Twilio's forms against a second one, written another way round: it cuts the body with patterns and decodes what is between them.
/// Each is given bodies that are nearly right, in pieces as a network brings them.
/// </summary>
public sealed partial class FormFuzzTests
{
    private static readonly string[] s_names = ["FriendlyName", "Status", "SuppressEmailNotification"];

    private static readonly long s_bodies = LongRun.Of(40_000L, 10_000_000L);
    private static readonly int s_calls = LongRun.Of(400, 20_000);

    private static readonly Gen<string> s_name = Gen.OneOf(
        Any(s_names),
        Any("friendlyname", "STATUS", "Friendly%4eame", "%53tatus", "Friendly+Name", "FriendlyName%00", "suppressEmailNotification", "", "Unknown", "FriendlyNam"));

    private static readonly Gen<string> s_value = Gen.OneOf(
        Any("active", "closed", "suspended", "true", "True", "false", "", "%74rue", "+true", "true%20", "Zo%C3%AB", "Zo\u00c3\u00ab", "%F0%9F%90%88", "a=b", "%26", "%3D"),
        Any("%", "%4", "%zz", "%00", "\0", "%C3", "%C3%28", "%C3+", "%ED%A0%80", "%C0%AF", "%F5%80%80%80", "\u00ff", "\u00c3", "%C3\u00ab", "%E2%82", "%1b%5B", "%2B+%2b"),
        Gen.String[Gen.Char["aZ09%+. -\u00e9"], 0, 90]);

    /// <summary>Fields, in which up to two characters were put, left out or exchanged; each character is a byte.</summary>
    private static readonly Gen<string> s_body = Gen.Select(
            Gen.Select(s_name, Any("=", "=", "=", "", "=="), s_value).Select((name, sign, value) => name + sign + value).List[0, 4],
            Any("&", "&", "&", "&&", ";"),
            Gen.Select(Gen.Int[0, 2], Gen.Int[0, 400], Gen.Char["%&=+0aF\0\u0080"]).List[0, 2])
        .Select((fields, between, changes) => changes.Aggregate(string.Join(between, fields), Change));

    [Fact]
    public void Both_readers_take_the_same_forms_and_read_the_same_in_them()
    {
        var (taken, found) = (0L, 0L);
        Gen.Select(s_body, Gen.Int[1, 40]).Sample(
            (body, piece) =>
            {
                var first = Read(Encoding.Latin1.GetBytes(body), piece);
                Interlocked.Add(ref taken, first is null ? 0 : 1);
                Interlocked.Add(ref found, first?.Name is null ? 0 : 1);
                return first == Second(body) ? true : throw new InvalidOperationException($"{first} is not {Second(body)}");
            },
            iter: s_bodies);
        Assert.InRange(taken, s_bodies / 2, s_bodies - (s_bodies / 100)); // and some are refused
        Assert.InRange(found, s_bodies / 10, s_bodies);
    }

    [Fact]
    public async Task Over_the_network_the_name_that_was_read_is_the_name_it_gets_and_nothing_is_a_fault()
    {
        await using var tandem = await TestTandem.StartAsync();
        var bodies = new List<string>();
        s_body.Sample(bodies.Add, iter: s_calls, threads: 1);
        var (name, renamed) = (TestTandem.FirstName, 0);
        foreach (var body in bodies)
        {
            var answer = await tandem.SendAsync("POST", Calls.PathOf(tandem.Account), request =>
            {
                request.Content = new ByteArrayContent(Encoding.Latin1.GetBytes(body));
                request.Content.Headers.ContentType = new("application/x-www-form-urlencoded");
            });
            var form = Second(body);
            var expected = form is null || form is { Name: { } given } && (given.Length > 64 || given.Any(char.IsControl)) ? 400
                : form.Status is null ? 200
                : Status().IsMatch(form.Status) ? 403 // an account's own status is its parent's to change
                : 400;
            Assert.True(expected == answer.Status, $"{answer.Status} instead of {expected} for {Uri.EscapeDataString(body)}");
            (name, renamed) = expected == 200 && form!.Name is { } got ? (got, renamed + 1) : (name, renamed);
            Assert.True(expected != 200 || string.Equals(name, answer.Text("friendly_name"), StringComparison.Ordinal), $"another name after {Uri.EscapeDataString(body)}");
        }

        Assert.InRange(renamed, s_calls / 20, s_calls);
    }

    [Theory]
    [InlineData('&')]
    [InlineData('=')]
    [InlineData('+')]
    [InlineData('%')]
    [InlineData('\u00ff')]
    public async Task A_body_of_the_largest_size_is_read_to_its_end_and_one_more_byte_is_a_413(char filler)
    {
        await using var tandem = await TestTandem.StartAsync();
        const string Field = "FriendlyName=last&";
        foreach (var (more, status) in new[] { (0, 200), (1, 413) })
        {
            var answer = await tandem.SendAsync("POST", Calls.PathOf(tandem.Account), request =>
            {
                request.Content = new ByteArrayContent(Encoding.Latin1.GetBytes(Field + new string(filler, RequestParameters.BodyLimit - Field.Length + more)));
                request.Content.Headers.ContentType = new("application/x-www-form-urlencoded");
            });
            Assert.Equal((status, status == 200 ? "last" : null), (answer.Status, status == 200 ? answer.Text("friendly_name") : null));
        }
    }

    /// <summary>What our own reader makes of a body that comes in pieces of this size; null when it was refused as unreadable. Any other error fails the test.</summary>
    private static Form? Read(byte[] body, int piece)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "POST";
        context.Request.ContentType = "application/x-www-form-urlencoded";
        context.Features.Set<IRequestBodyPipeFeature>(new Pieces(body, piece));
        try
        {
            var reading = RequestParameters.ReadAsync(context);
            Assert.True(reading.IsCompleted);
            var parameters = reading.GetAwaiter().GetResult();
            return new(parameters.Find(s_names[0]), parameters.Find(s_names[1]), parameters.Describe(context).SuppressEmailNotification);
        }
        catch (BadHttpRequestException e)
        {
            Assert.Equal(StatusCodes.Status400BadRequest, e.StatusCode);
            return null;
        }
    }

    private static Form? Second(string body)
    {
        var fields = Field().Matches(body).Select(m => (Name: Decode(m.Groups["name"].Value), Value: Decode(m.Groups["value"].Value))).ToList();
        return fields.Exists(f => f.Name is null || f.Value is null) ? null
            : new(First(s_names[0]), First(s_names[1]), First(s_names[2]) is { } suppress && True().IsMatch(suppress));

        string? First(string name) =>
            fields.Find(f => string.Equals(f.Name!.ToUpperInvariant(), name.ToUpperInvariant(), StringComparison.Ordinal)) is { Value: { Length: > 0 } value } ? value : null;
    }

    /// <summary>Text out of bytes: an escape is decoded where it is a part of well-formed UTF-8 and stays as it is elsewhere; null when it is that of a zero.</summary>
    private static string? Decode(string text)
    {
        if (text.Contains("%00", StringComparison.Ordinal))
        {
            return null;
        }

        var bytes = Escapes().Replace(text.Replace('+', ' '), run =>
        {
            var decoded = new StringBuilder();
            ReadOnlySpan<byte> rest = Convert.FromHexString(run.Value.Replace("%", "", StringComparison.Ordinal));
            for (var at = 0; rest.Length > 0;)
            {
                var isRune = Rune.DecodeFromUtf8(rest, out _, out var length) == OperationStatus.Done;
                length = isRune ? length : 1;
                decoded.Append(isRune ? Encoding.Latin1.GetString(rest[..length]) : run.Value.Substring(at, 3));
                rest = rest[length..];
                at += 3 * length;
            }

            return decoded.ToString();
        });
        return Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(bytes));
    }

    private static Gen<string> Any(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static string Change(string text, (int Kind, int At, char With) change)
    {
        var at = text.Length == 0 ? 0 : change.At % text.Length;
        return change.Kind switch
        {
            1 when text.Length > 0 => text.Remove(at, 1),
            2 when text.Length > 0 => $"{text[..at]}{change.With}{text[(at + 1)..]}",
            _ => text.Insert(at, change.With.ToString()),
        };
    }

    [GeneratedRegex("(?<=^|&)(?<name>[^=&]*)(=(?<value>[^&]*))?(?=&|$(?!\n))", RegexOptions.ExplicitCapture)]
    private static partial Regex Field();

    [GeneratedRegex("(%[0-9a-fA-F]{2})+", RegexOptions.ExplicitCapture)]
    private static partial Regex Escapes();

    [GeneratedRegex(@"\A(active|suspended|closed)\z", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Status();

    /// <summary>As the framework reads it, which passes over zeros as well.</summary>
    [GeneratedRegex(@"\A[\s\0]*true[\s\0]*\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex True();

    private sealed record Form(string? Name, string? Status, bool SuppressEmail);

    /// <summary>A body in pieces.</summary>
    private sealed class Pieces(byte[] body, int size) : IRequestBodyPipeFeature
    {
        public PipeReader Reader { get; } = PipeReader.Create(Cut(body, size));

        private static ReadOnlySequence<byte> Cut(byte[] body, int size)
        {
            var first = new Piece(body.AsMemory(0, Math.Min(size, body.Length)), 0);
            var last = first;
            for (var at = size; at < body.Length; at += size)
            {
                last = last.Add(body.AsMemory(at, Math.Min(size, body.Length - at)));
            }

            return new(first, 0, last, last.Memory.Length);
        }
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> bytes, long before) => (Memory, RunningIndex) = (bytes, before);

        public Piece Add(ReadOnlyMemory<byte> bytes)
        {
            var piece = new Piece(bytes, RunningIndex + Memory.Length);
            Next = piece;
            return piece;
        }
    }
}
