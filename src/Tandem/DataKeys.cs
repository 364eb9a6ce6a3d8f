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

    /// <summary>HMAC-SHA-256 of a message under this key.</summary>
    public byte[] Hmac(ReadOnlySpan<byte> message) => HMACSHA256.HashData(_key, message);

    /// <summary>Zeroes the key.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_key);
}

/// <summary>The data keys in use. Of each purpose the newest serves; older seal keys still open what they sealed.</summary>
public sealed class DataKeys : IDisposable
{
    private readonly FrozenDictionary<long, DataKey> _byId;

    /// <summary>Takes the keys of a store; each purpose must have at least one.</summary>
    /// <exception cref="InvalidDataException">A purpose has no key.</exception>
    public DataKeys(IEnumerable<DataKey> keys)
    {
        _byId = keys.ToFrozenDictionary(k => k.Id);
        Pepper = Newest(DataKeyPurpose.Pepper);
        Seal = Newest(DataKeyPurpose.Seal);
        Tombstone = Newest(DataKeyPurpose.Tombstone);
        Audit = Newest(DataKeyPurpose.Audit);
        Session = Newest(DataKeyPurpose.Session);
    }

    /// <summary>Keys the verifiers.</summary>
    public DataKey Pepper { get; }

    /// <summary>Seals new texts.</summary>
    public DataKey Seal { get; }

    /// <summary>Marks retired tokens.</summary>
    public DataKey Tombstone { get; }

    /// <summary>Chains audit entries.</summary>
    public DataKey Audit { get; }

    /// <summary>Protects sessions.</summary>
    public DataKey Session { get; }

    /// <summary>The seal key with this number; null when it is gone.</summary>
    public DataKey? FindSeal(long id) => _byId.GetValueOrDefault(id) is { Purpose: DataKeyPurpose.Seal } key ? key : null;

    /// <summary>Zeroes all keys.</summary>
    public void Dispose()
    {
        foreach (var key in _byId.Values)
        {
            key.Dispose();
        }
    }

    private DataKey Newest(DataKeyPurpose purpose) =>
        _byId.Values.Where(k => k.Purpose == purpose).MaxBy(k => k.Id)
        ?? throw new InvalidDataException($"The store holds no {purpose} key.");
}
