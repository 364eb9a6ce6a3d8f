using Microsoft.Data.Sqlite;

namespace Tandem.Storage;

/// <summary>
/// Empties the write-ahead log into the database and cuts it to nothing. A retired token's bytes are gone from the files only then
/// (measured: without it, all of them stay).
/// </summary>
internal sealed class Checkpoint(SqliteConnection connection, SemaphoreSlim readers) : IDisposable
{
    private readonly Statement _checkpoint = new(connection, "PRAGMA wal_checkpoint(TRUNCATE)");

    /// <summary>
    /// False when somebody else's read transaction, or a full disk, stood in the way; it may be tried again. Our own readers are kept out meanwhile.
    /// </summary>
    public bool TryTruncate()
    {
        readers.Wait();
        try
        {
            using var row = _checkpoint.Read();
            return row.Read() && row.GetInt64(0) == 0;
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SqliteErrors.Busy or SqliteErrors.Locked or SqliteErrors.Full)
        {
            return false;
        }
        finally
        {
            readers.Release();
        }
    }

    public void Dispose() => _checkpoint.Dispose();
}

/// <summary>The primary result codes that are no reason to stop (sqlite.org/rescode.html).</summary>
internal static class SqliteErrors
{
    public const int Busy = 5;
    public const int Locked = 6;
    public const int Full = 13;
}
