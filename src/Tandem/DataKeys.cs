using System.Collections.Frozen;
using System.Security.Cryptography;

namespace Tandem;

/// <summary>What a data key is for; each purpose has keys of its own. The numbers are what is stored.</summary>
public enum DataKeyPurpose : byte
{
    /// <summary>Keys the verifiers. Never changed behind live tokens: the cure for a stolen pepper is new tokens.</summary>
    Pepper = 2,

    /// <summary>Seals the text of pending secondaries.</summary>
    Seal = 3,

    /// <summary>Marks retired tokens, so that late use can be told.</summary>
    Tombstone = 4,

    /// <summary>Chains the audit entries.</summary>
    Audit = 5,

    /// <summary>Protects the console's sessions.</summary>
    Session = 6,
}

/// <summary>A random 32-byte key; stored only wrapped under the <see cref="RootKey"/>.</summary>
public sealed class DataKey : IDisposable
{
    /// <summary>Bytes.</summary>
    public const int Size = 32;

    private readonly byte[] _key = GC.AllocateUninitializedArray<byte>(Size, pinned: true);

    internal DataKey(long id, DataKeyPurpose purpose, ReadOnlySpan<byte> key)
    {
        (Id, Purpose) = (id, purpose);
        key.CopyTo(_key);
    }

    /// <summary>Its number among all data keys; written into what it seals.</summary>
    public long Id { get; }

    /// <summary>What it is for.</summary>
    public DataKeyPurpose Purpose { get; }

    internal ReadOnlySpan<byte> Bytes => _key;

    /// <summary>Draws a key.</summary>
    public static DataKey Generate(long id, DataKeyPurpose purpose)
    {
        var key = new DataKey(id, purpose, new byte[Size]);
        RandomNumberGenerator.Fill(key._key);
        return key;
    }

    /// <summary>Whether it is the same key, in fixed time.</summary>
    public bool IsSameAs(DataKey other) =>
        other is not null && other.Id == Id && other.Purpose == Purpose && CryptographicOperations.FixedTimeEquals(other._key, _key);

    /// <summary>HMAC-SHA-256 of a message under this key.</summary>
    public byte[] Hmac(ReadOnlySpan<byte> message) => HMACSHA256.HashData(_key, message);

    /// <summary>Zeroes the key.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_key);
}

/// <summary>
/// The data keys in use. Of each purpose the newest serves; older seal keys still open what they sealed. Seal keys come and go while it is used;
/// the others are there from the beginning to the end.
/// </summary>
public sealed class DataKeys : IDisposable
{
    private readonly Lock _changing = new();
    private readonly List<DataKey> _removed = [];
    private volatile FrozenDictionary<long, DataKey> _byId;
    private volatile DataKey _seal;

    /// <summary>Takes the keys of a store; each purpose must have at least one.</summary>
    /// <exception cref="InvalidDataException">A purpose has no key.</exception>
    public DataKeys(IEnumerable<DataKey> keys)
    {
        _byId = keys.ToFrozenDictionary(k => k.Id);
        Pepper = Newest(DataKeyPurpose.Pepper);
        _seal = Newest(DataKeyPurpose.Seal);
        Tombstone = Newest(DataKeyPurpose.Tombstone);
        Audit = Newest(DataKeyPurpose.Audit);
        Session = Newest(DataKeyPurpose.Session);
    }

    /// <summary>All of them.</summary>
    public IReadOnlyList<DataKey> All => _byId.Values;

    /// <summary>Keys the verifiers.</summary>
    public DataKey Pepper { get; }

    /// <summary>Seals new texts.</summary>
    public DataKey Seal => _seal;

    /// <summary>Marks retired tokens.</summary>
    public DataKey Tombstone { get; }

    /// <summary>Chains audit entries.</summary>
    public DataKey Audit { get; }

    /// <summary>Protects sessions.</summary>
    public DataKey Session { get; }

    /// <summary>The seal key with this number; null when it is gone.</summary>
    public DataKey? FindSeal(long id) => _byId.GetValueOrDefault(id) is { Purpose: DataKeyPurpose.Seal } key ? key : null;

    /// <summary>Seals new texts with this key from now on.</summary>
    public void AddSeal(DataKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Purpose, DataKeyPurpose.Seal);
        lock (_changing)
        {
            _byId = _byId.Values.Append(key).ToFrozenDictionary(k => k.Id);
            _seal = Newest(DataKeyPurpose.Seal);
        }
    }

    /// <summary>Forgets a seal key with which nothing is sealed any more; it is zeroed with the others, because somebody may just be trying it.</summary>
    public void RemoveSeal(long id)
    {
        lock (_changing)
        {
            if (id != _seal.Id && FindSeal(id) is { } key)
            {
                _removed.Add(key);
                _byId = _byId.Values.Where(k => k.Id != id).ToFrozenDictionary(k => k.Id);
            }
        }
    }

    /// <summary>Zeroes all keys.</summary>
    public void Dispose()
    {
        foreach (var key in _byId.Values.Concat(_removed))
        {
            key.Dispose();
        }
    }

    private DataKey Newest(DataKeyPurpose purpose) =>
        _byId.Values.Where(k => k.Purpose == purpose).MaxBy(k => k.Id)
        ?? throw new InvalidDataException($"The store holds no {purpose} key.");
}
