using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Tandem;

/// <summary>
/// Small private files that must be there whole or not at all, and gone when they are gone. Compiled into the room of rotations as well, which
/// may not refer to this one: erasing is not to be written twice.
/// </summary>
internal static partial class DurableFile
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>
    /// Writes a new file, of mode 0600 unless another is given: beside it, synced, then moved into place, then the directory is synced. A crash leaves no half file.
    /// False when there is a file of that name already; it is never replaced.
    /// </summary>
    public static bool TryCreate(string path, ReadOnlySpan<byte> content, UnixFileMode mode = Private)
    {
        var beside = $"{path}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}.new";
        try
        {
            using (var file = new FileStream(beside, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = mode,
                BufferSize = 0, // a buffer would be one more copy of a secret
            }))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: false);
            SyncDirectory(Path.GetDirectoryName(path)!);
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            Erase(beside);
            return false;
        }
        catch
        {
            Erase(beside);
            throw;
        }
    }

    /// <summary>
    /// Overwrites a file with zeros, syncs it, unlinks it and syncs the directory. Nothing happens when it is not there. On a file system
    /// that never writes in place (copy on write, some flash) the old blocks live until they are reused; none can promise more.
    /// </summary>
    public static void Erase(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        using (var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0))
        {
            var zeros = new byte[Math.Min(file.Length, 1 << 16)];
            for (var left = file.Length; left > 0; left -= Math.Min(left, zeros.Length))
            {
                file.Write(zeros, 0, (int)Math.Min(left, zeros.Length));
            }

            file.Flush(flushToDisk: true);
        }

        File.Delete(path);
        SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Makes the names in a directory durable. The base library opens no directories.</summary>
    public static void SyncDirectory(string path)
    {
        var descriptor = Open(path, 0);
        if (descriptor < 0)
        {
            throw new IOException($"The directory {path} cannot be opened to sync it (error {Marshal.GetLastPInvokeError()}).");
        }

        var failed = Sync(descriptor) != 0;
        var error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (failed)
        {
            throw new IOException($"The directory {path} cannot be synced (error {error}).");
        }
    }

    /// <summary>Whether this user may make files in a directory, as the kernel sees it.</summary>
    public static bool MayWriteInto(string directory) => Access(directory, 2 | 1) == 0;

    [LibraryImport("libc", EntryPoint = "access", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int readOnly);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
