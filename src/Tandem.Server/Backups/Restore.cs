using Tandem.Storage;

namespace Tandem.Server.Backups;

/// <summary>What a restored backup is, and what its anchor knows.</summary>
/// <param name="Database">The database.</param>
/// <param name="AnchorAhead">The newest entry that the anchor knows and the backup has not; null when there is none.</param>
/// <param name="MissingAnchor">The path at which the start will look for the anchor, if no anchor is there; else null.</param>
public sealed record Restored(DatabaseSummary Database, long? AnchorAhead, string? MissingAnchor);

/// <summary>Puts a backup into an empty data directory. Whether it may be started from, the anchor decides at the start.</summary>
public static class Restore
{
    /// <summary>Restores.</summary>
    /// <param name="backup">The backup's file.</param>
    /// <param name="identity">Opens it when it is encrypted; null for one that is not.</param>
    /// <param name="options">Names the data directory, the root key and the anchor.</param>
    /// <param name="cancel">Ends it; nothing is left then.</param>
    /// <exception cref="StartException">Directory, key or backup are in the way; the message says how. Nothing was changed.</exception>
    /// <exception cref="StoreException">The same of what the backup holds.</exception>
    public static async Task<Restored> RunAsync(string backup, AgeIdentity? identity, TandemOptions options, CancellationToken cancel)
    {
        var directory = DataDirectory.Open(options.DataDirectory);
        var keyFile = new RootKeyFile(directory, options.RootKeyFile);
        if (Directory.EnumerateFileSystemEntries(directory.Root).Select(Path.GetFileName).FirstOrDefault(name => name is not ("root.key" or "lock" or "anchor")) is { } there)
        {
            throw new StartException($"The data directory {directory.Root} is not empty ({there} lies there). Nothing was changed. Move it away, or name another directory: tandem restore FILE --data DIR");
        }

        if (!File.Exists(keyFile.Path))
        {
            throw new StartException($"The root key {keyFile.Path} is not there, and without it a backup is worthless. Nothing was changed. Put the copy there that you keep of it (mode 600), or name it: TANDEM_ROOT_KEY_FILE=FILE");
        }

        var anchor = directory.AnchorFile(options.AnchorFile);
        if (Anchor.IsHeld(anchor))
        {
            throw new StartException($"The anchor {anchor} is held by a server that runs. Nothing was changed. To put the backup into that server's place, stop it first; a copy beside it needs an anchor of its own: TANDEM_ANCHOR_FILE=FILE");
        }

        using var key = keyFile.Read();
        DatabaseSummary? summary = null;
        await DatabaseAtRest.WithLockAsync(directory.Root, async () =>
        {
            var copy = $"{directory.Database}.restoring";
            try
            {
                await WriteAsync(backup, identity, copy, cancel);
                summary = DatabaseAtRest.Examine(copy, key);
                File.Move(copy, directory.Database, overwrite: false);
                DurableFile.SyncDirectory(directory.Root);
            }
            catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
            {
                throw new StartException($"The backup could not be restored: {e.Message.TrimEnd('.')}. Nothing was changed.", e);
            }
            catch (StoreException e)
            {
                throw new StartException($"The backup could not be restored: {e.Message} Nothing was changed.", e);
            }
            finally
            {
                DurableFile.Erase(copy);
                DurableFile.Erase($"{copy}-wal");
                DurableFile.Erase($"{copy}-shm");
            }
        });
        return new(summary!, DatabaseAtRest.AnchorAhead(summary!, anchor), File.Exists(anchor) ? null : anchor);
    }

    private static async Task WriteAsync(string backup, AgeIdentity? identity, string path, CancellationToken cancel)
    {
        await using var from = new FileStream(backup, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true);
        var start = new byte[32];
        _ = await from.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancel);
        from.Position = 0;
        await using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            BufferSize = 0,
        });
        if (AgeDecryption.Begins(start))
        {
            await AgeDecryption.DecryptAsync(from, file, identity ?? throw new InvalidDataException("it is encrypted; name the file with the private key: --identity KEYFILE"), cancel);
        }
        else if (start.AsSpan().StartsWith("SQLite format 3\0"u8))
        {
            await from.CopyToAsync(file, cancel);
        }
        else
        {
            throw new InvalidDataException("it is no backup of tandem's");
        }

        file.Flush(flushToDisk: true);
    }
}
