using System.Buffers;
using System.Text;

namespace Tandem.Server.Listeners;

/// <summary>What a client asks of the Twilio proxy before any encryption.</summary>
/// <param name="Host">The host to tunnel to, in lower case; null when the request is refused.</param>
/// <param name="Refusal">The status and the sentence it is refused with.</param>
internal readonly record struct ConnectRequest(string? Host, ConnectRefusal? Refusal)
{
    /// <summary>Bytes of request line and headers together.</summary>
    public const int Longest = 8 * 1024;

    private const string Suffix = ".twilio.com";

    private static readonly SearchValues<char> s_labelCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    /// <summary>Reads the request line; what stands in the headers plays no part.</summary>
    public static ConnectRequest Parse(ReadOnlySpan<byte> head)
    {
        var line = head[..head.IndexOf("\r\n"u8)];
        var (space, last) = (line.IndexOf((byte)' '), line.LastIndexOf((byte)' '));
        if (space < 1 || last == space || line[(space + 1)..last].Contains((byte)' ') || !IsVersion(line[(last + 1)..]))
        {
            return new(null, ConnectRefusal.Malformed);
        }

        return !Ascii.Equals(line[..space], "CONNECT") ? new(null, ConnectRefusal.Method)
            : TryHost(line[(space + 1)..last], out var host) ? new(host, null)
            : new(null, ConnectRefusal.Target);
    }

    /// <summary>HTTP/1.0 as well: Python's standard library tunnels with it.</summary>
    private static bool IsVersion(ReadOnlySpan<byte> version) => Ascii.Equals(version, "HTTP/1.1") || Ascii.Equals(version, "HTTP/1.0");

    /// <summary>Exactly <c>name.twilio.com:443</c>, the name made of letters, digits, hyphens and dots as a host name is.</summary>
    private static bool TryHost(ReadOnlySpan<byte> target, out string host)
    {
        host = "";
        var colon = target.LastIndexOf((byte)':');
        if (colon is < 1 or > 253 || !Ascii.Equals(target[(colon + 1)..], "443") || !Ascii.IsValid(target))
        {
            return false;
        }

        host = Encoding.ASCII.GetString(target[..colon]).ToLowerInvariant();
        return host.EndsWith(Suffix, StringComparison.Ordinal) && host.Split('.').All(IsLabel);
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and < 64 && label[0] != '-' && label[^1] != '-' && !label.AsSpan().ContainsAnyExcept(s_labelCharacters);
}

/// <summary>Why no tunnel is opened.</summary>
/// <param name="Status">Status and reason phrase.</param>
/// <param name="Sentence">The body, for whoever looks at the client's trace.</param>
internal sealed record ConnectRefusal(string Status, string Sentence)
{
    public static readonly ConnectRefusal Malformed = new("400 Bad Request", "This is not an HTTP/1.1 CONNECT request.");
    public static readonly ConnectRefusal Target = new("403 Forbidden", "Tandem opens tunnels to *.twilio.com:443 only, and answers in Twilio's place.");
    public static readonly ConnectRefusal Method = new("405 Method Not Allowed", "This port takes CONNECT only. Tandem's API listens on another.");
    public static readonly ConnectRefusal TooLong = new("431 Request Header Fields Too Large", "The headers of a CONNECT request may have 8192 bytes.");

    /// <summary>The whole answer.</summary>
    public byte[] ToBytes() => Encoding.ASCII.GetBytes(
        $"HTTP/1.1 {Status}\r\nContent-Type: text/plain\r\nContent-Length: {Sentence.Length + 1}\r\n"
        + (this == Method ? "Allow: CONNECT\r\n" : "") + $"Connection: close\r\n\r\n{Sentence}\n");
}
