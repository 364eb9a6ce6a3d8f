using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using Microsoft.Data.Sqlite;
using Tandem.Storage;
using Tandem.Testing;
using Xunit;

namespace Tandem.Tests.Store;

/// <summary>
/// The readers of what lies in files against second ones, which are patterns over the text or the hexadecimal digits. Each is given bytes that are
/// nearly right: what is not exactly what the program writes is refused, and by one error.
/// </summary>
public sealed partial class StoredFormFuzzTests
{
    private const long Wide = 1L << 40;

    private static readonly long s_rows = LongRun.Of(20_000L, 1_200_000L);
    private static readonly long s_texts = LongRun.Of(200_000L, 10_000_000L);

    private static readonly Gen<byte[]> s_sid = Gen.Byte.Array[16];
    private static readonly Gen<byte[]> s_verifier = Gen.Byte.Array[32];
    private static readonly Gen<byte[]> s_fingerprint = Gen.Byte.Array[2];
    private static readonly Gen<long> s_time = Gen.Long[Wide + 1, (1L << 47) - 1];
    private static readonly Gen<byte[]> s_name = Gen.String[Gen.Char["aZ é名\ufffd€"], 0, 64].Select(text => Encoding.UTF8.GetBytes(text).Concat(new byte[192]).Take(192).ToArray());
    private static readonly Gen<byte[]> s_seal = Gen.OneOf(
        Gen.Const(new byte[96]),
        Gen.Select(Gen.Byte[1, 3], Gen.Byte.Array[92]).Select((kind, sealedText) => (byte[])[kind, .. sealedText, 0, 0, 0]));

    private static readonly Gen<object[]> s_token = Gen.Select(s_verifier, s_fingerprint, s_time, s_seal).Select((v, f, t, s) => new object[] { v, f, t, s });
    private static readonly object[] s_none = [new byte[32], new byte[2], Wide, new byte[96]];

    /// <summary>The columns of <see cref="AccountRow.Columns"/> without the number: right ones, in which up to two were changed.</summary>
    private static readonly Gen<object[]> s_row = Gen.Select(
            Gen.Select(s_sid, s_sid, s_name, Gen.Long[2, 4]),
            Gen.Select(Gen.Long[Wide, (1L << 47) - 1], s_time, s_time, Gen.OneOf(Gen.Const(Wide), s_time)),
            Gen.Select(s_token, Gen.OneOf(Gen.Const(s_none), s_token), Gen.Long[2, 3]),
            Gen.Select(Gen.Int[0, 16], Gen.Int[0, 6], Gen.Int[0, 200]).Array[0, 2])
        .Select((account, numbers, tokens, changes) =>
        {
            var closed = account.Item4 == 4;
            object[] row =
            [
                account.Item1, account.Item2, account.Item3, account.Item4, numbers.Item1, numbers.Item2, numbers.Item3, numbers.Item4,
                .. closed ? s_none : tokens.Item1, .. closed ? s_none : tokens.Item2, tokens.Item3,
            ];
            foreach (var (column, kind, at) in changes)
            {
                row[column] = Change(row[column], kind, at);
            }

            return row;
        });

