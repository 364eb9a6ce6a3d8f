using System.Data.Common;
using System.Security.Cryptography;

namespace Tandem.Storage;

/// <summary>The wrapped data keys: made once with a new database, unwrapped at every opening.</summary>
internal static class KeyTable
{
    public static DataKeys Open(DbConnection connection, RootKey root, TimeProvider time)
    {
        var keys = Unwrap(connection, root);
        return Take(keys.Count > 0 ? keys : Create(connection, root, time));
    }

    /// <summary>Whether nothing was ever changed in a database: it has just begun, or its first start was cut short.</summary>
    public static bool IsUntouched(DbConnection connection)
    {
        using var changed = new Statement(
            connection, $"SELECT (SELECT epoch FROM epoch WHERE id = 1) = {AccountRow.Wide} AND NOT EXISTS (SELECT 1 FROM account) AND NOT EXISTS (SELECT 1 FROM audit)");
        using var row = changed.Read();
        return row.Read() && row.GetValue(0) is 1L;
    }

    /// <summary>Unwraps the keys of a database that has some.</summary>
    public static DataKeys Load(DbConnection connection, RootKey root) => Take(Unwrap(connection, root));

    /// <summary>The id of the root key that the keys are wrapped under; null when there are none. They are all wrapped under one.</summary>
    public static byte[]? RootKeyId(DbConnection connection)
    {
        using var table = new Statement(connection, "SELECT count(*) FROM sqlite_master WHERE name = 'data_key'");
        using (var found = table.Read())
        {
            if (!found.Read() || found.GetInt64(0) == 0)
            {
                return null;
            }
        }

        using var select = new Statement(connection, "SELECT root_key_id FROM data_key ORDER BY id LIMIT 1");
        using var row = select.Read();
        return row.Read() ? row.Blob(0) : null;
    }

    /// <summary>Zeroes the keys when one is missing.</summary>
    private static DataKeys Take(List<DataKey> keys)
    {
        try
        {
            return new(keys);
        }
        catch
        {
            keys.ForEach(k => k.Dispose());
            throw;
        }
    }

    /// <summary>Zeroes the keys that did unwrap when one does not.</summary>
    private static List<DataKey> Unwrap(DbConnection connection, RootKey root)
    {
        var keys = new List<DataKey>();
        try
        {
            Unwrap(connection, root, keys);
            return keys;
        }
        catch
        {
            keys.ForEach(k => k.Dispose());
            throw;
        }
    }

    private static void Unwrap(DbConnection connection, RootKey root, List<DataKey> keys)
    {
        using var select = new Statement(connection, "SELECT id, purpose, root_key_id, wrapped, date_created FROM data_key ORDER BY id");
        using var row = select.Read();
        while (row.Read())
        {
            var (purpose, rootKeyId, wrapped) = (row.Choice<DataKeyPurpose>(1), row.Blob(2, RootKey.IdSize), row.Blob(3, RootKey.WrappedSize));
            var sameKey = CryptographicOperations.FixedTimeEquals(root.Id, rootKeyId);
            _ = row.Moment(4);
            try
            {
                keys.Add(root.Unwrap(row.GetInt64(0), purpose, wrapped));
            }
            catch (CryptographicException e)
            {
                throw new StoreException(
                    sameKey
                        ? "A data key in the database was altered and does not unwrap. Nothing was changed. Restore a backup."
                        : $"The root key is not the one that this database was made with (it needs the key {Convert.ToHexStringLower(rootKeyId)}, this is {Convert.ToHexStringLower(root.Id)}). Nothing was changed. Put the right file in place, or name it: TANDEM_ROOT_KEY_FILE=FILE",
                    e);
            }

            if (!sameKey)
            {
                throw new InvalidDataException("a row of a data key was altered: it unwraps, but names another root key");
            }
        }
    }

    private static List<DataKey> Create(DbConnection connection, RootKey root, TimeProvider time)
    {
        if (!IsUntouched(connection))
        {
            throw new InvalidDataException("its data keys are missing");
        }

        var keys = Enum.GetValues<DataKeyPurpose>().Select((purpose, i) => DataKey.Generate(i + 1, purpose)).ToList();
        using var transaction = connection.BeginTransaction();
        using var rows = new KeyRows(connection);
        rows.Begin(transaction);
        rows.Wrap(root, keys, time.GetUtcNow());
        transaction.Commit();
        return keys;
    }
}
