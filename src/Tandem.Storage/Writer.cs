using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Tandem.Storage;

/// <summary>
/// The one writer. For each mutation, in this order: decide on the locked rows, change, audit, bump the epoch, COMMIT; bring the index
/// up to date; if a token was retired, add it to the anchor and take its bytes out of the files; answer. Nothing enters the index before COMMIT has returned, and
/// nothing is answered before the index has it. After COMMIT no answer is an error; a fault there, or an I/O error anywhere, ends the process.
/// </summary>
internal sealed class Writer : IDisposable
{
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(250);

    /// <summary>How often it is tried whether changes can be stored again, while nobody asks for one.</summary>
    private static readonly TimeSpan ProbePause = TimeSpan.FromSeconds(1);

    private readonly SqliteConnection _connection;
    private readonly SqliteOptions _options;
    private readonly VerifierIndex _index;
    private readonly PendingSecondaries _pending;
    private readonly Anchor? _anchor;
    private readonly ILogger _logger;
    private readonly WriteQueue _queue = new();
    private readonly AccountRows _rows;
    private readonly AuditChain _audit;
    private readonly Erasure _erasure;
    private readonly Thread _thread;
    private readonly StoreMetrics _metrics;
    private readonly ConcurrentQueue<BackupCopy> _copies = new();
    private readonly Statement _probe;
    private volatile bool _databaseRefuses;
    private volatile bool _anchorRefuses;
    private long _probed;

    public Writer(SqliteConnection connection, StoreReader reader, StoreContent content, SqliteOptions options, ILogger logger)
    {
        (_connection, _options, _logger) = (connection, options, new HarmlessLogger(logger));
        (_index, _pending, _anchor) = (content.Index, content.Pending, content.Anchor);
        _metrics = new(content.Index, _queue);
        _rows = new(connection, content.Keys.Audit);
        _audit = new(connection, content.Keys.Audit);
        _probe = new(connection, "UPDATE epoch SET epoch = epoch WHERE id = 1");
        _erasure = new(new(connection, reader), options.Time, _metrics, _logger);
        _thread = new(Run) { Name = "tandem writer", IsBackground = true };
    }

    /// <summary>See <see cref="SqliteAccountStore.Retiring"/>.</summary>
    public Action<Retirement>? Retiring { get; set; }

    public bool ResiduePending => _erasure.IsPending;

    /// <summary>Whether the last change was refused because it could not be stored, and none could be since.</summary>
    public bool Refuses => _databaseRefuses || _anchorRefuses;

    /// <summary>
    /// Empties the log that an earlier process left (it may hold what that one had retired and not yet erased), and begins to take mutations.
    /// </summary>
    public void Start()
    {
        _erasure.Now();
        _thread.Start();
    }

    public bool TryAdd(WriteJob job) => _queue.TryAdd(job);

    /// <summary>Begins a copy; ends with false when it could not be stored, or the store is being closed.</summary>
    public Task<bool> CopyAsync(string path)
    {
        var copy = new BackupCopy(path);
        _copies.Enqueue(copy);
        _queue.Wake();
        return copy.Done;
    }

    /// <summary>Does what waits, empties the log and ends.</summary>
    public void Dispose()
    {
        _queue.Close();
        _erasure.Hurry();
        _thread.Join();
        while (_copies.TryDequeue(out var copy))
        {
            copy.Dispose();
        }

        _erasure.Try();
        _rows.Dispose();
        _audit.Dispose();
        _probe.Dispose();
        _erasure.Dispose();
        _queue.Dispose();
        _metrics.Dispose();
    }

    private void Run()
    {
        for (var ended = false; !ended;)
        {
            if (_queue.Take(!_copies.IsEmpty ? TimeSpan.Zero : _erasure.IsPending || Refuses ? Idle : Timeout.InfiniteTimeSpan, out ended) is { } job)
            {
                Process(job);
            }
            else
            {
                RetryPending();
            }

            if (_copies.TryPeek(out var copy) && copy.Step(_connection))
            {
                _copies.TryDequeue(out _);
            }
        }
    }

    private void Process(WriteJob job)
    {
        if (Commit(job) is not { } committed)
        {
            return; // answered: nothing was changed
        }

        _ = AnswerAsync(job, committed, Complete(committed));
    }

    /// <summary>
    /// What happens after COMMIT, in this order. Each step says what its failure means, and none makes the answer an error.
    /// </summary>
    /// <returns>The file work that the answer waits for.</returns>
    private Task Complete(Committed committed)
    {
        var fileWork = Task.CompletedTask;
        Stopping("completing", () =>
        {
            var retirement = committed.Retirement;
            if (retirement is not null)
            {
                Retiring?.Invoke(retirement); // must not throw: a retirement that is not handed over would make a verdict better than its evidence
            }

            if (committed.After is not null)
            {
                _index.Apply(committed.After, committed.Head.Epoch); // stops the process: an old token might pass
                _pending.Apply(committed.After.Sid, committed.After.Secondary?.DateCreated); // the same: memory would differ from the disk
            }

            if (retirement is not null)
            {
                // Stops the process: a database without its line could be set back unnoticed.
                _anchor?.Append(new(committed.Head.Epoch, committed.Head.Mac, retirement.After.Sid, WireName.Of(committed.Action!.Value), _options.Time.GetUtcNow()));
                fileWork = BeginFileWork(retirement.After); // raises an alarm
            }

            _erasure.After(retirement); // raises an alarm when it is refused; an I/O error stops the process
        });
        return fileWork;
    }

    private Task BeginFileWork(Account account)
    {
        try
        {
            return _options.Retired?.Invoke(account) ?? Task.CompletedTask;
        }
        catch (Exception fault)
        {
            return Task.FromException(fault);
        }
    }

