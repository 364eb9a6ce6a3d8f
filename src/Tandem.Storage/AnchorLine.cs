using System.Buffers;
using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tandem.Storage;

/// <summary>
/// A line of the anchor: the number and the link of the audit entry of a call that retired a token. Always <see cref="Size"/> bytes of ASCII, so
/// that a line is found by its number, and half a line is known for what it is.
/// </summary>
/// <param name="Epoch">The number of the change.</param>
/// <param name="Mac">Its link in the audit chain.</param>
/// <param name="Sid">The account; null for what is about none.</param>
/// <param name="What">The audit action, in snake_case.</param>
/// <param name="At">When the line was written, in whole seconds.</param>
internal sealed record AnchorLine(long Epoch, byte[] Mac, AccountSid? Sid, string What, DateTimeOffset At)
{
    /// <summary>Bytes, with the line end: number (15), link (64), SID (34), action (32), time (20), blanks between.</summary>
    public const int Size = 15 + 1 + 64 + 1 + 34 + 1 + 32 + 1 + 20 + 1;

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    private static readonly SearchValues<char> s_action = SearchValues.Create("abcdefghijklmnopqrstuvwxyz_");

    private static readonly string s_none = new('-', AccountSid.TextLength);

    public byte[] ToBytes() => Encoding.ASCII.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"{Epoch:D15} {Convert.ToHexStringLower(Mac)} {Sid?.ToString() ?? s_none} {What,-32} {At.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)}\n"));

    /// <summary>Reads a line; null when it is none. A line has one spelling: it is read when it would be written so.</summary>
    public static AnchorLine? Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
        {
            return null;
        }

        var parts = Encoding.ASCII.GetString(bytes[..^1]).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var sid = default(AccountSid);
        var mac = new byte[32];
        return parts.Length == 5
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
            && Convert.FromHexString(parts[1], mac, out _, out var written) == OperationStatus.Done && written == 32
            && (parts[2].Equals(s_none, StringComparison.Ordinal) || AccountSid.TryParse(parts[2].AsSpan(), out sid))
            && !parts[3].AsSpan().ContainsAnyExcept(s_action)
            && DateTimeOffset.TryParseExact(parts[4], TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            && new AnchorLine(epoch, mac, sid == default ? null : sid, parts[3], at) is var line && CryptographicOperations.FixedTimeEquals(line.ToBytes(), bytes)
            ? line
            : null;
    }
}

/// <summary>Whether a database holds what the anchor knows.</summary>
internal static class AnchorMatch
{
    /// <summary>
    /// Whether the entry of a line is in the database, with that link; of an entry that was cut off, whether the cut came after it.
    /// </summary>
    public static bool Holds(DbConnection connection, AnchorLine line)
    {
        var stored = line.Epoch + AccountRow.Wide;
        if (stored == AccountRow.Wide)
        {
            return true; // from before the first change
        }

        using (var note = new Statement(connection, AuditTailNote.Select))
        {
            using var start = note.Read();
            if (start.Read() && AuditTailNote.Read(start) is var cut && cut.Stored >= stored)
            {
                return cut.Stored > stored || CryptographicOperations.FixedTimeEquals(cut.Mac, line.Mac);
            }
        }

        using var select = new Statement(connection, "SELECT mac FROM audit WHERE epoch = @epoch", ("@epoch", DbType.Int64));
        using var row = select.With(stored).Read();
        return row.Read() && CryptographicOperations.FixedTimeEquals(row.Blob(0), line.Mac);
    }
}
