using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Tandem.Server.Listeners;

/// <summary>
/// Closes a connection that sends nothing at first. Kestrel gives a new connection as long as one that is kept alive between two requests; its limit
/// for headers begins with their first byte.
/// </summary>
/// <param name="time">Where the time limit comes from.</param>
internal sealed class FirstByte(TimeProvider time)
{
    /// <summary>The middleware; it goes last on its listener, behind the end of TLS, which has a time limit of its own.</summary>
    public ConnectionDelegate Before(ConnectionDelegate next) => async connection =>
    {
        if (await HasComeAsync(connection))
        {
            await next(connection);
        }
    };

    /// <summary>Fires when the server asks connections to end; a wait would otherwise hold up the stop.</summary>
    internal static CancellationToken Stopping(ConnectionContext connection) =>
        connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;

    private async Task<bool> HasComeAsync(ConnectionContext connection)
    {
        // The limit ends with this wait: it must not outlive it and end the connection later.
        using var limit = new CancellationTokenSource(ListenerLimits.HeaderTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, Stopping(connection));
        var input = connection.Transport.Input;
        try
        {
            var read = await input.ReadAsync(either.Token);
            input.AdvanceTo(read.Buffer.Start); // nothing is consumed
            return !read.Buffer.IsEmpty;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            return false;
        }
    }
}