    [Fact]
    public void Both_readers_take_the_same_account_rows_and_read_the_same_in_them()
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        using var select = connection.CreateCommand();
        select.CommandText = $"SELECT 1, {string.Join(", ", Enumerable.Range(0, 17).Select(i => $"${i}"))}";
        var values = Enumerable.Range(0, 17).Select(i => select.Parameters.AddWithValue($"${i}", 0L)).ToArray();
        var taken = 0L;
        s_row.Sample(
            row =>
            {
                for (var i = 0; i < row.Length; i++)
                {
                    values[i].Value = row[i];
                }

                using var reader = select.ExecuteReader();
                reader.Read();
                var read = Refused(() => Texts(AccountRow.Read(reader)));
                taken += read is null ? 0 : 1;
                return string.Equals(read, Second(row), StringComparison.Ordinal);
            },
            iter: s_rows,
            threads: 1); // one connection
        Assert.InRange(taken, s_rows / 4, s_rows * 3 / 4);
    }

    [Fact]
    public void Both_readers_take_the_same_lines_of_an_anchor_and_each_line_has_one_spelling()
    {
        var taken = 0L;
        Gen.Select(s_line, s_changes).Select((line, changes) => Encoding.Latin1.GetBytes(changes.Aggregate(line, Change))).Sample(
            line =>
            {
                var read = AnchorLine.Parse(line);
                Interlocked.Add(ref taken, read is null ? 0 : 1);
                var match = Line().Match(Encoding.Latin1.GetString(line));
                return (read is not null) == (match.Success && IsTime(match.Groups["at"].Value)) && (read is null || Convert.ToHexString(read.ToBytes()).Equals(Convert.ToHexString(line), StringComparison.Ordinal));
            },
            iter: s_texts);
        Assert.InRange(taken, s_texts / 10, s_texts * 3 / 4);
    }

    [Fact]
    public void Both_readers_take_the_same_texts_for_a_root_key()
    {
        var taken = 0L;
        Gen.Select(Gen.String[Gen.Char["0123456789abcdefABCDEF"], 64, 64], Gen.String[Gen.Char[" \t\r\n"], 0, 2], Gen.String[Gen.Char[" \t\r\n\0"], 0, 2], s_changes)
            .Select((digits, before, after, changes) => changes.Aggregate(before + digits + after, Change))
            .Sample(
                text =>
                {
                    var ok = RootKey.TryParse(text, out var key);
                    using var _ = key;
                    Interlocked.Add(ref taken, ok ? 1 : 0);
                    return ok == Key().IsMatch(text) && (!ok || string.Equals(Encoding.ASCII.GetString(key!.ToFileText()), text.Trim().ToLowerInvariant() + '\n', StringComparison.Ordinal));
                },
                iter: s_texts / 4);
        Assert.InRange(taken, s_texts / 40, s_texts / 4);
    }

    private static readonly Gen<string> s_line = Gen.Select(
            Gen.OneOf(Gen.Long[0, 999], Gen.Long[0, 999_999_999_999_999]),
            s_verifier,
            s_sid,
            Gen.Int[0, 3],
            Gen.DateTime[new(1970, 1, 1), new(2100, 1, 1)])
        .Select((epoch, mac, sid, kind, at) => Encoding.ASCII.GetString(new AnchorLine(
            epoch, mac, kind == 0 ? null : AccountSid.FromBytes(sid), kind == 0 ? "anchor_begun" : "secondary_promoted", new DateTimeOffset(at, TimeSpan.Zero)).ToBytes()));

    private static readonly Gen<(int Kind, int At, char With)[]> s_changes = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 200], Gen.Char["09afAF -_:TZC\n\0é\u00a0"]).Array[0, 2];

    private static string Change(string text, (int Kind, int At, char With) change)
    {
        var at = change.At % text.Length;
        return change.Kind switch
        {
            0 => text.Insert(at, change.With.ToString()),
            1 when text.Length > 1 => text.Remove(at, 1),
            2 => text[..at] + change.With + text[(at + 1)..],
            _ => text[..at] + char.ToUpperInvariant(text[at]) + text[(at + 1)..],
        };
    }

    private static object Change(object value, int kind, int at) => (value, kind) switch
    {
        (byte[] bytes, 0) => bytes[..^1],
        (byte[] bytes, 1) => (byte[])[.. bytes, (byte)at],
        (byte[] bytes, 2) => new byte[bytes.Length],
        (byte[] bytes, 3) => (byte[])[.. bytes[..(at % bytes.Length)], (byte)(bytes[at % bytes.Length] ^ (1 << (at % 8))), .. bytes[((at % bytes.Length) + 1)..]],
        (byte[] bytes, 4) => (byte[])[(byte)(at % 6), .. bytes[1..]],
        (byte[], 5) => 7L,
        (byte[], _) => "text",
        (long number, 0) => number + 256, // the same byte at its end
        (long, 1) => Wide - at,
        (long, 2) => (1L << 47) + at,
        (long, 3) => at % 2 == 0 ? long.MaxValue : long.MinValue,
        (long number, 4) => number ^ (1L << (at % 63)),
        (long, 5) => new byte[] { 3 },
        _ => "3",
    };

    /// <summary>What was read; null when it was refused by the one error there is for it. Any other one fails the test.</summary>
    private static string? Refused(Func<string> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static string Texts(Account account) => string.Create(
        CultureInfo.InvariantCulture,
        $"{account.Sid} {account.OwnerSid} {Convert.ToHexString(Encoding.UTF8.GetBytes(account.FriendlyName))} {(int)account.Status} {account.Generation} {Of(account.DateCreated)} {Of(account.DateUpdated)} {Of(account.PrimaryPausedUntil)} {Of(account.Primary)} {Of(account.Secondary)} {(int)account.PromoteGuard}");

    private static string Of(DateTimeOffset? time) => time?.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture) ?? "-";

    private static string Of(StoredToken? token)
    {
        if (token is null)
        {
            return "-";
        }

        var verifier = token.Verifier;
        return $"{Convert.ToHexString(verifier)} {Convert.ToHexString(token.Fingerprint.ToBytes())} {Of(token.DateCreated)} {(token.Seal is { } seal ? Convert.ToHexString(seal.Bytes) : "-")}";
    }

    /// <summary>The same text out of the row's own, by one pattern and the widths of the numbers; null for what is no row.</summary>
    private static string? Second(object[] row)
    {
        var text = string.Join(' ', row.Select(v => v switch { byte[] bytes => $"x{Convert.ToHexString(bytes)}", long number => number.ToString(CultureInfo.InvariantCulture), _ => "?" }));
        if (Row().Match(text) is not { Success: true } match || match.Groups["name"].Length > 384 || row.Length != 17)
        {
            return null;
        }

        var numbers = match.Groups["n"].Captures.Select(c => long.Parse(c.Value, CultureInfo.InvariantCulture)).ToArray();
        if (Array.Exists(numbers, n => n is < Wide or > 140_737_488_355_327) || numbers[1] == Wide || numbers[2] == Wide || ((byte[])row[2]).Length != 192)
        {
            return null;
        }

        var tokens = match.Groups["token"].Captures.Select(c => TextOf(c.Value.Split(' '))).ToArray();
        var closed = match.Groups["status"].Value is "4";
        return tokens is [{ } primary, { } secondary] && closed == primary is "-" && (!closed || secondary is "-")
            ? $"AC{Small("sid")} AC{Small("owner")} {match.Groups["name"].Value} {match.Groups["status"].Value} {numbers[0] - Wide} {numbers[1]} {numbers[2]} {(numbers[3] == Wide ? "-" : numbers[3])} {primary} {secondary} {match.Groups["guard"].Value}"
            : null;

        string Small(string group) => match.Groups[group].Value.ToLowerInvariant();
    }

    /// <summary>A token out of its four columns: <c>-</c> for none, null for what is neither.</summary>
    private static string? TextOf(string[] columns)
    {
        var empty = Array.ConvertAll(columns, c => c[0] == 'x' && c[1..].All(d => d == '0'));
        return columns[2] is "1099511627776" ? (empty[0] && empty[1] && empty[3] ? "-" : null) : $"{columns[0][1..]} {columns[1][1..]} {columns[2]} {(empty[3] ? "-" : columns[3][1..])}";
    }

    private static bool IsTime(string text) => DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    [GeneratedRegex(
        """
        \Ax(?<sid>[0-9A-F]{32})\ x(?<owner>[0-9A-F]{32})
        \ x(?<name>(?:0[1-9A-F]|[1-7][0-9A-F]|(?:C[2-9A-F]|D[0-9A-F])[89AB][0-9A-F]|E0[AB][0-9A-F][89AB][0-9A-F]|(?:E[1-9A-CEF])(?:[89AB][0-9A-F]){2}|ED[89][0-9A-F][89AB][0-9A-F]
            |F0[9AB][0-9A-F](?:[89AB][0-9A-F]){2}|F[1-3](?:[89AB][0-9A-F]){3}|F48[0-9A-F](?:[89AB][0-9A-F]){2})*)(?:00)*
        \ (?<status>[234])(?:\ (?<n>[0-9]{13,15})){4}
        (?:\ (?<token>x[0-9A-F]{64}\ x[0-9A-F]{4}\ (?<n>[0-9]{13,15})\ x(?:(?:00){96}|0[123][0-9A-F]{184}000000))){2}
        \ (?<guard>[23])\z
        """,
        RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Row();

    [GeneratedRegex(@"\A[0-9]{15} [0-9a-f]{64} (-{34}|AC(?!0{32})[0-9a-f]{32}) (?=[a-z_]{1,32} {0,31} [0-9]{4}-)[a-z_]+ *(?<=\A.{148}) (?<at>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)\n\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Line();

    [GeneratedRegex(@"\A\s*[0-9a-fA-F]{64}\s*\z")]
    private static partial Regex Key();
}
