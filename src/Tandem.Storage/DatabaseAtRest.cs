using Microsoft.Data.Sqlite;

namespace Tandem.Storage;

/// <summary>Looks at a data directory that no server runs on, under the lock that keeps one from starting meanwhile.</summary>
public static class DatabaseAtRest
{
    /// <summary>Acts on the id of the root key that a database needs; null when there is no database, or none with keys.</summary>
    /// <exception cref="StoreException">A server runs on it, or it cannot be read.</exception>
    public static void WithRootKeyId(string directory, Action<byte[]?> act)
    {
        using var taken = StoreLock.Take(directory);
        act(RootKeyIdOf(directory));
    }

    /// <summary>
    /// Proves that a key opens a database, or a backup of one, by opening every data key in it; answers how many there are. A server may run on it:
    /// a few rows are read, and nothing is written.
    /// </summary>
    /// <param name="database">The database's file.</param>
    /// <param name="rootKey">The key.</param>
    /// <exception cref="StoreException">The key does not open it, or it is no database of tandem's.</exception>
    public static int Prove(string database, RootKey rootKey)
    {
        using var connection = SqliteConnections.OpenToRead(database);
        try
        {
            using var keys = KeyTable.Load(connection, rootKey);
            return keys.All.Count;
        }
        catch (Exception e) when (e is SqliteException or InvalidDataException)
        {
            throw new StoreException($"{database} is no database of tandem's, or it is damaged ({e.Message.TrimEnd('.')}).", e);
        }
    }

    /// <summary>
    /// Looks whether a file is a whole database of tandem's that this program can start from, and that the key opens.
    /// </summary>
    /// <exception cref="StoreException">It is not; the message says why.</exception>
    public static DatabaseSummary Examine(string database, RootKey rootKey)
    {
        using var connection = SqliteConnections.OpenToRead(database);
        try
        {
            if (SqliteConnections.Check(connection) is { } damage)
            {
                throw new StoreException($"The copy is damaged ({damage}).");
            }

            var schema = Migrator.RequireKnown(connection);
            using var keys = KeyTable.Load(connection, rootKey);
            if (schema >= RowMac.Schema)
            {
                using var mac = new RowMac(keys.Audit);
                mac.VerifyAll(connection);
            }

            using var head = new Statement(connection, AuditHead.Select);
            using var newest = new Statement(connection, "SELECT at FROM audit ORDER BY epoch DESC LIMIT 1");
            var epoch = AuditHead.Read(head).Epoch;
            using var row = newest.Read();
            return new(schema, epoch, row.Read() ? DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(0)) : null, Anchor.IdOf(keys));
        }
        catch (AlteredRowException e)
        {
            throw new StoreException($"The copy was altered: {e.Message}. Restore another one.", e);
        }
        catch (Exception e) when (e is SqliteException or InvalidDataException)
        {
            throw new StoreException($"The copy is no database of tandem's, or it is damaged ({e.Message.TrimEnd('.')}).", e);
        }
    }

    /// <summary>What the anchor knows that a database does not: its newest entry, when that is later; null when there is no anchor of this database, or nothing.</summary>
    /// <param name="database">The database.</param>
    /// <param name="anchorFile">The anchor.</param>
    public static long? AnchorAhead(DatabaseSummary database, string anchorFile)
    {
        ArgumentNullException.ThrowIfNull(database);
        return Anchor.Peek(anchorFile, database.Id) is { } line && line.Epoch > database.Epoch ? line.Epoch : null;
    }

    /// <summary>Runs with the lock of a data directory, so that no server starts on it meanwhile.</summary>
    /// <exception cref="StoreException">A server runs on it.</exception>
    public static async Task WithLockAsync(string directory, Func<Task> act)
    {
        ArgumentNullException.ThrowIfNull(act);
        using var taken = StoreLock.Take(directory);
        await act();
    }

    /// <summary>Copies that were made before upgrades and are older than this.</summary>
    public static IEnumerable<string> CopiesBeforeUpgrades(string directory, DateTimeOffset before) =>
        Directory.EnumerateFiles(directory, $"{Migrator.CopyPrefix}*{Migrator.CopySuffix}").Where(f => File.GetLastWriteTimeUtc(f) < before.UtcDateTime);

    private static byte[]? RootKeyIdOf(string directory)
    {
        var path = Path.Combine(directory, "tandem.db");
        if (!File.Exists(path) || new FileInfo(path).Length == 0)
        {
            return null;
        }

        using var connection = SqliteConnections.OpenToRead(path);
        return KeyTable.RootKeyId(connection);
    }
}

/// <summary>What a database says of itself.</summary>
/// <param name="Schema">The version of its schema.</param>
/// <param name="Epoch">The number of its newest change.</param>
/// <param name="At">When that was; null when there is none.</param>
/// <param name="Id">Tells databases apart, over copies and restores.</param>
public sealed record DatabaseSummary(int Schema, long Epoch, DateTimeOffset? At, string Id);
