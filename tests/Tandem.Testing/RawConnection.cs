using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tandem.Testing;

/// <summary>A connection that sends exactly what it is told, for requests that no client library would send.</summary>
public sealed class RawConnection : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly StringBuilder _received = new();

    // Ends a test that waits for an answer which never comes.
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(20));

    private RawConnection(Socket socket) => (_socket, _stream) = (socket, new(socket, ownsSocket: true));

    /// <summary>Connects to an address, or to a Unix socket.</summary>
    public static async Task<RawConnection> OpenAsync(EndPoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(endpoint);
        return new(socket);
    }

    /// <summary>Sends these characters, a byte each.</summary>
    public async Task SendAsync(string text) => await _stream.WriteAsync(Encoding.Latin1.GetBytes(text), _patience.Token);

    /// <summary>Reads one answer: its head, and as many bytes as it announces (none for 204, or when told that there is no body).</summary>
    public async Task<TestAnswer> ReadAsync(bool withoutBody = false)
    {
        int end;
        while ((end = _received.ToString().IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
        {
            if (!await ReceiveAsync())
            {
                throw new IOException($"The connection was closed after: {_received}");
            }
        }

        var lines = _received.ToString(0, end).Split("\r\n");
        var headers = lines[1..]
            .Select(line => line.Split(": ", 2))
            .GroupBy(pair => pair[0], StringComparer.OrdinalIgnoreCase)
            .ToDictionary(g => g.Key, g => string.Join(", ", g.Select(pair => pair[1])), StringComparer.OrdinalIgnoreCase);
        var length = withoutBody ? 0 : int.Parse(headers.GetValueOrDefault("Content-Length") ?? "0", CultureInfo.InvariantCulture);
        while (_received.Length < end + 4 + length && await ReceiveAsync())
        {
        }

        var body = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(_received.ToString(end + 4, length)));
        _received.Remove(0, end + 4 + length);
        return new(int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture), headers, body);
    }

    /// <summary>Waits until the server closes the connection; what it sent before that.</summary>
    public async Task<string> ReadToEndAsync()
    {
        while (await ReceiveAsync())
        {
        }

        return _received.ToString();
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _socket.Dispose();
        _patience.Dispose();
    }

    private async Task<bool> ReceiveAsync()
    {
        var buffer = new byte[8192];
        try
        {
            var count = await _stream.ReadAsync(buffer, _patience.Token);
            _received.Append(Encoding.Latin1.GetString(buffer, 0, count));
            return count > 0;
        }
        catch (IOException)
        {
            return false; // reset by a server that did not want the rest
        }
    }
}
