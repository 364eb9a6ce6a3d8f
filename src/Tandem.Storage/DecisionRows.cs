using System.Data;
using System.Data.Common;

namespace Tandem.Storage;

/// <summary>What people decided about consumers: a row each; nothing decided is no row.</summary>
internal sealed class DecisionRows(DbConnection connection) : IDisposable
{
    private readonly Statement _select = new(
        connection, "SELECT consumer, name, every, gone_since FROM consumer_decision WHERE account = @account", ("@account", DbType.Binary));

    private readonly Statement _save = new(
        connection,
        "INSERT INTO consumer_decision (account, consumer, name, every, gone_since) VALUES (@account, @consumer, @name, @every, @gone) "
        + "ON CONFLICT (account, consumer) DO UPDATE SET name = excluded.name, every = excluded.every, gone_since = excluded.gone_since",
        ("@account", DbType.Binary),
        ("@consumer", DbType.Binary),
        ("@name", DbType.String),
        ("@every", DbType.Int64),
        ("@gone", DbType.Int64));

    private readonly Statement _delete = new(
        connection,
        "DELETE FROM consumer_decision WHERE account = @account AND consumer = @consumer",
        ("@account", DbType.Binary),
        ("@consumer", DbType.Binary));

    public IReadOnlyDictionary<string, ConsumerDecision> Of(DbTransaction? transaction, AccountSid account)
    {
        var decisions = new Dictionary<string, ConsumerDecision>(StringComparer.Ordinal);
        using var row = _select.In(transaction).With(account.ToBytes()).Read();
        while (row.Read())
        {
            decisions.Add(Convert.ToHexStringLower(row.Blob(0)), new(
                row.GetString(1) is { Length: > 0 } name ? name : null,
                row.GetInt64(2) is > 0 and var every ? (uint)every : null,
                row.GetInt64(3) is > 0 and var gone ? (uint)gone : null));
        }

        return decisions;
    }

    public void Save(DbTransaction? transaction, AccountSid account, string consumer, ConsumerDecision decision)
    {
        var id = Convert.FromHexString(consumer);
        if (decision == new ConsumerDecision())
        {
            _delete.In(transaction).With(account.ToBytes(), id).Execute();
            return;
        }

        _save.In(transaction).With(account.ToBytes(), id, decision.Name ?? "", (long)(decision.Every ?? 0), (long)(decision.GoneSince ?? 0)).ChangeOneRow();
    }

    public void Dispose()
    {
        _select.Dispose();
        _save.Dispose();
        _delete.Dispose();
    }
}
