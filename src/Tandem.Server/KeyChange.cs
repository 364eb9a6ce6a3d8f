using Tandem.Client;

namespace Tandem.Server;

/// <summary>
/// Changes the root key of a running server, in an order of which every part may be the last one before a crash: the new key is on disk before the
/// database is wrapped under it, and moves into the old one's place afterwards. See <see cref="RootKeyFile"/>.
/// </summary>
internal sealed class KeyChange(IAccountStore store, IKeyStore keyStore, DataKeys keys, TandemOptions options, TimeProvider time) : IDisposable
{
    private const int Named = 1000;

    private readonly KeyRotation _rotation = new(store, keys, time, options.RecoverableTokens);
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Where the server reads its root key from; a start with another file's key replaces it.</summary>
    private readonly RootKeyFile _file = new(DataDirectory.Of(options.DataDirectory), options.RootKeyFile);

    private string? _path;

    /// <summary>Changes it.</summary>
    /// <param name="caller">An operator.</param>
    /// <param name="to">A file with the new key; null to make one and put it in place.</param>
    /// <param name="context">Where the call came from.</param>
    /// <param name="committed">Called once the database needs the new key: nothing that fails from then on is a failure of the change.</param>
    /// <exception cref="StartException">A key file is not as it must be; the message says how. Nothing was changed.</exception>
    public async Task<Outcome<KeysRotatedInfo>> RotateAsync(Caller caller, string? to, ChangeContext context, Action committed)
    {
        await _turn.WaitAsync();
        try
        {
            var former = (await ReadAsync(CancellationToken.None)).RootKeyId;
            TakeLeftOver();
            using var next = to is null ? WriteNext(former) : RootKeyFile.Read(to);
            if (former.Equals(Convert.ToHexStringLower(next.Id), StringComparison.Ordinal))
            {
                throw new StartException($"The key in {to} is the root key already. Nothing was changed.");
            }

            if (!(await _rotation.RotateAsync(caller, next, context)).Is(out _, out var refusal))
            {
                if (to is null)
                {
                    DurableFile.Erase(_file.Next);
                }

                return refusal;
            }

            committed();
            var inPlace = to is null && TryTakeNext();
            _path = to ?? (inPlace ? null : _file.Next);
            await TryRemoveUnusedAsync(context);
            return new KeysRotatedInfo { Keys = await ReadAsync(CancellationToken.None), FormerRootKeyId = former, InPlace = inPlace };
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Removes seal keys with which nothing is sealed any more; not while a change is under way, which would wrap them again.</summary>
    public async Task RemoveUnusedAsync()
    {
        await _turn.WaitAsync();
        try
        {
            await _rotation.RemoveUnusedAsync(new("server", "unused-keys"));
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>What there is.</summary>
    public async Task<KeysInfo> ReadAsync(CancellationToken cancel)
    {
        var use = await _rotation.ReadAsync(keyStore, cancel);
        var root = use.Keys[0].RootKeyId; // all are wrapped in one transaction
        return new()
        {
            RootKeyFile = _path ?? _file.Path,
            RootKeyId = root,
            DataKeys = [.. use.Keys.Select(k => new DataKeyInfo { Id = k.Id, Purpose = WireName.Of(k.Purpose), RootKeyId = k.RootKeyId, DateCreated = k.DateCreated })],
            UnderOtherRootKeys = use.Keys.Count(k => !k.RootKeyId.Equals(root, StringComparison.Ordinal)),
            OldSeals = use.OldSeals.Count,
            OldSealAccounts = [.. use.OldSeals.Take(Named).Select(s => new OldSealInfo { AccountSid = s.Account.ToString(), Slot = s.Slot == Slot.Primary ? "primary" : "secondary", SealKey = s.KeyId })],
        };
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>Moves the next key into its place. When that fails, it stays where it is: the next change and the next start try again.</summary>
    private bool TryTakeNext()
    {
        try
        {
            _file.TakeNext();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return !File.Exists(_file.Next); // in place; what failed came after
        }
    }

    /// <summary>Ends a change before, whose key could not be moved into its place.</summary>
    private void TakeLeftOver()
    {
        if (string.Equals(_path, _file.Next, StringComparison.Ordinal) && TryTakeNext())
        {
            _path = null;
        }
    }

    /// <summary>The upkeep does it again within the hour.</summary>
    private async Task TryRemoveUnusedAsync(ChangeContext context)
    {
        try
        {
            await _rotation.RemoveUnusedAsync(context);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
        }
    }

    /// <summary>Only the key that the database needs now may be replaced in its file: after a change to another file this one is somebody else's to keep.</summary>
    private RootKey WriteNext(string former)
    {
        using var current = _file.Read();
        return former.Equals(Convert.ToHexStringLower(current.Id), StringComparison.Ordinal) ? _file.WriteNext()
            : throw new StartException($"The key in {_file.Path} is not the one in use ({former}), because it was changed to another file. Nothing was changed. Start the server with that file first: TANDEM_ROOT_KEY_FILE=FILE");
    }
}
