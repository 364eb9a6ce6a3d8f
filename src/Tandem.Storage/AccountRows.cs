using System.Data;
using System.Data.Common;

namespace Tandem.Storage;

/// <summary>The rows of one transaction, read when asked for; and the statements that change them.</summary>
internal sealed class AccountRows : IAccountRows, IDisposable
{
    private readonly Statement _find;
    private readonly Statement _insert;
    private readonly Statement _update;

    private readonly Statement _count;
    private readonly Statement _countOpen;
    private readonly RowMac _mac;
    private readonly DecisionRows _decisions;
    private readonly UserRows _users;
    private readonly KeyRows _keys;
    private readonly AuditTail _tail;

    private readonly Dictionary<AccountSid, Account?> _seen = [];

    private DbTransaction? _transaction;

    public AccountRows(DbConnection connection, DataKey auditKey)
    {
        _find = new(connection, AccountRow.Find, ("@sid", DbType.Binary));
        _insert = new(connection, AccountRow.Insert, AccountRow.Parameters);
        _update = new(connection, AccountRow.Update, AccountRow.Parameters);
        _count = new( // the parent's own row is one of the index's entries
            connection,
            "SELECT count(*) - 1 FROM (SELECT 1 FROM account INDEXED BY account_by_owner WHERE owner = @owner LIMIT @most + 1)",
            ("@owner", DbType.Binary), ("@most", DbType.Int64));
        _countOpen = new(
            connection,
            "SELECT count(*) FROM (SELECT 1 FROM account INDEXED BY account_by_owner WHERE owner = @owner AND sid <> @owner "
            + $"AND status <> {(int)AccountStatus.Closed} LIMIT @most)",
            ("@owner", DbType.Binary), ("@most", DbType.Int64));
        _mac = new(auditKey);
        _decisions = new(connection, _mac);
        _users = new(connection, _mac);
        _keys = new(connection);
        _tail = new(connection, auditKey);
    }

    public void Begin(DbTransaction transaction)
    {
        _transaction = transaction;
        _users.Begin(transaction);
        _keys.Begin(transaction);
        _seen.Clear();
    }

    /// <summary>Reads a row once a transaction: nobody else changes it meanwhile.</summary>
    public Account? Find(AccountSid sid)
    {
        if (!_seen.TryGetValue(sid, out var account))
        {
            using var row = _find.In(_transaction).With(sid.ToBytes()).Read();
            _seen.Add(sid, account = row.Read() ? AccountRow.Read(row) : null);
        }

        return account;
    }

    /// <summary>Overwrites the row, or adds it; nothing for null.</summary>
    public void Save(Account? account)
    {
        if (account is not null)
        {
            (Find(account.Sid) is null ? _insert : _update).In(_transaction).Bind(account).ChangeOneRow();
        }
    }

    public int CountSubaccounts(AccountSid parent, bool withClosed, int atMost)
    {
        using var row = (withClosed ? _count : _countOpen).In(_transaction).With(parent.ToBytes(), (long)atMost).Read();
        return row.Read() ? checked((int)row.GetInt64(0)) : 0;
    }

    public IReadOnlyDictionary<string, ConsumerDecision> Decisions(AccountSid account) => _decisions.Of(_transaction, account);

    public void Decide(AccountSid account, string consumer, ConsumerDecision decision) => _decisions.Save(_transaction, account, consumer, decision);

    public IUserRows Users => _users;

    public IKeyRows Keys => _keys;

    public AuditCut? CutAudit(DateTimeOffset before, int atMost) => _tail.Cut(_transaction, before, atMost);

    public void Dispose()
    {
        _tail.Dispose();
        _keys.Dispose();
        _users.Dispose();
        _decisions.Dispose();
        _mac.Dispose();
        _find.Dispose();
        _count.Dispose();
        _countOpen.Dispose();
        _insert.Dispose();
        _update.Dispose();
    }
}
