using System.Text;

namespace Tandem.Compat.Proxies;

/// <summary>The bytes, a character each, with which a client begins HTTP/2 and sends a request, for what no client library would send.</summary>
internal static class Http2Client
{
    /// <summary>The connection preface with empty settings.</summary>
    public const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\0\0\0\u0004\0\0\0\0\0";

    /// <summary>The frame that says that no further request follows.</summary>
    public const string GoAway = "\0\0\u0008\u0007\0\0\0\0\0\0\0\0\0\0\0\0\0";

    /// <summary>A request without a body in one HEADERS frame, with every field as a literal (RFC 7541 §6.2.2).</summary>
    /// <param name="stream">An odd number. 1 is the request that asked for the upgrade.</param>
    /// <param name="endsStream">Whether nothing follows.</param>
    /// <param name="fields">Pseudo-headers first.</param>
    public static string Request(int stream, bool endsStream, params (string Name, string Value)[] fields)
    {
        var block = new StringBuilder();
        foreach (var (name, value) in fields)
        {
            block.Append('\0').Append((char)Short(name)).Append(name).Append((char)Short(value)).Append(value);
        }

        const char Headers = (char)1, EndHeaders = (char)4, EndHeadersAndStream = (char)5;
        var (high, low) = ((char)(block.Length >> 8), (char)(block.Length & 0xff));
        return $"\0{high}{low}{Headers}{(endsStream ? EndHeadersAndStream : EndHeaders)}\0\0\0{(char)stream}{block}";
    }

    private static int Short(string text) => text.Length < 127 ? text.Length : throw new ArgumentOutOfRangeException(nameof(text));
}
