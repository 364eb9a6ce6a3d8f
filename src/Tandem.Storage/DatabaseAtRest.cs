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
