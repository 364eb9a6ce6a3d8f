using System.Runtime.InteropServices;

namespace Tandem.Rotations;

/// <summary>Who owns a file and how it is shared, which the base library does not tell.</summary>
/// <param name="Links">How many names it has.</param>
/// <param name="User">The owner's user id.</param>
/// <param name="Group">The owner's group id.</param>
/// <param name="Device">The file system that it is on: equal for files of one, of no other use.</param>
public readonly partial record struct FileOwner(uint Links, uint User, uint Group, ulong Device)
{
    /// <summary>Of a file or a directory; null when the system does not say.</summary>
    public static FileOwner? Of(string path)
    {
        const int atCurrentDirectory = -100;
        const uint linksAndOwner = 0x4 | 0x8 | 0x10;

        // struct statx is the same on every architecture: the number of links at 16, user and group behind it; the device in two halves at 136.
        Span<byte> status = stackalloc byte[256];
        return StatX(atCurrentDirectory, path, 0, linksAndOwner, status) != 0 ? null
            : new(BitConverter.ToUInt32(status[16..]), BitConverter.ToUInt32(status[20..]), BitConverter.ToUInt32(status[24..]), BitConverter.ToUInt64(status[136..]));
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int directory, string path, int flags, uint mask, Span<byte> status);
}
