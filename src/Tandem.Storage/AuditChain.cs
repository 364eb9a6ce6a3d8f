using System.Data;
using System.Data.Common;

namespace Tandem.Storage;

/// <summary>
/// Appends audit entries, each in the transaction of its change. An entry's MAC is HMAC-SHA-256(audit key, previous MAC ‖ row),
/// and the epoch row holds the newest, so that an altered, missing or cut-off entry shows.
/// </summary>
internal sealed class AuditChain : IDisposable
{
    private readonly DataKey _key;
    private readonly Statement _read;
    private readonly Statement _insert;
    private readonly Statement _advance;

    public AuditChain(DbConnection connection, DataKey key)
    {
        _key = key;
        _read = new(connection, AuditHead.Select);
        _insert = new(
            connection,
            $"INSERT INTO audit ({AuditRow.Columns}) "
            + "VALUES (@epoch, @at, @account, @action, @generation, @actor, @source, @request, @suppress, @fingerprint, @mac, @consumer, @detail)",
            ("@epoch", DbType.Int64),
            ("@at", DbType.Int64),
            ("@account", DbType.Binary),
            ("@action", DbType.Int64),
            ("@generation", DbType.Int64),
            ("@actor", DbType.String),
            ("@source", DbType.String),
            ("@request", DbType.String),
            ("@suppress", DbType.Int64),
            ("@fingerprint", DbType.Binary),
            ("@mac", DbType.Binary),
            ("@consumer", DbType.Binary),
            ("@detail", DbType.String));
        _advance = new(
            connection,
            "UPDATE epoch SET epoch = @epoch, audit_mac = @mac WHERE id = 1 AND epoch = @before",
            ("@epoch", DbType.Int64),
            ("@mac", DbType.Binary),
            ("@before", DbType.Int64));
    }

    /// <summary>The newest entry.</summary>
    public AuditHead Head(DbTransaction? transaction) => AuditHead.Read(_read.In(transaction));

    /// <summary>Writes the entry, links it to the head that this transaction has read, and bumps the epoch; answers the new head.</summary>
    public AuditHead Append(DbTransaction transaction, AuditHead before, AuditDraft draft, long generation, DateTimeOffset at)
    {
        var entry = AuditRow.Of(draft, before.Stored + 1, generation, at);
        var mac = entry.Mac(_key, before.Mac);
        _insert.In(transaction).With(
            entry.Epoch,
            entry.At,
            entry.Account,
            entry.Action,
            generation,
            entry.Actor,
            entry.Source,
            entry.RequestId,
            entry.SuppressEmail,
            entry.Fingerprint,
            mac,
            entry.Consumer,
            entry.Detail).ChangeOneRow();
        _advance.In(transaction).With(entry.Epoch, mac, before.Stored).ChangeOneRow();
        return new(entry.Epoch, mac);
    }

    public void Dispose()
    {
        _read.Dispose();
        _insert.Dispose();
        _advance.Dispose();
    }
}

/// <summary>The number of the last change, as it is stored, and the link of the chain that it ended with.</summary>
internal readonly record struct AuditHead(long Stored, byte[] Mac)
{
    public const string Select = "SELECT epoch, audit_mac FROM epoch WHERE id = 1";

    /// <summary>The number as people count.</summary>
    public long Epoch => Stored - AccountRow.Wide;

    public static AuditHead Read(Statement select)
    {
        using var row = select.Read();
        return row.Read() ? new(AccountRow.WideNumber(row, 0), row.Blob(1, 32)) : throw new InvalidDataException("The epoch row is missing.");
    }
}
