using System.Data;
using System.Data.Common;
using System.Security.Cryptography;

namespace Tandem.Storage;

/// <summary>The wrapped data keys: made once with a new database, unwrapped at every opening.</summary>
internal static class KeyTable
{
    public static DataKeys Open(DbConnection connection, RootKey root, TimeProvider time)
    {
        var keys = Load(connection, root);
        if (keys.Count == 0)
        {
            keys = Create(connection, root, time);
        }

        return new(keys);
    }

    private static List<DataKey> Load(DbConnection connection, RootKey root)
    {
        var keys = new List<DataKey>();
        using var select = new Statement(connection, "SELECT id, purpose, root_key_id, wrapped FROM data_key ORDER BY id");
        using var row = select.Read();
        while (row.Read())
        {
            try
            {
                keys.Add(root.Unwrap(row.GetInt64(0), (DataKeyPurpose)row.GetByte(1), row.Blob(3)));
            }
            catch (CryptographicException e)
            {
                var sameKey = CryptographicOperations.FixedTimeEquals(root.Id, row.Blob(2));
                throw new StoreException(
                    sameKey
                        ? "A data key in the database was altered and does not unwrap. Nothing was changed. Restore a backup."
                        : $"The root key is not the one that this database was made with (it needs the key {Convert.ToHexStringLower(row.Blob(2))}, this is {Convert.ToHexStringLower(root.Id)}). Nothing was changed. Put the right file in place, or name it: TANDEM_ROOT_KEY_FILE=FILE",
                    e);
            }
        }

        return keys;
    }

    private static List<DataKey> Create(DbConnection connection, RootKey root, TimeProvider time)
    {
        var keys = Enum.GetValues<DataKeyPurpose>().Select((purpose, i) => DataKey.Generate(i + 1, purpose)).ToList();
        using var transaction = connection.BeginTransaction();
        using var insert = new Statement(
            connection,
            "INSERT INTO data_key (id, purpose, root_key_id, wrapped, date_created) VALUES (@id, @purpose, @root, @wrapped, @created)",
            ("@id", DbType.Int64),
            ("@purpose", DbType.Int64),
            ("@root", DbType.Binary),
            ("@wrapped", DbType.Binary),
            ("@created", DbType.Int64));
        foreach (var key in keys)
        {
            insert.In(transaction).With(key.Id, (long)key.Purpose, root.Id, root.Wrap(key), time.GetUtcNow().ToUnixTimeMilliseconds()).ChangeOneRow();
        }

        transaction.Commit();
        return keys;
    }
}
