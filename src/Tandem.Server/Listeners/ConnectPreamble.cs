using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Tandem.Server.Listeners;

/// <summary>The host that a connection tunnels to, in lower case. On connections of the Twilio proxy.</summary>
/// <param name="Host">The host.</param>
internal sealed record Tunnel(string Host);

/// <summary>
/// Takes <c>CONNECT</c> before TLS begins on the same connection. It consumes exactly up to the blank line: a client that sends
/// its first TLS bytes in the same segment loses none.
/// </summary>
/// <param name="time">Where the time limit comes from.</param>
internal sealed class ConnectPreamble(TimeProvider time)
{
    /// <summary>
    /// After a refusal in the middle of what the client sends: to close over unread bytes would reset the connection, and the client
    /// would never see why.
    /// </summary>
    private static readonly TimeSpan s_linger = TimeSpan.FromSeconds(1);

    /// <summary>The spelling that PHP's stream wrapper wants, word for word.</summary>
    private static ReadOnlySpan<byte> Established => "HTTP/1.1 200 Connection established\r\n\r\n"u8;

    /// <summary>The middleware; it goes first on its listener.</summary>
    public ConnectionDelegate Before(ConnectionDelegate next) => async connection =>
    {
        if (await ReadAsync(connection) is not { } request)
        {
            return;
        }

        if (request.Refusal is { } refusal)
        {
            await RefuseAsync(connection, refusal);
            return;
        }

        connection.Features.Set(new Tunnel(request.Host!));
        connection.Transport.Output.Write(Established);
        await connection.Transport.Output.FlushAsync(connection.ConnectionClosed);
        await next(connection);
    };

    /// <summary>The request; null when the client said nothing in time, went away, or the server stops.</summary>
    private async Task<ConnectRequest?> ReadAsync(ConnectionContext connection)
    {
        // Without an end of its own to this limit the tunnel would end with it: it covers the preamble only.
        using var limit = new CancellationTokenSource(ListenerLimits.HeaderTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, connection.ConnectionClosed, FirstByte.Stopping(connection));
        var input = connection.Transport.Input;
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(either.Token);
                if (TryTake(read.Buffer, out var request, out var consumed))
                {
                    input.AdvanceTo(consumed);
                    return request;
                }

                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                if (read.IsCompleted)
                {
                    return null;
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            return null;
        }
    }

    private static bool TryTake(ReadOnlySequence<byte> buffer, out ConnectRequest request, out SequencePosition consumed)
    {
        (request, consumed) = (default, buffer.Start);
        var reader = new SequenceReader<byte>(buffer);
        if (reader.TryReadTo(out ReadOnlySequence<byte> head, "\r\n\r\n"u8) && reader.Consumed <= ConnectRequest.Longest)
        {
            consumed = reader.Position;
            request = ConnectRequest.Parse(buffer.Slice(0, head.Length + 2).ToArray());
            return true;
        }

        if (buffer.Length > ConnectRequest.Longest)
        {
            request = new(null, ConnectRefusal.TooLong);
            return true;
        }

        // Every method begins with a capital letter; TLS without CONNECT, or another protocol, need not be waited for.
        if (!buffer.IsEmpty && buffer.FirstSpan[0] is < (byte)'A' or > (byte)'Z')
        {
            request = new(null, ConnectRefusal.Malformed);
            return true;
        }

        return false;
    }

    private async Task RefuseAsync(ConnectionContext connection, ConnectRefusal refusal)
    {
        using var limit = new CancellationTokenSource(s_linger, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, connection.ConnectionClosed, FirstByte.Stopping(connection));
        try
        {
            connection.Transport.Output.Write(refusal.ToBytes());
            await connection.Transport.Output.FlushAsync(either.Token);
            var input = connection.Transport.Input;
            var more = input.TryRead(out var rest);
            while (more)
            {
                input.AdvanceTo(rest.Buffer.End);
                rest = await input.ReadAsync(either.Token);
                more = !rest.IsCompleted;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client has had its time.
        }
    }
}
