using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Tandem.Storage;

/// <summary>
/// The embedded store: one SQLite file, one process, one writer. Checks never come here; they are answered by <see cref="Index"/>.
/// </summary>
public sealed class SqliteAccountStore : IAccountStore, IUserStore, IAuditTrail, IKeyStore, IAsyncDisposable
{
    private readonly StoreLock _lock;
    private readonly SqliteConnection _writing;
    private readonly SqliteConnection _reading;
    private readonly RowMac _mac;
    private readonly DecisionRows _decisions;
    private readonly UserRows _users;
    private readonly Anchor? _anchor;
    private readonly List<string> _warnings = [];
    private readonly StoreReader _reader;
    private readonly Writer _writer;
    private bool _disposed;

    private SqliteAccountStore(StoreLock taken, SqliteConnection writing, string path, SqliteOptions options, ILogger logger)
    {
        _lock = taken;
        _writing = writing;
        SchemaVersion = Migrator.Run(writing, options);
        Keys = KeyTable.Open(writing, options.RootKey, options.Time);
        _mac = new(Keys.Audit);
        try
        {
            _anchor = options.AnchorFile is { } file ? OpenAnchor(file, options) : null;
            Index = Load(options, logger);
            _reading = SqliteConnections.Open(path);
            (_decisions, _users) = (new(_reading, _mac), new(_reading, _mac)); // a page of the console asks several of them
            _reader = new(_reading, options.Time);
            _writer = new(writing, _reader, new(Keys, Index, Pending, _anchor), options, logger);
            _writer.Start();
        }
        catch
        {
            _reader?.Dispose();
            _reading?.Dispose();
            _anchor?.Dispose();
            _mac.Dispose();
            Keys.Dispose();
            throw;
        }
    }

    /// <summary>The verifiers of all accounts; kept up to date by the writer.</summary>
    public VerifierIndex Index { get; }

    /// <summary>Which accounts have a secondary, and since when; kept up to date by the writer.</summary>
    public PendingSecondaries Pending { get; } = new();

    /// <summary>The data keys, unwrapped.</summary>
    public DataKeys Keys { get; }

    /// <summary>Whether the database was created by this opening.</summary>
    public bool IsNew { get; private init; }

    /// <summary>What whoever opened it should know, a sentence or two each.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>The version of the schema.</summary>
    public int SchemaVersion { get; }

    /// <inheritdoc />
    public bool ResiduePending => _writer.ResiduePending;

    /// <inheritdoc />
    public bool RefusesChanges => _writer.Refuses;

    /// <summary>
    /// Told of each change that retires a token: after it is durable, before the index holds it and so before any call can be refused for
    /// it. On the writer's thread: it must be quick and must not throw. Set it before the first change.
    /// </summary>
    public Action<Retirement>? Retiring
    {
        get => _writer.Retiring;
        set => _writer.Retiring = value;
    }

    /// <summary>
    /// Opens the store: takes the process lock, creates or migrates the database, unwraps the keys, erases what a crash left behind and
    /// fills the index.
    /// </summary>
    /// <exception cref="StoreException">It cannot be opened; the message says why and what to do.</exception>
    public static SqliteAccountStore Open(SqliteOptions options, ILogger logger)
    {
        var taken = StoreLock.Take(options.Directory);
        SqliteConnection? connection = null;
        try
        {
            var path = Path.Combine(options.Directory, "tandem.db");
            var isNew = SqliteConnections.CreateFile(path);
            connection = SqliteConnections.Open(path);
            return new(taken, connection, path, options, logger) { IsNew = isNew };
        }
        catch (Exception e)
        {
            connection?.Dispose();
            taken.Dispose();
            if (e is AlteredRowException altered)
            {
                throw Refuse(options.Directory, altered);
            }

            if (e is SqliteException or InvalidDataException or InvalidCastException or InvalidOperationException)
            {
                throw new StoreException($"The database in {options.Directory} cannot be used ({e.Message.TrimEnd('.')}). Nothing was changed. If it is damaged, restore a backup.", e);
            }

            throw;
        }
    }

    /// <inheritdoc />
    public Task<Outcome<T>> ChangeAsync<T>(AccountSid account, Func<IAccountRows, Change<T>> decide)
        where T : class
    {
        var job = new WriteJob<T>(account, decide);
        if (!_writer.TryAdd(job))
        {
            job.Refuse(ErrorKind.Unavailable);
        }

        return job.Done;
    }

    /// <inheritdoc />
    public Task<Account?> FindAsync(AccountSid sid, CancellationToken cancel = default) =>
        FindAsync(connection => AccountQueries.Find(connection, sid), cancel);

    /// <inheritdoc />
    public Task<AccountPage> ListAsync(AccountQuery query, CancellationToken cancel = default) =>
        ScanAsync(connection => AccountQueries.List(connection, query), cancel);

    /// <inheritdoc />
    public Task<AccountHits> SearchAsync(AccountSearch search, CancellationToken cancel = default) =>
        ScanAsync(connection => AccountSearches.Run(connection, search), cancel);

    /// <inheritdoc />
    public Task<IReadOnlyDictionary<string, ConsumerDecision>> ReadDecisionsAsync(AccountSid account, CancellationToken cancel = default) =>
        FindAsync(_ => _decisions.Of(null, account), cancel);

    /// <inheritdoc />
    public Task<IReadOnlyList<AuditEntry>> ReadAuditAsync(AuditQuery query, CancellationToken cancel = default) =>
        ScanAsync(connection => AuditQueries.Read(connection, query), cancel);

