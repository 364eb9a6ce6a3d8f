using System.Buffers.Binary;
using System.Data;
using System.Data.Common;
using System.Text;

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
        _read = new(connection, "SELECT epoch, audit_mac FROM epoch WHERE id = 1");
        _insert = new(
            connection,
            "INSERT INTO audit (epoch, at, account, action, generation, actor, source, request_id, suppress_email, fingerprint, mac, consumer, detail) "
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

    /// <summary>The number of the last change.</summary>
    public long Epoch(DbTransaction? transaction) => Head(transaction).Epoch - AccountRow.Wide;

    /// <summary>Writes the entry, links it, and bumps the epoch; answers the new one.</summary>
    public long Append(DbTransaction transaction, AuditDraft draft, long generation, DateTimeOffset at)
    {
        var (before, previousMac) = Head(transaction);
        var epoch = before + 1;
        var (fingerprint, consumer) = (draft.Token?.ToBytes() ?? [], draft.Consumer is { } id ? Convert.FromHexString(id) : []);
        var entry = new Row(epoch, at.ToUnixTimeMilliseconds(), draft, generation, fingerprint, consumer);
        var mac = _key.Hmac(entry.Message(previousMac));
        _insert.In(transaction).With(
            epoch,
            entry.At,
            draft.Account.ToBytes(),
            (long)draft.Action,
            generation,
            draft.Actor,
            draft.Context.Source,
            draft.Context.RequestId,
            draft.Context.SuppressEmailNotification ? 1L : 0L,
            fingerprint,
            mac,
            consumer,
            draft.Detail ?? "").ChangeOneRow();
        _advance.In(transaction).With(epoch, mac, before).ChangeOneRow();
        return epoch - AccountRow.Wide;
    }

    public void Dispose()
    {
        _read.Dispose();
        _insert.Dispose();
        _advance.Dispose();
    }

    private (long Epoch, byte[] Mac) Head(DbTransaction? transaction)
    {
        using var row = _read.In(transaction).Read();
        return row.Read() ? (row.GetInt64(0), row.Blob(1)) : throw new InvalidDataException("The epoch row is missing.");
    }

    private readonly record struct Row(long Epoch, long At, AuditDraft Draft, long Generation, byte[] Fingerprint, byte[] Consumer)
    {
        /// <summary>
        /// Every field with its length before it, so that no two rows give the same bytes. Consumer and detail came with the second schema: where
        /// both are empty they are left out, and the entries from before keep their links.
        /// </summary>
        public byte[] Message(byte[] previousMac)
        {
            using var message = new MemoryStream();
            Span<byte> number = stackalloc byte[8];
            message.Write(previousMac);
            foreach (var n in (ReadOnlySpan<long>)[Epoch, At, (long)Draft.Action, Generation, Draft.Context.SuppressEmailNotification ? 1 : 0])
            {
                BinaryPrimitives.WriteInt64BigEndian(number, n);
                message.Write(number);
            }

            var detail = Encoding.UTF8.GetBytes(Draft.Detail ?? "");
            foreach (var field in (ReadOnlySpan<byte[]>)
                [
                    Draft.Account.ToBytes(), Fingerprint, Encoding.UTF8.GetBytes(Draft.Actor),
                    Encoding.UTF8.GetBytes(Draft.Context.Source), Encoding.UTF8.GetBytes(Draft.Context.RequestId),
                    .. Consumer.Length + detail.Length > 0 ? [Consumer, detail] : Array.Empty<byte[]>(),
                ])
            {
                BinaryPrimitives.WriteInt64BigEndian(number, field.Length);
                message.Write(number);
                message.Write(field);
            }

            return message.ToArray();
        }
    }
}
