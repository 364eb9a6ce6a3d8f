using System.Data;
using System.Data.Common;

namespace Tandem.Storage;

/// <summary>What people decided about consumers: a row each; nothing decided is no row.</summary>
internal sealed class DecisionRows(DbConnection connection, RowMac mac) : IDisposable
{
    /// <summary>The rows.</summary>
    public static RowForm Form { get; } = new("consumer_decision", ["account", "consumer"], ["name", "every", "gone_since"]);

    private readonly Statement _select = new(
        connection, $"SELECT {Form.Select} FROM consumer_decision WHERE account = @account", ("@account", DbType.Binary));

    private readonly Statement _save = new(
        connection,
        $"{Form.Insert} ON CONFLICT (account, consumer) DO UPDATE SET name = excluded.name, every = excluded.every, "
        + "gone_since = excluded.gone_since, mac = excluded.mac",
        ("@account", DbType.Binary),
        ("@consumer", DbType.Binary),
        ("@name", DbType.String),
        ("@every", DbType.Int64),
        ("@gone_since", DbType.Int64),
        ("@mac", DbType.Binary));

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
            mac.Verify(Form, row);
            decisions.Add(Convert.ToHexStringLower(row.Blob(1)), new(
                row.GetString(2) is { Length: > 0 } name ? name : null,
                row.GetInt64(3) is > 0 and var every ? (uint)every : null,
                row.GetInt64(4) is > 0 and var gone ? (uint)gone : null));
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

        object[] values = [account.ToBytes(), id, decision.Name ?? "", (long)(decision.Every ?? 0), (long)(decision.GoneSince ?? 0)];
        _save.In(transaction).With([.. values, mac.Of(Form, values)]).ChangeOneRow();
    }

    public void Dispose()
    {
        _select.Dispose();
        _save.Dispose();
        _delete.Dispose();
    }
}
