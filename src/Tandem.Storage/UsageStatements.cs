using System.Buffers.Binary;
using System.Data;
using System.Data.Common;
using System.Text.Json;

namespace Tandem.Storage;

/// <summary>The statements that write a batch of counts.</summary>
internal sealed class UsageStatements(DbConnection connection) : IDisposable
{
    private readonly Statement _account = new(
        connection,
        UsageSchema.SaveAccount,
        ("@account", DbType.Binary), ("@generation", DbType.Int64), ("@primary", DbType.Int64), ("@promoted", DbType.Int64), ("@retired", DbType.Int64),
        ("@gap", DbType.Int64), ("@pcontrol", DbType.Binary), ("@scontrol", DbType.Binary));

    private readonly Statement _clear = new(connection, "DELETE FROM consumer WHERE account = @account", ("@account", DbType.Binary));

    private readonly Statement _consumer = new(
        connection,
        UsageSchema.SaveConsumer,
        ("@account", DbType.Binary), ("@id", DbType.String), ("@route", DbType.String), ("@network", DbType.String), ("@client", DbType.Int64),
        ("@name", DbType.String), ("@last", DbType.Int64), ("@straggle", DbType.Int64), ("@primary", DbType.Binary), ("@secondary", DbType.Binary));

    private readonly Statement _tombstone = new(
        connection,
        UsageSchema.SaveTombstone,
        ("@account", DbType.Binary), ("@mark", DbType.Binary), ("@fingerprint", DbType.Int64), ("@retired", DbType.Int64));

    private readonly Statement _lateUse = new(
        connection,
        UsageSchema.SaveLateUse,
        ("@account", DbType.Binary), ("@mark", DbType.Binary), ("@id", DbType.String), ("@route", DbType.String), ("@network", DbType.String),
        ("@client", DbType.Int64), ("@name", DbType.String), ("@first", DbType.Int64), ("@last", DbType.Int64), ("@calls", DbType.Int64));

    private readonly Statement _gap = new(
        connection, UsageSchema.SaveGap, ("@began", DbType.Int64), ("@ended", DbType.Int64), ("@reason", DbType.Int64), ("@calls", DbType.Int64));

    private readonly Statement _rotation = new(connection, UsageSchema.SaveRotation, ("@account", DbType.Binary), ("@record", DbType.String));

    private readonly Statement _forgetRotation = new(connection, "DELETE FROM rotation WHERE account = @account", ("@account", DbType.Binary));

    private readonly Statement _written = new(connection, "UPDATE run SET written = @at WHERE id = 1", ("@at", DbType.Int64));

    private readonly Statement[] _forget =
    [
        new(connection, "DELETE FROM consumer WHERE last < @before", ("@before", DbType.Int64)),
        new(connection, "DELETE FROM gap WHERE ended < @before", ("@before", DbType.Int64)),
    ];

    private readonly Statement[] _forgetTombstone =
    [
        new(connection, "DELETE FROM tombstone WHERE account = @account AND mark = @mark", ("@account", DbType.Binary), ("@mark", DbType.Binary)),
        new(connection, "DELETE FROM late_use WHERE account = @account AND mark = @mark", ("@account", DbType.Binary), ("@mark", DbType.Binary)),
    ];

    private readonly Statement _forgetTombstones = new(connection, "DELETE FROM tombstone WHERE retired < @before", ("@before", DbType.Int64));

    private readonly Statement _forgetLateUses = new(
        connection,
        "DELETE FROM late_use WHERE NOT EXISTS (SELECT 1 FROM tombstone t WHERE t.account = late_use.account AND t.mark = late_use.mark)");

    public void Save(DbTransaction transaction, UsageBatch batch)
    {
        foreach (var row in batch.Accounts)
        {
            SaveAccount(transaction, row);
        }

        foreach (var row in batch.Consumers)
        {
            var key = row.Key;
            _consumer.In(transaction).With(
                row.Account.ToBytes(), key.Id, key.Route, key.Network.ToString(), (long)key.Client, key.Name, (long)row.Last, (long)row.Straggle,
                row.Primary ?? (object)DBNull.Value, row.Secondary ?? (object)DBNull.Value).ChangeOneRow();
        }

        foreach (var stone in batch.Tombstones)
        {
            _tombstone.In(transaction).With(stone.Account.ToBytes(), Mark(stone), (long)stone.Fingerprint.Value, (long)stone.RetiredAt).Execute();
        }

        foreach (var use in batch.LateUses)
        {
            var key = use.Caller;
            _lateUse.In(transaction).With(
                use.Tombstone.Account.ToBytes(), Mark(use.Tombstone), key.Id, key.Route, key.Network.ToString(), (long)key.Client, key.Name,
                (long)use.First, (long)use.Last, (long)use.Calls).ChangeOneRow();
        }

        foreach (var stone in batch.OldTombstones)
        {
            foreach (var statement in _forgetTombstone)
            {
                statement.In(transaction).With(stone.Account.ToBytes(), Mark(stone)).Execute();
            }
        }

        foreach (var gap in batch.Gaps)
        {
            _gap.In(transaction).With((long)gap.Began, (long)gap.Ended, (long)gap.Reason, (long)gap.Calls).ChangeOneRow();
        }

        foreach (var (account, record) in batch.Rotations)
        {
            SaveRotation(transaction, account, record);
        }

        if (batch.Forget)
        {
            Forget(transaction, batch.At);
        }

        _written.In(transaction).With((long)batch.At).ChangeOneRow();
    }

    public void Dispose()
    {
        foreach (var statement in (Statement[])
        [
            _account, _clear, _consumer, _tombstone, _lateUse, _gap, _rotation, _forgetRotation, _written,
            .. _forget, .. _forgetTombstone, _forgetTombstones, _forgetLateUses,
        ])
        {
            statement.Dispose();
        }
    }

    private static byte[] Mark(Tombstone stone)
    {
        var mark = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(mark, stone.Mark);
        return mark;
    }

    private void SaveAccount(DbTransaction transaction, AccountUsageRow row)
    {
        var account = row.Sid.ToBytes();
        if (row.IsRewritten)
        {
            _clear.In(transaction).With(account).Execute();
        }

        var marks = row.Marks;
        _account.In(transaction).With(
            account, marks.Generation, marks.PrimaryFrom, marks.PromotedAfter, marks.RetiredAt, (long)row.GapUntil, row.PrimaryControl, row.SecondaryControl).ChangeOneRow();
    }

    private void SaveRotation(DbTransaction transaction, AccountSid account, RotationRecord? record)
    {
        if (record is null)
        {
            _forgetRotation.In(transaction).With(account.ToBytes()).Execute();
            return;
        }

        _rotation.In(transaction).With(account.ToBytes(), JsonSerializer.Serialize(record, RotationRecordJson.Default.RotationRecord)).ChangeOneRow();
    }

    private void Forget(DbTransaction transaction, uint now)
    {
        foreach (var statement in _forget)
        {
            statement.In(transaction).With((long)now - UsageLedger.Lifetime).Execute();
        }

        _forgetTombstones.In(transaction).With((long)now - Tombstone.Lifetime).Execute();
        _forgetLateUses.In(transaction).Execute();
    }
}
