using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using Microsoft.Extensions.Primitives;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

/// <summary>
/// The reader of <c>Authorization</c> against a second one, written another way round: it reads what may be right and asks whether writing it again
/// gives the same text. Each is given headers that are nearly right.
/// </summary>
public sealed partial class BasicCredentialFuzzTests
{
    private static readonly long s_headers = LongRun.Of(300_000L, 100_000_000L);

    private static readonly Gen<string> s_sid = Gen.OneOf(
        Gen.String[Gen.Char["0123456789abcdefABCDEF"], 32, 32].Select(digits => "AC" + digits),
        Gen.String[Gen.Char["0123456789abcdefACSKg"], 30, 36].Select(digits => "AC" + digits),
        Gen.Const(""));

    private static readonly Gen<string> s_token = Gen.OneOf(
        Gen.String[Gen.Char["0123456789abcdef"], 31, 33],
        Gen.String[Gen.Char[":\0\t\n\u007f\u0080é= a"], 0, 40],
        Gen.Int[700, 800].Select(length => new string('x', length)));

    private static readonly Gen<string> s_scheme = Gen.OneOf([.. ((string[])["Basic ", "basic ", "BASIC  ", "Basic", "Bearer ", " Basic "]).Select(Gen.Const)]);

    /// <summary>A right header in which up to three characters were put, left out or exchanged.</summary>
    private static readonly Gen<string> s_header =
        Gen.Select(s_sid, s_token, s_scheme, Gen.Select(Gen.Int[0, 2], Gen.Int[0, 2000], Gen.Char["AQgw09+/=-_:, \t\nÀ"]).List[0, 3])
            .Select((sid, token, scheme, changes) => changes.Aggregate(scheme + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{sid}:{token}")), Change));

    [Fact]
    public void Both_readers_take_the_same_headers_and_read_the_same_in_them()
    {
        var taken = 0L;
        s_header.Sample(
            header =>
            {
                Span<byte> buffer = stackalloc byte[BasicCredential.SizeLimit];
                var form = BasicCredential.Read(new StringValues(header), buffer, out var credential);
                var read = form == BasicForm.Read ? (credential.Sid.ToString(), Convert.ToHexString(credential.Token)) : ((string, string)?)null;
                Interlocked.Add(ref taken, read is null ? 0 : 1);
                return read == Second(header);
            },
            iter: s_headers);
        Assert.InRange(taken, s_headers / 100, s_headers / 2);
    }

    [Fact]
    public void A_SID_is_what_the_pattern_says_as_text_and_as_bytes() => Gen.OneOf(s_sid, Gen.String[Gen.Char["ACac0123456789abcdefABCDEFg "], 33, 35]).Sample(
        text =>
        {
            var expected = Sid().IsMatch(text);
            return AccountSid.TryParse(text.AsSpan(), out var fromText) == expected
                && AccountSid.TryParse(Encoding.UTF8.GetBytes(text), out var fromBytes) == expected
                && fromText == fromBytes
                && (!expected || fromText.ToString() == "AC" + text[2..].ToLowerInvariant());
        },
        iter: s_headers);

    /// <summary>SID and token in hexadecimal; null for what is not exactly one credential in its one spelling.</summary>
    private static (string, string)? Second(string header)
    {
        if (Credential().Match(header) is not { Success: true } match || match.Groups["text"].Value is var text && text.Length > 1024)
        {
            return null;
        }

        byte[] bytes;
        try
        {
            bytes = Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            return null;
        }

        var latin = Encoding.Latin1.GetString(bytes);
        return Convert.ToBase64String(bytes) == text && Pair().Match(latin) is { Success: true } pair
            ? ("AC" + pair.Groups["digits"].Value.ToLowerInvariant(), Convert.ToHexString(Encoding.Latin1.GetBytes(pair.Groups["token"].Value)))
            : null;
    }

    private static string Change(string text, (int Kind, int At, char With) change)
    {
        var at = change.At % text.Length;
        return change.Kind switch { 0 => text.Insert(at, change.With.ToString()), 1 when text.Length > 1 => text.Remove(at, 1), _ => $"{text[..at]}{change.With}{text[(at + 1)..]}" };
    }

    [GeneratedRegex(@"\A(?i:basic) +(?<text>[A-Za-z0-9+/]+={0,2})\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Credential();

    [GeneratedRegex(@"\AAC(?<digits>[0-9a-fA-F]{32}):(?<token>[^\x00-\x1f\x7f]*)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Pair();

    [GeneratedRegex(@"\AAC[0-9a-fA-F]{32}\z")]
    private static partial Regex Sid();
}
