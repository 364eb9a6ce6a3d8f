using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Tandem.Storage;

/// <summary>
/// A copy of the database, made page by page by the writer between its mutations: nothing waits for it, and no snapshot is held that would keep a
/// retired token's bytes in the log. What the writer changes meanwhile is copied along, so the copy is the database as it is at the end.
/// </summary>
internal sealed class BackupCopy(string path) : IDisposable
{
    /// <summary>A quarter of a mebibyte: a fraction of a millisecond in which a mutation waits.</summary>
    private const int PagesAtOnce = 64;

    private readonly TaskCompletionSource<bool> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SqliteConnection? _copy;
    private sqlite3_backup? _backup;

    /// <summary>Ends with true when the copy is whole and on the disk, with false when it could not be stored.</summary>
    public Task<bool> Done => _done.Task;

    /// <summary>Copies some pages; true when it has ended, in whatever way.</summary>
    public bool Step(SqliteConnection source)
    {
        try
        {
            if (_backup is null)
            {
                SqliteConnections.CreateFile(path);
                _copy = SqliteConnections.OpenCopy(path);
                _backup = raw.sqlite3_backup_init(_copy.Handle!, "main", source.Handle!, "main");
            }

            switch (raw.sqlite3_backup_step(_backup, PagesAtOnce))
            {
                case raw.SQLITE_OK or raw.SQLITE_BUSY or raw.SQLITE_LOCKED:
                    return false;
                case raw.SQLITE_DONE:
                    _backup.Dispose();
                    _backup = null;
                    _ = Task.Run(Finish); // the sync of the whole copy takes as long as the disk needs: not on the writer's thread
                    return true;
                default:
                    return End(false); // of the copy alone: what is wrong with the source shows where it is read
            }
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException or StoreException)
        {
            return End(false);
        }
        catch (Exception fault)
        {
            _done.TrySetException(fault); // for the caller: on the writer's thread it would end the process
            return End(false);
        }
    }

    public void Dispose() => End(false);

    private void Finish()
    {
        try
        {
            SqliteConnections.SettleCopy(_copy!);
            _copy!.Dispose();
            _copy = null;
            using (var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite))
            {
                file.Flush(flushToDisk: true);
            }

            End(true);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            End(false);
        }
        catch (Exception fault)
        {
            _done.TrySetException(fault); // no caller sees this task
            End(false);
        }
    }

    private bool End(bool whole)
    {
        _backup?.Dispose();
        _copy?.Dispose();
        (_backup, _copy) = (null, null);
        _done.TrySetResult(whole);
        return true;
    }
}
