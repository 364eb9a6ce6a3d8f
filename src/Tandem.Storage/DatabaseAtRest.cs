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
