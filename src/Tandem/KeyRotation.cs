using System.Globalization;

namespace Tandem;

/// <summary>
/// The rows of the wrapped data keys as the running transaction sees them. An interface because the domain decides on them and must not know SQL.
/// </summary>
public interface IKeyRows
{
    /// <summary>Wraps keys under a root key, in the place of what was there; those that are new are added.</summary>
    void Wrap(RootKey root, IEnumerable<DataKey> keys, DateTimeOffset now);

    /// <summary>The seals that were made with other keys than this one.</summary>
    /// <param name="newest">The number of the key.</param>
    /// <param name="primaries">Whether primaries may be sealed as well, because recoverable tokens are on; to look takes as long as there are accounts.</param>
    IReadOnlyList<OldSeal> NotSealedWith(long newest, bool primaries);

    /// <summary>Removes a key.</summary>
    void Remove(long keyId);
}

/// <summary>
/// Reads of the keys. An interface because SQLite and PostgreSQL both keep them, and because the domain must not know SQL.
/// </summary>
public interface IKeyStore
{
    /// <summary>What the keys are wrapped under, and what is sealed with another one than <paramref name="newest"/>; see <see cref="IKeyRows.NotSealedWith"/>.</summary>
    Task<KeyUse> ReadKeyUseAsync(long newest, bool primaries, CancellationToken cancel = default);
}

/// <summary>A sealed token whose key is not the newest.</summary>
/// <param name="Account">Whose.</param>
/// <param name="Slot">Which.</param>
/// <param name="KeyId">The number of the key.</param>
public sealed record OldSeal(AccountSid Account, Slot Slot, long KeyId);

/// <summary>A wrapped data key, without the key.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Purpose">What it is for.</param>
/// <param name="RootKeyId">The root key that it is wrapped under.</param>
/// <param name="DateCreated">When it was made.</param>
public sealed record WrappedKey(long Id, DataKeyPurpose Purpose, string RootKeyId, DateTimeOffset DateCreated);

/// <summary>Which keys there are and what rests on them.</summary>
/// <param name="Keys">The wrapped data keys.</param>
/// <param name="OldSeals">The seals made with an older key.</param>
public sealed record KeyUse(IReadOnlyList<WrappedKey> Keys, IReadOnlyList<OldSeal> OldSeals);

/// <summary>
/// Puts another root key into the place of the one in use: every data key is wrapped anew in one transaction, and new seals are made with a new
/// seal key. No account changes. An older seal key lives until the last token sealed with it has been promoted or deleted.
/// </summary>
/// <param name="store">Where they are kept.</param>
/// <param name="keys">The keys in use.</param>
/// <param name="time">Where the time comes from.</param>
/// <param name="recoverable">Whether primaries may be sealed as well.</param>
public sealed class KeyRotation(IAccountStore store, DataKeys keys, TimeProvider time, bool recoverable)
{
    /// <summary>Wraps the data keys under another root key. One after the other: the caller sees to it.</summary>
    public async Task<Outcome<RootKey>> RotateAsync(Caller caller, RootKey next, ChangeContext context)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(next);
        var seal = DataKey.Generate(keys.All.Max(k => k.Id) + 1, DataKeyPurpose.Seal);
        var outcome = await store.ChangeAsync<RootKey>(default, rows =>
        {
            if (caller.MayOperate(rows) is var refusal and not ErrorKind.None)
            {
                return refusal;
            }

            rows.Keys.Wrap(next, [.. keys.All, seal], time.GetUtcNow());
            return new Change<RootKey>(
                new AuditDraft(AuditAction.KeysRotated, default, caller.OperatorName ?? "", context)
                {
                    Detail = string.Create(CultureInfo.InvariantCulture, $"root key {Convert.ToHexStringLower(next.Id)}, seal key {seal.Id}"),
                },
                next);
        });
        if (outcome.Error == ErrorKind.None)
        {
            keys.AddSeal(seal);
        }
        else
        {
            seal.Dispose();
        }

        return outcome;
    }

    /// <summary>Removes the older seal keys with which nothing is sealed any more; answers their numbers. Not beside a change of the root key.</summary>
    public async Task<IReadOnlyList<long>> RemoveUnusedAsync(ChangeContext context)
    {
        if (keys.All.Count(k => k.Purpose == DataKeyPurpose.Seal) == 1)
        {
            return [];
        }

        var outcome = await store.ChangeAsync<IReadOnlyList<long>>(default, rows =>
        {
            var newest = keys.Seal.Id;
            var used = rows.Keys.NotSealedWith(newest, recoverable).Select(s => s.KeyId).ToHashSet();
            long[] unused = [.. keys.All.Where(k => k.Purpose == DataKeyPurpose.Seal && k.Id != newest && !used.Contains(k.Id)).Select(k => k.Id).Order()];
            if (unused.Length == 0)
            {
                return Change.Unaudited<IReadOnlyList<long>>(unused);
            }

            Array.ForEach(unused, rows.Keys.Remove);
            var detail = $"seal key {string.Join(", ", unused.Select(id => id.ToString(CultureInfo.InvariantCulture)))}";
            return new Change<IReadOnlyList<long>>(new AuditDraft(AuditAction.SealKeyRemoved, default, "operator keys", context) { Detail = detail }, unused);
        });
        foreach (var id in outcome.Value ?? [])
        {
            keys.RemoveSeal(id);
        }

        return outcome.Value ?? [];
    }

    /// <summary>Reads which keys there are and what rests on them.</summary>
    public Task<KeyUse> ReadAsync(IKeyStore from, CancellationToken cancel) => from.ReadKeyUseAsync(keys.Seal.Id, recoverable, cancel);
}
