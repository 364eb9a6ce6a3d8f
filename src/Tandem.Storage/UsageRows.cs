using System.Buffers.Binary;
using System.Data.Common;

namespace Tandem.Storage;

/// <summary>Reads the usage file.</summary>
internal static class UsageRows
{
    public static void Read(DbConnection connection, DbTransaction transaction, UsageContent content)
    {
        Each(
            "SELECT account, generation, primary_from, promoted_after, retired_at, gap_until, primary_control, secondary_control FROM account_usage",
            row => content.Accounts.Add(new(
                AccountSid.FromBytes(row.Blob(0)),
                new(row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4)),
                row.Second(5),
                row.Blob(6),
                row.Blob(7),
                IsRewritten: false)));
        Each(
            "SELECT account, route, network, client, name, last, straggle, primary_use, secondary_use FROM consumer",
            row => content.Consumers.Add(new(
                AccountSid.FromBytes(row.Blob(0)),
                Key(row, 1),
                row.Second(5),
                row.Second(6),
                row.IsDBNull(7) ? null : row.Blob(7),
                row.IsDBNull(8) ? null : row.Blob(8))));
        Each("SELECT account, mark, fingerprint, retired FROM tombstone", row => content.Tombstones.Add(Stone(row, 2)));
        Each(
            "SELECT l.account, l.mark, l.route, l.network, l.client, l.name, l.first, l.last, l.calls, t.fingerprint, t.retired "
                + "FROM late_use l JOIN tombstone t ON t.account = l.account AND t.mark = l.mark",
            row => content.LateUses.Add(new(Stone(row, 9), Key(row, 2), row.Second(6), row.Second(7), (ulong)row.GetInt64(8))));
        Each(
            "SELECT began, ended, reason, calls FROM gap",
            row => content.Gaps.Add(new(row.Second(0), row.Second(1), (GapReason)row.GetByte(2), (ulong)row.GetInt64(3))));

        Each(
            "SELECT account, record FROM rotation",
            row =>
            {
                if (RotationRecordJson.Read(row.GetString(1)) is { } record)
                {
                    content.Rotations.Add(new(AccountSid.FromBytes(row.Blob(0)), record));
                }
            });

        void Each(string sql, Action<DbDataReader> take)
        {
            using var select = new Statement(connection, sql);
            using var row = select.In(transaction).Read();
            while (row.Read())
            {
                take(row);
            }
        }
    }

    /// <summary>A time in whole seconds since 1970.</summary>
    public static uint Second(this DbDataReader row, int column) => checked((uint)row.GetInt64(column));

    private static ConsumerKey Key(DbDataReader row, int column) => new(
        row.GetString(column), ClientNetwork.Parse(row.GetString(column + 1)), (ClientFamily)row.GetByte(column + 2), row.GetString(column + 3));

    private static Tombstone Stone(DbDataReader row, int column) => new(
        AccountSid.FromBytes(row.Blob(0)),
        BinaryPrimitives.ReadUInt64BigEndian(row.Blob(1)),
        new Fingerprint((ushort)row.GetInt64(column)),
        row.Second(column + 1));
}
