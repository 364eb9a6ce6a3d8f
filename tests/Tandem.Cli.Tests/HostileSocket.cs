using System.Net.Sockets;
using System.Text;

namespace Tandem.Cli.Tests;

/// <summary>An administration socket, or a port on loopback, where something answers each GET with what a test says; other paths with 404.</summary>
internal sealed class HostileSocket : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly IReadOnlyDictionary<string, string> _answers;
    private readonly Task _work;

    /// <param name="path">The socket; null for a port.</param>
    /// <param name="answers">Bodies, by the end of the path.</param>
    public HostileSocket(string? path, IReadOnlyDictionary<string, string> answers)
    {
        _answers = answers;
        _listener = path is null ? new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
            : new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(path is null ? new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0) : new UnixDomainSocketEndPoint(path));
        _listener.Listen();
        _work = Task.Run(WorkAsync);
    }

    public string Url => $"http://{_listener.LocalEndPoint}";

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _work;
    }

    private async Task WorkAsync()
    {
        try
        {
            while (true)
            {
                using var socket = await _listener.AcceptAsync();
                try
                {
                    await AnswerAsync(socket);
                }
                catch (SocketException)
                {
                    // One that connects and asks nothing is gone by now.
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            // It is over.
        }
    }

    private async Task AnswerAsync(Socket socket)
    {
        var (buffer, request) = (new byte[16 * 1024], "");
        while (!request.Contains("\r\n\r\n", StringComparison.Ordinal) && await socket.ReceiveAsync(buffer) is > 0 and var read)
        {
            request += Encoding.Latin1.GetString(buffer, 0, read);
        }

        var path = request.Split(' ') is [_, var target, ..] ? target.Split('?')[0] : "";
        var found = _answers.FirstOrDefault(a => path.EndsWith(a.Key, StringComparison.Ordinal)).Value;
        var body = Encoding.UTF8.GetBytes(found ?? "{\"type\":\"x\",\"title\":\"x\",\"status\":404,\"kind\":\"no_rotation\",\"detail\":\"none\"}");
        var head = $"HTTP/1.1 {(found is null ? "404 Not Found" : "200 OK")}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n";
        await socket.SendAsync(Encoding.ASCII.GetBytes(head).Concat(body).ToArray());
    }
}
