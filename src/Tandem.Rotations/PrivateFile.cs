using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Tandem.Rotations;

/// <summary>Files that are whole or as they were, and the few calls for them that the base library lacks.</summary>
internal static partial class PrivateFile
{
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Puts a file in the place of another: written beside it, synced, renamed, and the directory synced.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">All of it.</param>
    /// <param name="mode">Its mode, whatever the umask says.</param>
    /// <param name="owner">Its owner; null for this process's own.</param>
    public static void Replace(string path, ReadOnlySpan<byte> content, UnixFileMode mode = OwnerOnly, FileOwner? owner = null)
    {
        var directory = Path.GetDirectoryName(path)!;
        var beside = Path.Combine(directory, $".{Path.GetFileName(path)}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}.tmp");
        try
        {
            using (var file = new FileStream(beside, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = OwnerOnly,
                BufferSize = 0, // a buffer would be one more copy of a secret
            }))
            {
                file.Write(content);
                if (owner is { } other && FChown(file.SafeFileHandle.DangerousGetHandle().ToInt32(), other.User, other.Group) != 0)
                {
                    throw new UnauthorizedAccessException($"{path} belongs to another user, and only root may give a file away.");
                }

                File.SetUnixFileMode(file.SafeFileHandle, mode);
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: true);
            DurableFile.SyncDirectory(directory);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    [LibraryImport("libc", EntryPoint = "fchown")]
    private static partial int FChown(int descriptor, uint user, uint group);
}
