using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Tandem.Server.Listeners;

/// <summary>What a stranger may cost. Everything this server takes is small, so the limits are far below Kestrel's own.</summary>
internal static class ListenerLimits
{
    /// <summary>Bytes. The largest form that Twilio's paths take is a friendly name of 64 characters.</summary>
    public const int Body = 16 * 1024;

    /// <summary>Bytes. A list of accounts with every filter set stays below 1 KiB; what a proxy adds does not go into the line.</summary>
    public const int RequestLine = 8 * 1024;

    /// <summary>Bytes of all header fields. Cookies of a neighbouring site and a proxy's trace headers fit, a flood does not.</summary>
    public const int Headers = 16 * 1024;

    /// <summary>Header fields. Clients send about 10, a chain of proxies about 30.</summary>
    public const int HeaderCount = 64;

    /// <summary>Streams on one HTTP/2 connection: the protocol's customary floor, and the multiplier of a flood of resets.</summary>
    public const int Streams = 100;

    /// <summary>Bytes a client may send unasked on a stream, and on a connection: the least that HTTP/2 allows, four times the largest body.</summary>
    public const int Window = 65_535;

    /// <summary>Bytes buffered of a request before the client is made to wait; above the headers and the body together.</summary>
    public const int RequestBuffer = 64 * 1024;

    /// <summary>For a request's headers, and for whatever must come before them: TLS handshake, CONNECT. Also what unmasks a client that trickles.</summary>
    public static readonly TimeSpan HeaderTime = TimeSpan.FromSeconds(10);

    /// <summary>For an idle connection: twice the 60 seconds that nginx and others keep theirs, so that the proxy is the one who closes.</summary>
    public static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(120);

    /// <summary>240 bytes a second after 5 seconds: the slowest modem is faster, and a body of 16 KiB then ends within 70 seconds.</summary>
    public static readonly MinDataRate DataRate = new(240, TimeSpan.FromSeconds(5));

    /// <summary>
    /// Sets all of them. Connections are counted by <see cref="ConnectionGate"/>, because Kestrel counts those of each listener alone and
    /// knows no sources.
    /// </summary>
    public static void Apply(KestrelServerOptions server)
    {
        server.AddServerHeader = false; // Tells a scanner what to try, and nobody else anything.
        var limits = server.Limits;
        limits.MaxRequestBodySize = Body;
        limits.MaxRequestLineSize = RequestLine;
        limits.MaxRequestHeadersTotalSize = Headers;
        limits.MaxRequestHeaderCount = HeaderCount;
        limits.MaxRequestBufferSize = RequestBuffer;
        limits.MaxConcurrentUpgradedConnections = 0; // There is no WebSocket here.
        limits.RequestHeadersTimeout = HeaderTime;
        limits.KeepAliveTimeout = KeepAlive;
        limits.MinRequestBodyDataRate = DataRate;
        limits.MinResponseDataRate = DataRate;
        limits.Http2.MaxStreamsPerConnection = Streams;
        limits.Http2.InitialConnectionWindowSize = Window;
        limits.Http2.InitialStreamWindowSize = Window;
        limits.Http2.MaxRequestHeaderFieldSize = RequestLine;
    }
}