    /// <inheritdoc />
    public async Task<AuditVerification> VerifyAsync(CancellationToken cancel = default)
    {
        var walk = new AuditWalk(Keys.Audit);
        while (await ScanAsync(walk.Step, cancel))
        {
        }

        if (_anchor is { } anchor)
        {
            await ScanAsync(connection => Compare(connection, walk, anchor.Last), cancel);
        }

        return walk.Result;
    }

    /// <summary>
    /// Copies the database into a new file of mode 0600, between mutations and without keeping one waiting. The copy is one file that holds
    /// everything up to its end, but no session. False when it could not be stored; what is there of it is the caller's to erase, either way.
    /// </summary>
    public Task<bool> CopyAsync(string path) => _writer.CopyAsync(path);

    /// <inheritdoc />
    public Task<KeyUse> ReadKeyUseAsync(long newest, bool primaries, CancellationToken cancel = default) => ScanAsync(
        connection =>
        {
            using var rows = new KeyRows(connection);
            return new KeyUse(rows.List(), rows.NotSealedWith(newest, primaries));
        },
        cancel);

    /// <inheritdoc />
    public Task<IReadOnlyList<User>> ListUsersAsync(CancellationToken cancel = default) => ScanAsync(_ => _users.All(), cancel);

    /// <inheritdoc />
    public Task<User?> FindUserAsync(string name, CancellationToken cancel = default) => FindAsync(_ => _users.Find(name), cancel);

    /// <inheritdoc />
    public Task<SignedIn?> FindSessionAsync(string id, CancellationToken cancel = default) => FindAsync(_ => _users.FindSession(id), cancel);

    /// <inheritdoc />
    public Task<IReadOnlyList<Session>> ListSessionsAsync(long userId, CancellationToken cancel = default) =>
        FindAsync(_ => _users.SessionsOf(userId), cancel);

    /// <summary>Does the mutations that wait, empties the log, closes the database and gives the lock back. A second call does nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }

        await Task.Run(_writer.Dispose);
        _reader.Dispose();
        _decisions.Dispose();
        _users.Dispose();
        await _reading.DisposeAsync();
        await _writing.DisposeAsync();
        _mac.Dispose();
        Keys.Dispose();
        _anchor?.Dispose();
        _lock.Dispose();
    }

    private static bool Compare(SqliteConnection connection, AuditWalk walk, AnchorLine? line)
    {
        if (line is not null)
        {
            walk.Compare(connection, line);
        }

        return false;
    }

    /// <summary>The row itself is not repaired: somebody wrote it, and may have written others before the server could tell.</summary>
    private static StoreException Refuse(string directory, AlteredRowException altered)
    {
        var file = Path.Combine(directory, "tandem.db");
        return new(
            $"The database {file} was altered: {altered.Message}. Nothing was changed, and the server does not start with such a row. Find out who can write to the file, then restore a backup: tandem restore FILE --data DIR. To go on without that row instead: sqlite3 '{file}' \"{altered.Removal}\"",
            altered);
    }

    /// <summary>Verifies the rows, fills the index, and erases what an earlier process was to leave behind nowhere.</summary>
    private VerifierIndex Load(SqliteOptions options, ILogger logger)
    {
        _mac.VerifyAll(_writing);
        var load = new AccountLoad(_writing);
        using var audit = new AuditChain(_writing, Keys.Audit);
        var index = load.Run(audit.Head(null).Epoch, Pending);
        if (load.HasRecoverableSeals && !options.RecoverableTokens)
        {
            EraseRecoverableSeals(logger);
        }

        if (load.HasPauses)
        {
            EndPauses();
        }

        return index;
    }

    private Anchor OpenAnchor(string path, SqliteOptions options)
    {
        var isRequired = options.RequireAnchor && !options.AcceptRollback;
        var anchor = Anchor.Open(path, Anchor.IdOf(Keys), KeyTable.IsUntouched(_writing), isRequired, out var aside);
        try
        {
            if (aside is not null)
            {
                _warnings.Add($"The anchor {path} was another database's, and this one is new: it was moved to {aside}.");
            }

            if (AnchorCheck.Run(_writing, Keys, anchor, options) is { } warning)
            {
                _warnings.Add(warning);
            }

            return anchor;
        }
        catch
        {
            anchor.Dispose();
            throw;
        }
    }

    /// <summary>A read that finds a row or a few by a key, as nearly every request does.</summary>
    private Task<T> FindAsync<T>(Func<SqliteConnection, T> read, CancellationToken cancel) => _reader.ReadAsync(read, quick: true, cancel);

    /// <summary>A read that looks through many rows: it waits for the quick ones.</summary>
    private Task<T> ScanAsync<T>(Func<SqliteConnection, T> read, CancellationToken cancel) => _reader.ReadAsync(read, quick: false, cancel);

    /// <summary>A rehearsal does not outlive the process that somebody watches it on.</summary>
    private void EndPauses()
    {
        using var resume = new Statement(_writing, $"UPDATE account SET primary_paused_until = {AccountRow.Wide} WHERE primary_paused_until > {AccountRow.Wide}");
        resume.Execute();
    }

    private void EraseRecoverableSeals(ILogger logger)
    {
        var erased = 0;
        foreach (var slot in (ReadOnlySpan<string>)["primary_seal", "secondary_seal"])
        {
            using var update = new Statement(_writing, $"UPDATE account SET {slot} = zeroblob(96) WHERE {AccountLoad.Recoverable(slot)}");
            erased += update.Execute();
        }

        if (erased > 0)
        {
            StoreLog.SealsErased(logger, erased);
        }
    }
}
