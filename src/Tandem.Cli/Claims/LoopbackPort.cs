using System.Net;
using System.Net.Sockets;

namespace Tandem.Cli.Claims;

/// <summary>Loopback ports for programs that have to be told theirs. Who can, listens on port 0 instead.</summary>
internal static class LoopbackPort
{
    // Below what Linux gives to outgoing connections (32768 and up): one of those, which tests make all the time, could otherwise have
    // the port before the program binds it, or while it is dead, or be connected to itself.
    private const int First = 20_000;
    private const int Count = 12_000;

    private static int s_next = Environment.ProcessId * 61;

    /// <summary>One that nobody listens on now, and that is given out once by this process.</summary>
    public static int Free()
    {
        for (var tries = 0; tries < Count; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref s_next) % Count);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Somebody's. The next, then.
            }
        }

        throw new InvalidOperationException($"No port from {First} to {First + Count - 1} is free.");
    }
}
