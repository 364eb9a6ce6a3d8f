using System.Runtime.InteropServices;

namespace Tandem.Server;

/// <summary>
/// Keeps what is in this process's memory in it. Tokens pass through it, and a memory image is a file that outlives them: no core is ever written, no
/// other process of the same user may read the memory or attach, and what is made is for this user alone.
/// </summary>
public static partial class PrivateProcess
{
    private const int Core = 4;
    private const int SetDumpable = 4;
    private const uint OwnerOnly = 0b000_111_111;

    /// <summary>Begins it; to be called first. What the kernel refuses is left: it is a second line, and no promise rests on it.</summary>
    /// <param name="isServer">Whether no program of the user's is started from here, which would inherit the mask and the limit.</param>
    public static void Begin(bool isServer)
    {
        _ = Control(SetDumpable, 0, 0, 0, 0);
        if (isServer)
        {
            _ = SetMask(OwnerOnly);
            _ = SetLimit(Core, default);
        }
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint SetMask(uint mask);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in Limit limit);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nuint value, nuint second, nuint third, nuint fourth);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Limit(ulong Now, ulong Most);
}
