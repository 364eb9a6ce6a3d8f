using System.Buffers.Binary;
using System.Data.Common;
using System.Text;

namespace Tandem.Storage;

/// <summary>An audit entry as its row holds it; what its MAC is taken over. Nothing in it is read as anything but bytes, numbers and text.</summary>
internal readonly record struct AuditRow
{
    /// <summary>The columns, with the MAC behind them.</summary>
    public const string Columns = "epoch, at, account, action, generation, actor, source, request_id, suppress_email, fingerprint, mac, consumer, detail";

    public required long Epoch { get; init; }

    public required long At { get; init; }

    public required byte[] Account { get; init; }

    public required long Action { get; init; }

    public required long Generation { get; init; }

    public required string Actor { get; init; }

    public required string Source { get; init; }

    public required string RequestId { get; init; }

    public required long SuppressEmail { get; init; }

    public required byte[] Fingerprint { get; init; }

    public required byte[] Consumer { get; init; }

    public required string Detail { get; init; }

    /// <summary>The entry of a change.</summary>
    public static AuditRow Of(AuditDraft draft, long epoch, long generation, DateTimeOffset at) => new()
    {
        Epoch = epoch,
        At = at.ToUnixTimeMilliseconds(),
        Account = draft.Account.ToBytes(),
        Action = (long)draft.Action,
        Generation = generation,
        Actor = draft.Actor,
        Source = draft.Context.Source,
        RequestId = draft.Context.RequestId,
        SuppressEmail = draft.Context.SuppressEmailNotification ? 1L : 0L,
        Fingerprint = draft.Token?.ToBytes() ?? [],
        Consumer = draft.Consumer is { } id ? Convert.FromHexString(id) : [],
        Detail = draft.Detail ?? "",
    };

    /// <summary>Reads a row of <see cref="Columns"/>.</summary>
    public static (AuditRow Row, byte[] Mac) Read(DbDataReader row) => (
        new()
        {
            Epoch = row.GetInt64(0),
            At = row.GetInt64(1),
            Account = row.Blob(2),
            Action = row.GetInt64(3),
            Generation = row.GetInt64(4),
            Actor = row.GetString(5),
            Source = row.GetString(6),
            RequestId = row.GetString(7),
            SuppressEmail = row.GetInt64(8),
            Fingerprint = row.Blob(9),
            Consumer = row.Blob(11),
            Detail = row.GetString(12),
        },
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

        var detail = Encoding.UTF8.GetBytes(Detail);
        foreach (var field in (ReadOnlySpan<byte[]>)
            [
                Account, Fingerprint, Encoding.UTF8.GetBytes(Actor),
                Encoding.UTF8.GetBytes(Source), Encoding.UTF8.GetBytes(RequestId),
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
