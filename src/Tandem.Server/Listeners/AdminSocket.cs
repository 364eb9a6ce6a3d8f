using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace Tandem.Server.Listeners;

/// <summary>
/// The administrator's door: a socket that only the server's own user can open. Two locks: the file's mode, and the peer's user as
/// the kernel gives it. The system removes the file when the server stops in order.
/// </summary>
public static partial class AdminSocket
{
    /// <summary>Its name in the data directory.</summary>
    public const string FileName = "admin.sock";

    /// <summary>Bytes of a path that a Unix socket's address holds besides its closing zero.</summary>
    private static readonly int s_longest = OperatingSystem.IsMacOS() ? 103 : 107;

    /// <summary>Where the socket of a data directory is.</summary>
    public static string PathIn(string dataDirectory) => Path.Combine(Path.GetFullPath(dataDirectory), FileName);

    /// <summary>Why the socket cannot be in this directory, as a sentence; null when it can.</summary>
    internal static string? Violation(string dataDirectory)
    {
        var path = PathIn(dataDirectory);
        var bytes = Encoding.UTF8.GetByteCount(path);
        return bytes <= s_longest ? null
            : $"The administration socket {path} would have a path of {bytes} bytes; a Unix socket's address holds {s_longest}. "
            + "Choose a shorter directory with --data.";
    }

    /// <summary>Listens on the socket.</summary>
    internal static void Listen(KestrelServerOptions server, string path, ILogger logger, Action<ListenOptions> further) =>
        server.ListenUnixSocket(path, listener =>
        {
            listener.Protocols = HttpProtocols.Http1;
            listener.Use(next => connection => TagOrClose(connection, next, logger));
            further(listener);
        });

    /// <summary>
    /// Makes the bound socket: what a crash left behind is removed first (the data directory's lock says that nobody listens there),
    /// and the mode is set after bind and before listen, so that there is no moment in which another user could connect.
    /// </summary>
    internal static void Guard(SocketTransportOptions transport, string path)
    {
        var inner = transport.CreateBoundListenSocket;
        transport.CreateBoundListenSocket = endpoint =>
        {
            if (endpoint is not UnixDomainSocketEndPoint unix || !string.Equals(unix.ToString(), path, StringComparison.Ordinal))
            {
                return inner(endpoint);
            }

            File.Delete(path);
            var socket = inner(endpoint);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return socket;
        };
    }

    /// <summary>Whether a peer may administrate: the server's own user or root. An unknown one may not.</summary>
    internal static bool Admits(int? peer, int own) => peer is { } user && (user == own || user == 0);

    private static Task TagOrClose(ConnectionContext connection, ConnectionDelegate next, ILogger logger)
    {
        var peer = connection.Features.Get<IConnectionSocketFeature>() is { } feature ? PeerUser.Of(feature.Socket) : null;
        if (!Admits(peer, PeerUser.Own))
        {
            LogRefused(logger, peer);
            connection.Abort();
            return Task.CompletedTask;
        }

        connection.Features.Set<IListenerFeature>(new ListenerTag(ListenerKind.Admin, peer));
        return next(connection);
    }

    [LoggerMessage(1, LogLevel.Warning, "A process of user {User} opened the administration socket and was refused: it is for the server's own user and root.")]
    private static partial void LogRefused(ILogger logger, int? user);
}