    /// <summary>Waits for the file work, away from the writer's thread, which goes on with the next change; then answers.</summary>
    private async Task AnswerAsync(WriteJob job, Committed committed, Task fileWork)
    {
        try
        {
            await fileWork;
        }
        catch (Exception fault)
        {
            StoreLog.FileWorkFailed(_logger, fault); // the work itself raises the alarm; the change is durable either way
        }

        _metrics.Changed(committed.Action, job.Began); // must not throw, and does not: see there
        job.Answer();
    }

    /// <summary>One transaction; null when nothing was changed and the caller has been told.</summary>
    private Committed? Commit(WriteJob job)
    {
        AuditHead? before = null;
        try
        {
            using var transaction = _connection.BeginTransaction(deferred: false);
            var head = _audit.Head(transaction);
            before = head;
            _rows.Begin(transaction);
            var (refusal, after, audit) = job.Decide(_rows);
            var retirement = after is null ? null : Retirement.Of(_rows.Find(after.Sid), after);
            refusal = refusal == ErrorKind.None && retirement is not null ? TakeRoomInAnchor() : refusal;
            if (refusal != ErrorKind.None)
            {
                transaction.Rollback();
                _metrics.Refused(refusal, job.Began);
                job.Refuse(refusal);
                return null;
            }

            if (audit is null)
            {
                transaction.Commit();
                _databaseRefuses = false;
                return new(null, null, default, null);
            }

            _rows.Save(after);
            var generation = (after ?? _rows.Find(audit.Account))?.Generation ?? 0;
            head = _audit.Append(transaction, head, audit, generation, _options.Time.GetUtcNow());
            transaction.Commit(); // through the transaction object: a COMMIT in a command's text may swallow its error
            _databaseRefuses = false;
            return new(retirement, after, head, audit.Action);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SqliteErrors.Full or SqliteErrors.Busy or SqliteErrors.Locked)
        {
            RefuseUnstored(job, before, e);
            return null;
        }
        catch (SqliteException e)
        {
            throw Halt("writing", e);
        }
        catch (Exception fault) when (fault is not UnreachableException)
        {
            _metrics.Refused("fault", job.Began);
            job.Fail(fault); // the decision itself failed; leaving the block has rolled the transaction back
            return null;
        }
    }

    /// <summary>Answers that the change could not be stored, once it is certain that nothing of it was.</summary>
    private void RefuseUnstored(WriteJob job, AuditHead? before, SqliteException why)
    {
        Stopping("after a refused write", () =>
        {
            if (before is not null && _audit.Head(null).Epoch != before.Value.Epoch)
            {
                throw new InvalidDataException("A COMMIT that was reported as failed has taken place.", why);
            }
        });
        if (!_databaseRefuses)
        {
            _databaseRefuses = true;
            StoreLog.WriteRefused(_logger, why.SqliteErrorCode); // once: a flood of refused changes must not fill the log
        }

        _metrics.Refused(ErrorKind.Unavailable, job.Began);
        job.Refuse(ErrorKind.Unavailable);
    }

    /// <summary>Before anything is changed, so that a full disk is a refusal.</summary>
    private ErrorKind TakeRoomInAnchor()
    {
        if (_anchor?.TryReserve() is not false)
        {
            _anchorRefuses = false;
            return ErrorKind.None;
        }

        if (!_anchorRefuses)
        {
            _anchorRefuses = true;
            StoreLog.AnchorFull(_logger, _anchor.Path);
        }

        return ErrorKind.Unavailable;
    }

    /// <summary>While nobody asks for a change: what could not be erased, and whether changes can be stored again.</summary>
    private void RetryPending() => Stopping("erasing", () =>
    {
        _erasure.Retry();
        if (Refuses && _options.Time.GetElapsedTime(_probed) >= ProbePause)
        {
            _probed = _options.Time.GetTimestamp();
            Probe();
        }
    });

    /// <summary>Takes the room of a line in the anchor, and writes and syncs one page that says what it said before.</summary>
    private void Probe()
    {
        _ = !_anchorRefuses || TakeRoomInAnchor() == ErrorKind.None;
        if (!_databaseRefuses)
        {
            return;
        }

        try
        {
            using var transaction = _connection.BeginTransaction(deferred: false);
            _probe.In(transaction).ChangeOneRow();
            transaction.Commit();
            _databaseRefuses = false;
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SqliteErrors.Full or SqliteErrors.Busy or SqliteErrors.Locked)
        {
            // still refused; the next probe or the next change tells
        }
    }

    private void Stopping(string doing, Action step)
    {
        try
        {
            step();
        }
        catch (Exception e)
        {
            throw Halt(doing, e);
        }
    }

    /// <summary>
    /// What the disk holds is not known any more, so nobody may be answered from memory: the process ends here, and the next start reads
    /// what is true. A failed sync is never tried again, because the kernel may have dropped the page and would report success.
    /// </summary>
    private UnreachableException Halt(string doing, Exception e)
    {
        var reason = e is SqliteException s ? $"SQLite error {s.SqliteErrorCode}/{s.SqliteExtendedErrorCode}" : e.GetType().Name;
        StoreLog.Halted(_logger, doing, reason);
        _options.Stop(
            $"tandem stopped: the database could not be trusted while {doing} ({reason}: {e.Message}). No change was acknowledged that is not on disk. Check the disk, then start again: tandem serve");
        return new UnreachableException("The stop action returned.");
    }

    /// <summary>What a transaction has made durable.</summary>
    private sealed record Committed(Retirement? Retirement, Account? After, AuditHead Head, AuditAction? Action);
}
