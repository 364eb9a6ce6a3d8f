using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Tandem.Server.Listeners;

/// <summary>Who is at the other end of a Unix socket, as the kernel noted it when the peer connected.</summary>
internal static class PeerUser
{
    /// <summary>The user this process acts as. The same bits as the kernel's unsigned number.</summary>
    public static int Own { get; } = unchecked((int)EffectiveUserId());

    /// <summary>The peer's user; null where the system does not tell.</summary>
    public static int? Of(Socket socket)
    {
        // Linux: SOL_SOCKET, SO_PEERCRED gives struct ucred { pid, uid, gid }. macOS: SOL_LOCAL, LOCAL_PEERCRED gives struct xucred
        // { version, uid, ... }. In both the user is the second 32-bit field.
        var (level, name, size) = OperatingSystem.IsLinux() ? (1, 17, 12) : OperatingSystem.IsMacOS() ? (0, 1, 76) : (0, 0, 0);
        if (size == 0)
        {
            return null;
        }

        Span<byte> credentials = stackalloc byte[size];
        try
        {
            return socket.GetRawSocketOption(level, name, credentials) < 8 ? null : MemoryMarshal.Read<int>(credentials[4..]);
        }
        catch (SocketException)
        {
            return null;
        }
    }

    [DllImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint EffectiveUserId();
}
