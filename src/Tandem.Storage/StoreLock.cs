namespace Tandem.Storage;

/// <summary>
/// One process at a time: a second one would answer from an index that misses the first one's changes. The lock belongs to the open
/// file and ends with the process, however it ends.
/// </summary>
internal sealed class StoreLock : IDisposable
{
    private static readonly string[] NetworkFileSystems = ["nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "ceph", "9p"];

    private readonly FileStream _file;

    private StoreLock(FileStream file) => _file = file;

    public static StoreLock Take(string directory)
    {
        var format = new DriveInfo(directory).DriveFormat;
        if (NetworkFileSystems.Contains(format, StringComparer.OrdinalIgnoreCase))
        {
            throw new StoreException(
                $"The data directory {directory} is on a network file system ({format}), where neither locks nor syncs can be relied on. Choose a directory on a local disk: tandem serve --data DIR");
        }

        var path = Path.Combine(directory, "lock");
        try
        {
            return new(new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None, // an exclusive flock
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }));
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
        {
            throw new StoreException(
                $"Another tandem process uses the data directory {directory}. Nothing was changed. Stop that process (fuser {path} names it), or choose another directory: tandem serve --data DIR", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StoreException($"The data directory {directory} cannot be written by this user. Nothing was changed. Run as its owner: chown it, or choose another one: tandem serve --data DIR", e);
        }
    }

    public void Dispose() => _file.Dispose();
}
