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
    /// <summary>How long an answer waits for the checkpoint before it is given with the alarm up.</summary>
    private static readonly TimeSpan CheckpointPatience = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan CheckpointPause = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(250);

    /// <summary>Changes that retire nothing leave the log to grow; after this many it is emptied all the same.</summary>
    private const int ChangesBetweenCheckpoints = 256;

    private readonly SqliteConnection _connection;
    private readonly SqliteOptions _options;
    private readonly VerifierIndex _index;
    private readonly PendingSecondaries _pending;
    private readonly Anchor? _anchor;
    private readonly ILogger _logger;
    private readonly WriteQueue _queue = new();
    private readonly AccountRows _rows;
    private readonly AuditChain _audit;
    private readonly Checkpoint _checkpoint;
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _stopping = new();
    private readonly StoreMetrics _metrics;
    private readonly ConcurrentQueue<BackupCopy> _copies = new();
    private volatile bool _residuePending;
    private int _sinceCheckpoint;

    public Writer(SqliteConnection connection, SemaphoreSlim readers, StoreContent content, SqliteOptions options, ILogger logger)
    {
        (_connection, _options, _index, _pending, _anchor, _logger) = (connection, options, content.Index, content.Pending, content.Anchor, logger);
        _metrics = new(content.Index, _queue);
        _rows = new(connection, content.Keys.Audit);
        _audit = new(connection, content.Keys.Audit);
        _checkpoint = new(connection, readers);
        _thread = new(Run) { Name = "tandem writer", IsBackground = true };
    }

    /// <summary>See <see cref="SqliteAccountStore.Retiring"/>.</summary>
    public Action<Retirement>? Retiring { get; set; }

    public bool ResiduePending => _residuePending;

    /// <summary>
    /// Empties the log that an earlier process left (it may hold what that one had retired and not yet erased), and begins to take mutations.
    /// </summary>
    public void Start()
    {
        TruncateOrRaiseAlarm();
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
        _stopping.Set();
        _thread.Join();
        while (_copies.TryDequeue(out var copy))
        {
            copy.Dispose();
        }

        _checkpoint.TryTruncate();
        _rows.Dispose();
        _audit.Dispose();
        _checkpoint.Dispose();
        _stopping.Dispose();
        _queue.Dispose();
        _metrics.Dispose();
    }

    private void Run()
    {
        for (var ended = false; !ended;)
        {
            if (_queue.Take(!_copies.IsEmpty ? TimeSpan.Zero : _residuePending ? Idle : Timeout.InfiniteTimeSpan, out ended) is { } job)
            {
                Process(job);
            }
            else if (_residuePending)
            {
                Stopping("erasing", RetryPending);
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

        Stopping("completing", () =>
        {
            var retirement = committed.Retirement;
            if (retirement is not null)
            {
                Retiring?.Invoke(retirement);
            }

            if (committed.After is not null)
            {
                _index.Apply(committed.After, committed.Head.Epoch);
                _pending.Apply(committed.After.Sid, committed.After.Secondary?.DateCreated);
            }

            if (retirement is not null)
            {
                _anchor?.Append(new(committed.Head.Epoch, committed.Head.Mac, retirement.After.Sid, WireName.Of(committed.Action!.Value), _options.Time.GetUtcNow()));
                _options.Retired?.Invoke(retirement.After);
                TruncateOrRaiseAlarm();
            }
            else if (++_sinceCheckpoint >= ChangesBetweenCheckpoints)
            {
                _sinceCheckpoint = 0;
                _checkpoint.TryTruncate();
            }
        });
        _metrics.Changed(committed.Action, job.Began);
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
                return new(null, null, default, null);
            }

            _rows.Save(after);
            var generation = (after ?? _rows.Find(audit.Account))?.Generation ?? 0;
            head = _audit.Append(transaction, head, audit, generation, _options.Time.GetUtcNow());
            transaction.Commit(); // through the transaction object: a COMMIT in a command's text may swallow its error
            return new(retirement, after, head, audit.Action);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SqliteErrors.Full or SqliteErrors.Busy or SqliteErrors.Locked)
        {
            Stopping("after a refused write", () =>
            {
                if (before is not null && _audit.Head(null).Epoch != before.Value.Epoch)
                {
                    throw new InvalidDataException("A COMMIT that was reported as failed has taken place.", e);
                }
            });
            StoreLog.WriteRefused(_logger, e.SqliteErrorCode);
            _metrics.Refused(ErrorKind.Unavailable, job.Began);
            job.Refuse(ErrorKind.Unavailable);
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

    /// <summary>Before anything is changed, so that a full disk is a refusal.</summary>
    private ErrorKind TakeRoomInAnchor()
    {
        if (_anchor?.TryReserve() is not false)
        {
            return ErrorKind.None;
        }

        StoreLog.AnchorFull(_logger, _anchor.Path);
        return ErrorKind.Unavailable;
    }

    /// <summary>
    /// Empties the log, trying for two seconds; then the alarm goes up and it is tried again until done. While the alarm is up a mutation
    /// tries once, so that whoever blocks the checkpoint does not stop rotations as well.
    /// </summary>
    private void TruncateOrRaiseAlarm()
    {
        var started = _options.Time.GetTimestamp();
        while (!_checkpoint.TryTruncate())
        {
            _metrics.Blocked();
            if (_residuePending)
            {
                return;
            }

            if (_options.Time.GetElapsedTime(started) > CheckpointPatience || _stopping.Wait(CheckpointPause))
            {
                _residuePending = true;
                StoreLog.ResiduePending(_logger);
                return;
            }
        }

        _sinceCheckpoint = 0;
        ClearAlarm();
    }

    private void RetryPending()
    {
        if (_checkpoint.TryTruncate())
        {
            ClearAlarm();
        }
    }

    private void ClearAlarm()
    {
        if (_residuePending)
        {
            _residuePending = false;
            StoreLog.ResidueErased(_logger);
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
