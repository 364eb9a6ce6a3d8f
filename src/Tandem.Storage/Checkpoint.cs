using Microsoft.Data.Sqlite;

namespace Tandem.Storage;

/// <summary>
/// Empties the write-ahead log into the database and cuts it to nothing. A retired token's bytes are gone from the files only then
/// (measured: without it, all of them stay).
/// </summary>
internal sealed class Checkpoint(SqliteConnection connection, StoreReader reader) : IDisposable
{
    /// <summary>A read ends within its limit unless the disk hangs; then the checkpoint is as good as refused.</summary>
    private static readonly TimeSpan Patience = StoreReader.TimeLimit + TimeSpan.FromMilliseconds(500);

    private readonly Statement _checkpoint = new(connection, "PRAGMA wal_checkpoint(TRUNCATE)");

    /// <summary>
    /// False when a read transaction, or a full disk, stood in the way; it may be tried again. Our own reads give way to it.
    /// </summary>
    public bool TryTruncate()
    {
        if (!reader.TryKeepReadsOut(Patience))
        {
            return false;
        }

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
            reader.LetReadsIn();
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
