using Microsoft.Data.Sqlite;

namespace Tandem.Storage;

/// <summary>Checks the audit trail of a data directory that no server runs on. Nothing is written to the database.</summary>
public static class OfflineAudit
{
    /// <summary>Computes every link again, and compares with the anchor when there is one.</summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="rootKey">Unwraps the audit key.</param>
    /// <param name="anchorFile">The anchor; null to do without. One that is not there is no error.</param>
    /// <exception cref="StoreException">It cannot be read; the message says why.</exception>
    public static AuditVerification Verify(string directory, RootKey rootKey, string? anchorFile)
    {
        using var taken = StoreLock.Take(directory);
        using var connection = SqliteConnections.OpenToRead(Path.Combine(directory, "tandem.db"));
        try
        {
            Migrator.RequireNewest(connection);
            using var keys = KeyTable.Load(connection, rootKey);
            var walk = new AuditWalk(keys.Audit);
            while (walk.Step(connection))
            {
            }

            if (anchorFile is not null && Anchor.Peek(anchorFile, Anchor.IdOf(keys)) is { } line)
            {
                walk.Compare(connection, line);
            }

            return walk.Result;
        }
        catch (Exception e) when (e is SqliteException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The audit trail in {directory} cannot be read ({e.Message.TrimEnd('.')}). Nothing was changed. If the database is damaged, restore a backup.", e);
        }
    }
}
