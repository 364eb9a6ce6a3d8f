using System.Runtime.InteropServices;

namespace Tandem.Server.Listeners;

/// <summary>How many files and connections the system lets this process have open.</summary>
internal static partial class OpenFiles
{
    /// <summary>RLIMIT_NOFILE.</summary>
    private static readonly int s_resource = OperatingSystem.IsMacOS() ? 8 : 7;

    /// <summary>
    /// Raises the soft limit to the hard one, which needs no privilege, and returns the limit in force. The server starts no program that would
    /// inherit it.
    /// </summary>
    public static long Raise()
    {
        if (GetLimit(s_resource, out var limit) != 0)
        {
            return 1024; // the customary soft limit, where the system does not tell
        }

        if (limit.Soft < limit.Hard && SetLimit(s_resource, limit with { Soft = limit.Hard }) == 0)
        {
            limit = limit with { Soft = limit.Hard };
        }

        return (long)Math.Min(limit.Soft, long.MaxValue);
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out Limit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in Limit limit);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Limit(ulong Soft, ulong Hard);
}
