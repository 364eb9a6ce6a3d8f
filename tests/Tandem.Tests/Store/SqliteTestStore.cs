using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Tandem.Storage;

namespace Tandem.Tests.Store;

public sealed class SqliteTestStore : ITestStore
{
    private readonly List<Account> _retired = [];
    private SqliteAccountStore _store;

    public SqliteTestStore() => _store = Open(recoverable: false);

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("tandem-test-").FullName;

    public RootKey RootKey { get; } = RootKey.Generate();

    public SqliteAccountStore Opened => _store;

    public IAccountStore Accounts => _store;

    public IUserStore Users => _store;

    public VerifierIndex Index => _store.Index;

    public DataKeys Keys => _store.Keys;

    public PendingSecondaries Pending => _store.Pending;

    public IReadOnlyList<Account> Retired => _retired;

    public SqliteOptions Options(RootKey? rootKey = null) => new()
    {
        Directory = Directory,
        RootKey = rootKey ?? RootKey,
        Retired = account =>
        {
            _retired.Add(account);
            return Task.CompletedTask;
        },
        Stop = static reason => Environment.FailFast(reason),
    };

    public async Task ReopenAsync(bool recoverable)
    {
        await _store.DisposeAsync();
        _store = Open(recoverable);
    }

    public IReadOnlyList<AuditRow> ReadAudit()
    {
        using var connection = Connect();
        using var select = connection.CreateCommand();
        select.CommandText =
            "SELECT epoch, at, account, action, generation, actor, source, request_id, suppress_email, fingerprint, mac FROM audit ORDER BY epoch";
        using var row = select.ExecuteReader();
        var rows = new List<AuditRow>();
        while (row.Read())
        {
            rows.Add(new(
                row.GetInt64(0) - (1L << 40), // epochs are stored from 2^40 on, to keep their width
                DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(1)),
                AccountSid.FromBytes(row.GetFieldValue<byte[]>(2)),
                (AuditAction)row.GetByte(3),
                row.GetInt64(4),
                row.GetString(5),
                row.GetString(6),
                row.GetString(7),
                row.GetBoolean(8),
                Convert.ToHexStringLower(row.GetFieldValue<byte[]>(9)),
                Convert.ToHexStringLower(row.GetFieldValue<byte[]>(10))));
        }

        return rows;
    }

    /// <summary>A connection past the store, as a curious operator would make one.</summary>
    public SqliteConnection Connect()
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(Directory, "tandem.db"),
            Mode = SqliteOpenMode.ReadOnly,
            Pooling = false,
        }.ToString());
        connection.Open();
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        RootKey.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private SqliteAccountStore Open(bool recoverable) =>
        SqliteAccountStore.Open(Options() with { RecoverableTokens = recoverable }, NullLogger.Instance);
}
