using System.Buffers.Binary;
using System.Text;

namespace Tandem.Testing;

/// <summary>Frames of HTTP/2 (RFC 9113) as bytes, for what no client library would send.</summary>
public static class Http2Frames
{
    /// <summary>The flag of the last frame of a stream.</summary>
    public const byte EndStream = 0x1;

    /// <summary>The flag of the last frame of a header block.</summary>
    public const byte EndHeaders = 0x4;

    /// <summary>The connection preface, with empty settings.</summary>
    public static byte[] Preface() => [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Http2FrameType.Settings, 0, 0, [])];

    /// <summary>A frame.</summary>
    public static byte[] Frame(Http2FrameType type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[9 + payload.Length];
        (frame[0], frame[1], frame[2]) = ((byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length);
        (frame[3], frame[4]) = ((byte)type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsSpan(9));
        return frame;
    }

    /// <summary>A whole GET request without a body.</summary>
    public static byte[] Get(int stream, string path, params (string Name, string Value)[] headers) =>
        Frame(Http2FrameType.Headers, EndStream | EndHeaders, stream, Block("GET", path, headers));

    /// <summary>A frame that resets a stream, with CANCEL.</summary>
    public static byte[] Reset(int stream) => Frame(Http2FrameType.ResetStream, 0, stream, [0, 0, 0, 8]);

    /// <summary>A header block, every field a literal without an index.</summary>
    public static byte[] Block(string method, string path, params (string Name, string Value)[] headers)
    {
        (string Name, string Value)[] all =
            [(":method", method), (":scheme", "https"), (":path", path), (":authority", "api.twilio.com"), .. headers];
        return [.. all.SelectMany(header => (byte[])[0, .. Text(header.Name), .. Text(header.Value)])];
    }

    /// <summary>Reads a frame; null when the other end has closed the connection.</summary>
    public static async Task<Http2Frame?> ReadAsync(Stream stream, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var head = new byte[9];
        try
        {
            await stream.ReadExactlyAsync(head, cancel);
            var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
            await stream.ReadExactlyAsync(payload, cancel);
            return new((Http2FrameType)head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)), payload);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>A string of HPACK without Huffman's code: its length in a prefix of seven bits, and its bytes.</summary>
    private static byte[] Text(string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        if (bytes.Length < 127)
        {
            return [(byte)bytes.Length, .. bytes];
        }

        List<byte> length = [127];
        var rest = bytes.Length - 127;
        for (; rest >= 128; rest >>= 7)
        {
            length.Add((byte)(rest & 127 | 128));
        }

        return [.. length, (byte)rest, .. bytes];
    }
}

/// <summary>The frame types of HTTP/2 that tests use.</summary>
public enum Http2FrameType
{
    /// <summary>DATA.</summary>
    Data = 0,

    /// <summary>HEADERS.</summary>
    Headers = 1,

    /// <summary>RST_STREAM.</summary>
    ResetStream = 3,

    /// <summary>SETTINGS.</summary>
    Settings = 4,

    /// <summary>PING.</summary>
    Ping = 6,

    /// <summary>GOAWAY.</summary>
    GoAway = 7,

    /// <summary>WINDOW_UPDATE.</summary>
    WindowUpdate = 8,

    /// <summary>CONTINUATION.</summary>
    Continuation = 9,
}

/// <summary>A frame that was read.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Flags">Its flags.</param>
/// <param name="Stream">Its stream; 0 for the connection.</param>
/// <param name="Payload">What it holds.</param>
public sealed record Http2Frame(Http2FrameType Type, byte Flags, int Stream, IReadOnlyList<byte> Payload);
