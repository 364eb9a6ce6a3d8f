using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Tandem;

/// <summary>
/// Small private files that must be there whole or not at all, and gone when they are gone. Compiled into the room of rotations as well, which
/// may not refer to this one: erasing is not to be written twice.
/// </summary>
internal static partial class DurableFile
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;

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

    /// <summary>
    /// Reads a small regular file. What else may lie in its place is refused and never waited for: opening a pipe would wait for its writer.
    /// </summary>
    /// <exception cref="IOException">It is no regular file, cannot be read, or is larger than <paramref name="limit"/> bytes.</exception>
    public static byte[] ReadSmall(string path, int limit)
    {
        if (new FileInfo(path).LinkTarget is not null)
        {
            throw new IOException("It is a symbolic link.");
        }

        using var handle = new SafeFileHandle(Open(path, NonBlocking | CloseOnExec), ownsHandle: true);
        if (handle.IsInvalid)
        {
            throw new IOException($"It cannot be opened (error {Marshal.GetLastPInvokeError()}).");
        }

        if (Directory.Exists(path))
        {
            throw new IOException("It is a directory.");
        }

        using var file = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        if (!file.CanSeek || file.Length > limit)
        {
            throw new IOException(file.CanSeek ? $"It is larger than {limit} bytes." : "It is no regular file.");
        }

        var content = new byte[file.Length];
        file.ReadExactly(content);
        return content;
    }

    /// <summary>Whether anything lies there: a file, a directory, a pipe, or a link that leads nowhere.</summary>
    public static bool IsTaken(string path) => Path.Exists(path) || new FileInfo(path).LinkTarget is not null;

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
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
