using System.Buffers.Binary;
using System.Data;
using System.Data.Common;
using System.Security.Cryptography;

namespace Tandem.Storage;

/// <summary>
/// The note of where the audit chain begins, as it is stored: the last entry that was cut off, its time and its link, and a seal over them
/// under the audit key. Who can write to the database but has no key can neither move it nor cut without it.
/// </summary>
internal readonly record struct AuditTailNote(long Stored, long At, byte[] Mac, byte[] Seal)
{
    public const string Select = "SELECT epoch, at, mac, seal FROM audit_start WHERE id = 1";

    /// <summary>Whether nothing was cut off.</summary>
    public bool IsBeginning => Stored == AccountRow.Wide && At == 0 && Mac.AsSpan().IndexOfAnyExcept((byte)0) < 0 && Seal.AsSpan().IndexOfAnyExcept((byte)0) < 0;

    /// <summary>The note of an entry that is cut off.</summary>
    public static AuditTailNote Of(DataKey key, long stored, long at, byte[] mac) => new(stored, at, mac, SealOf(key, stored, at, mac));

    public static AuditTailNote Read(DbDataReader row) => new(row.GetInt64(0), row.GetInt64(1), row.Blob(2), row.Blob(3));

    /// <summary>Whether it is as it was written.</summary>
    public bool IsGenuine(DataKey key) => IsBeginning || CryptographicOperations.FixedTimeEquals(Seal, SealOf(key, Stored, At, Mac));

    private static byte[] SealOf(DataKey key, long stored, long at, byte[] mac)
    {
        Span<byte> message = stackalloc byte[21 + 8 + 8 + 32];
        "tandem-audit-start-v1"u8.CopyTo(message);
        BinaryPrimitives.WriteInt64BigEndian(message[21..], stored);
        BinaryPrimitives.WriteInt64BigEndian(message[29..], at);
        mac.CopyTo(message[37..]);
        return key.Hmac(message);
    }
}

/// <summary>Cuts the oldest entries off, in the transaction of the change that says so.</summary>
internal sealed class AuditTail(DbConnection connection, DataKey key) : IDisposable
{
    private readonly Statement _oldest = new(connection, "SELECT epoch, at, mac FROM audit ORDER BY epoch LIMIT @limit", ("@limit", DbType.Int64));
    private readonly Statement _delete = new(connection, "DELETE FROM audit WHERE epoch <= @last", ("@last", DbType.Int64));
    private readonly Statement _note = new(
        connection,
        "UPDATE audit_start SET epoch = @epoch, at = @at, mac = @mac, seal = @seal WHERE id = 1",
        ("@epoch", DbType.Int64),
        ("@at", DbType.Int64),
        ("@mac", DbType.Binary),
        ("@seal", DbType.Binary));

    public AuditCut? Cut(DbTransaction? transaction, DateTimeOffset before, int atMost)
    {
        var (limit, first) = (before.ToUnixTimeMilliseconds(), 0L);
        AuditTailNote? last = null;
        using (var row = _oldest.In(transaction).With((long)atMost).Read())
        {
            // In the order in which they were written: a clock that was set back does not let a newer one go before an older.
            while (row.Read() && row.GetInt64(1) < limit)
            {
                first = first == 0 ? row.GetInt64(0) : first;
                last = new(row.GetInt64(0), row.GetInt64(1), row.Blob(2), []);
            }
        }

        if (last is not { } cut)
        {
            return null;
        }

        var note = AuditTailNote.Of(key, cut.Stored, cut.At, cut.Mac);
        _note.In(transaction).With(note.Stored, note.At, note.Mac, note.Seal).ChangeOneRow();
        _delete.In(transaction).With(note.Stored).Execute();
        return new(first - AccountRow.Wide, note.Stored - AccountRow.Wide, DateTimeOffset.FromUnixTimeMilliseconds(note.At));
    }

    public void Dispose()
    {
        _oldest.Dispose();
        _delete.Dispose();
        _note.Dispose();
    }
}
