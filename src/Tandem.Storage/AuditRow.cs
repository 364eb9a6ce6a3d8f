using System.Buffers.Binary;
using System.Data.Common;
using System.Text;

namespace Tandem.Storage;

/// <summary>An audit entry as its row holds it; what its MAC is taken over. Nothing in it is read as anything but bytes, numbers and text.</summary>
internal readonly record struct AuditRow(
    long Epoch, long At, byte[] Account, long Action, long Generation, AuditRow.Texts Said, long SuppressEmail, byte[] Fingerprint, byte[] Consumer)
{
    /// <summary>The columns, with the MAC behind them.</summary>
    public const string Columns = "epoch, at, account, action, generation, actor, source, request_id, suppress_email, fingerprint, mac, consumer, detail";

    /// <summary>The entry of a change.</summary>
    public static AuditRow Of(AuditDraft draft, long epoch, long generation, DateTimeOffset at) => new(
        epoch,
        at.ToUnixTimeMilliseconds(),
        draft.Account.ToBytes(),
        (long)draft.Action,
        generation,
        new(draft.Actor, draft.Context.Source, draft.Context.RequestId, draft.Detail ?? ""),
        draft.Context.SuppressEmailNotification ? 1L : 0L,
        draft.Token?.ToBytes() ?? [],
        draft.Consumer is { } id ? Convert.FromHexString(id) : []);

    /// <summary>Reads a row of <see cref="Columns"/>.</summary>
    public static (AuditRow Row, byte[] Mac) Read(DbDataReader row) => (
        new(
            row.GetInt64(0),
            row.GetInt64(1),
            row.Blob(2),
            row.GetInt64(3),
            row.GetInt64(4),
            new(row.GetString(5), row.GetString(6), row.GetString(7), row.GetString(12)),
            row.GetInt64(8),
            row.Blob(9),
            row.Blob(11)),
        row.Blob(10));

    /// <summary>The link of this entry to the one before.</summary>
    public byte[] Mac(DataKey key, ReadOnlySpan<byte> previousMac) => key.Hmac(Message(previousMac));

    /// <summary>
    /// Every field with its length before it, so that no two rows give the same bytes. Consumer and detail came with the second schema: where
    /// both are empty they are left out, and the entries from before keep their links.
    /// </summary>
    private byte[] Message(ReadOnlySpan<byte> previousMac)
    {
        using var message = new MemoryStream();
        Span<byte> number = stackalloc byte[8];
        message.Write(previousMac);
        foreach (var n in (ReadOnlySpan<long>)[Epoch, At, Action, Generation, SuppressEmail])
        {
            BinaryPrimitives.WriteInt64BigEndian(number, n);
            message.Write(number);
        }

        var detail = Encoding.UTF8.GetBytes(Said.Detail);
        foreach (var field in (ReadOnlySpan<byte[]>)
            [
                Account, Fingerprint, Encoding.UTF8.GetBytes(Said.Actor),
                Encoding.UTF8.GetBytes(Said.Source), Encoding.UTF8.GetBytes(Said.RequestId),
                .. Consumer.Length + detail.Length > 0 ? [Consumer, detail] : Array.Empty<byte[]>(),
            ])
        {
            BinaryPrimitives.WriteInt64BigEndian(number, field.Length);
            message.Write(number);
            message.Write(field);
        }

        return message.ToArray();
    }

    /// <summary>What it says of who asked, and why.</summary>
    internal readonly record struct Texts(string Actor, string Source, string RequestId, string Detail);
}
