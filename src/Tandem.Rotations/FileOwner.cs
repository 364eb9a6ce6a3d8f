using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Tandem.Rotations;

/// <summary>Who owns a file and how it is shared, which the base library does not tell.</summary>
/// <param name="Links">How many names it has.</param>
/// <param name="User">The owner's user id.</param>
/// <param name="Group">The owner's group id.</param>
/// <param name="Device">The file system that it is on: equal for files of one, of no other use.</param>
/// <param name="Mode">Who may read, write and execute it.</param>
public readonly partial record struct FileOwner(uint Links, uint User, uint Group, ulong Device, UnixFileMode Mode)
{
    private const int AtCurrentDirectory = -100;

    /// <summary>Whether it belongs to the user of this process, or to root.</summary>
    public bool IsOursOrRoots => User == 0 || User == EffectiveUser();

    /// <summary>The owner of a file or a directory; null when the system does not say.</summary>
    public static FileOwner? Of(string path) => Of(AtCurrentDirectory, path, 0);

    /// <summary>The owner of an open file, whatever its name leads to by now; null when the system does not say.</summary>
    public static FileOwner? Of(SafeFileHandle file)
    {
        ArgumentNullException.ThrowIfNull(file);
        const int emptyPath = 0x1000;
        return Of(file.DangerousGetHandle().ToInt32(), "", emptyPath);
    }

    private static FileOwner? Of(int directory, string path, int flags)
    {
        const uint modeLinksAndOwner = 0x2 | 0x4 | 0x8 | 0x10;

        // struct statx is the same on every architecture: the number of links at 16, then user, group and mode; the device in two halves at 136.
        Span<byte> status = stackalloc byte[256];
        return StatX(directory, path, flags, modeLinksAndOwner, status) != 0 ? null
            : new(
                BitConverter.ToUInt32(status[16..]),
                BitConverter.ToUInt32(status[20..]),
                BitConverter.ToUInt32(status[24..]),
                BitConverter.ToUInt64(status[136..]),
                (UnixFileMode)(BitConverter.ToUInt16(status[28..]) & 0xFFF));
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int directory, string path, int flags, uint mask, Span<byte> status);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();
}
