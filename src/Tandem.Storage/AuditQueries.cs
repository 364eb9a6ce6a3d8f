using System.Data;
using System.Data.Common;

namespace Tandem.Storage;

/// <summary>Reads of audit entries, each filling memory and closing before it returns.</summary>
internal static class AuditQueries
{
    public static IReadOnlyList<AuditEntry> Read(DbConnection connection, AuditQuery query)
    {
        using var select = new Where($"SELECT {AuditRow.Columns} FROM audit")
            .And("account = @account", "@account", DbType.Binary, query.Account?.ToBytes())
            .And("epoch > @after", "@after", DbType.Int64, query.After + AccountRow.Wide)
            .And("epoch < @before", "@before", DbType.Int64, query.Before + AccountRow.Wide)
            .On(connection, query.After is null ? "epoch DESC" : "epoch", query.Limit);
        using var row = select.Read();
        var entries = new List<AuditEntry>();
        while (row.Read())
        {
            var fingerprint = row.Blob(9);
            var draft = new AuditDraft(
                (AuditAction)row.GetByte(3),
                AccountSid.FromBytes(row.Blob(2)),
                row.GetString(5),
                new(row.GetString(6), row.GetString(7), row.GetInt64(8) == 1),
                fingerprint.Length == 0 ? null : Fingerprint.FromBytes(fingerprint))
            {
                Consumer = row.Blob(11) is { Length: > 0 } consumer ? Convert.ToHexStringLower(consumer) : null,
                Detail = row.GetString(12) is { Length: > 0 } detail ? detail : null,
            };
            entries.Add(new(row.GetInt64(0) - AccountRow.Wide, DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(1)), row.GetInt64(4), draft, row.Blob(10)));
        }

        return entries;
    }
}
