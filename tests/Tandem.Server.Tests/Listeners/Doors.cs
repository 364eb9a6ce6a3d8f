using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;

namespace Tandem.Server.Tests.Listeners;

/// <summary>Connections to each listener, and as far into it as a test needs them.</summary>
internal static class Doors
{
    /// <summary>The four behind which HTTP is spoken.</summary>
    public static readonly string[] Http = ["plain", "after TLS", "in the tunnel", "administration"];

    /// <summary>A request for a tunnel.</summary>
    public static readonly byte[] Connect = "CONNECT api.twilio.com:443 HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray();

    /// <summary>Listens with TLS where the stage needs it.</summary>
    public static async Task<ListenerHost> StartAsync(
        DirectoryInfo files, string stage, TimeProvider? time = null, Action<WebApplicationBuilder>? configure = null)
    {
        var (certificate, key) = (Path.Combine(files.FullName, "cert.pem"), Path.Combine(files.FullName, "key.pem"));
        Pem.Write(certificate, key).Dispose();
        return await ListenerHost.StartAsync(
            o => stage is "before TLS" or "after TLS" ? o with { TlsCertificateFile = certificate, TlsKeyFile = key } : o,
            time,
            configure: configure);
    }

    /// <summary>A bare connection to the door of a stage.</summary>
    public static async Task<Stream> DialAsync(ListenerHost host, string stage, IPAddress? from = null)
    {
        if (stage is "administration")
        {
            var local = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await local.ConnectAsync(new UnixDomainSocketEndPoint(host.Addresses.AdminSocket));
            return new NetworkStream(local, ownsSocket: true);
        }

        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(from ?? IPAddress.Loopback, 0));
        var door = stage is "before CONNECT" or "after CONNECT" or "in the tunnel" ? host.Addresses.TwilioProxy! : host.Addresses.Api[0];
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, door.Port));
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            socket.Dispose();
            return Stream.Null; // closed by the server before the client knew that it was open
        }
    }

    /// <summary>A connection that has come as far as the stage, and is silent from there on.</summary>
    public static async Task<Stream> OpenAsync(ListenerHost host, string stage)
    {
        var stream = await DialAsync(host, stage);
        if (stage is "after CONNECT" or "in the tunnel")
        {
            await stream.WriteAsync(Connect);
            await Wire.ReadHeadAsync(stream);
        }

        if (stage is "after TLS" or "in the tunnel")
        {
            var tls = Wire.TrustingAnybody(stream);
            await tls.AuthenticateAsClientAsync("api.twilio.com");
            return tls;
        }

        return stream;
    }
}
