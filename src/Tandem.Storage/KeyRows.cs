using System.Buffers.Binary;
using System.Data;
using System.Data.Common;
using System.Security.Cryptography;

namespace Tandem.Storage;

/// <summary>The wrapped data keys, in a transaction or read outside of one.</summary>
internal sealed class KeyRows(DbConnection connection) : IKeyRows, IDisposable
{
    private readonly Statement _wrap = new(
        connection,
        "INSERT INTO data_key (id, purpose, root_key_id, wrapped, date_created) VALUES (@id, @purpose, @root, @wrapped, @created) "
        + "ON CONFLICT (id) DO UPDATE SET root_key_id = excluded.root_key_id, wrapped = excluded.wrapped WHERE purpose = excluded.purpose",
        ("@id", DbType.Int64),
        ("@purpose", DbType.Int64),
        ("@root", DbType.Binary),
        ("@wrapped", DbType.Binary),
        ("@created", DbType.Int64));

    private readonly Statement _remove = new(connection, "DELETE FROM data_key WHERE id = @id", ("@id", DbType.Int64));
    private readonly Statement _list = new(connection, "SELECT id, purpose, root_key_id, date_created FROM data_key ORDER BY id");
    private readonly Statement _secondaries = new(
        connection,
        $"SELECT sid, substr(secondary_seal, 2, 8) FROM account WHERE secondary_created > {AccountRow.Wide} "
        + "AND substr(secondary_seal, 1, 1) <> x'00' AND substr(secondary_seal, 2, 8) <> @newest",
        ("@newest", DbType.Binary));

    private readonly Statement _primaries = new(
        connection,
        "SELECT sid, substr(primary_seal, 2, 8) FROM account WHERE substr(primary_seal, 1, 1) <> x'00' AND substr(primary_seal, 2, 8) <> @newest",
        ("@newest", DbType.Binary));

    private DbTransaction? _transaction;

    public void Begin(DbTransaction? transaction) => _transaction = transaction;

    /// <summary>Each wrapping is opened again before it is kept: what does not open would be lost with the commit.</summary>
    public void Wrap(RootKey root, IEnumerable<DataKey> keys, DateTimeOffset now)
    {
        var seen = new HashSet<long>();
        foreach (var key in keys)
        {
            var wrapped = root.Wrap(key);
            using (var opened = root.Unwrap(key.Id, key.Purpose, wrapped))
            {
                if (!opened.IsSameAs(key))
                {
                    throw new CryptographicException("A data key does not come out of its wrapping as it went in.");
                }
            }

            _wrap.In(_transaction).With(key.Id, (long)key.Purpose, root.Id, wrapped, now.ToUnixTimeMilliseconds()).ChangeOneRow();
            seen.Add(key.Id);
        }

        if (List().FirstOrDefault(k => !seen.Contains(k.Id)) is { } left)
        {
            throw new InvalidDataException($"The database holds the data key {left.Id}, which this process does not know.");
        }
    }

    public IReadOnlyList<OldSeal> NotSealedWith(long newest, bool primaries)
    {
        var seals = new List<OldSeal>();
        var id = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(id, newest);
        Read(_secondaries, Slot.Secondary);
        if (primaries)
        {
            Read(_primaries, Slot.Primary);
        }

        return seals;

        void Read(Statement select, Slot slot)
        {
            using var row = select.In(_transaction).With(id).Read();
            while (row.Read())
            {
                seals.Add(new(row.Sid(0), slot, BinaryPrimitives.ReadInt64BigEndian(row.Blob(1, 8))));
            }
        }
    }

    public void Remove(long keyId) => _remove.In(_transaction).With(keyId).ChangeOneRow();

    /// <summary>Which there are.</summary>
    public IReadOnlyList<WrappedKey> List()
    {
        var keys = new List<WrappedKey>();
        using var row = _list.In(_transaction).Read();
        while (row.Read())
        {
            keys.Add(new(
                row.GetInt64(0), row.Choice<DataKeyPurpose>(1), Convert.ToHexStringLower(row.Blob(2, RootKey.IdSize)), row.Moment(3)));
        }

        return keys;
    }

    public void Dispose()
    {
        _wrap.Dispose();
        _remove.Dispose();
        _list.Dispose();
        _secondaries.Dispose();
        _primaries.Dispose();
    }
}
