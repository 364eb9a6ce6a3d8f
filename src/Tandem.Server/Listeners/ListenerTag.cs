using Microsoft.AspNetCore.Connections;

namespace Tandem.Server.Listeners;

/// <summary>Which door a request came through.</summary>
public enum ListenerKind
{
    /// <summary>The network: <see cref="TandemOptions.Listen"/>.</summary>
    Api,

    /// <summary>The socket in the data directory, for this machine's administrator.</summary>
    Admin,

    /// <summary>A tunnel to <c>*.twilio.com:443</c> that ends here.</summary>
    TwilioProxy,
}

/// <summary>
/// On every connection, and through it on every request's features. Nothing else decides what is administration: no header, host,
/// path or port takes part. An interface because features are found by their type.
/// </summary>
public interface IListenerFeature
{
    /// <summary>The door.</summary>
    ListenerKind Kind { get; }

    /// <summary>Whose process is at the other end; only known for <see cref="ListenerKind.Admin"/>.</summary>
    int? PeerUserId { get; }
}

/// <summary>The tag on a connection.</summary>
/// <param name="Kind">The door.</param>
/// <param name="PeerUserId">The peer's user.</param>
internal sealed record ListenerTag(ListenerKind Kind, int? PeerUserId = null) : IListenerFeature
{
    /// <summary>Marks each connection of a listener that knows nothing of its peer; one tag serves them all.</summary>
    public static Func<ConnectionDelegate, ConnectionDelegate> Each(ListenerKind kind)
    {
        var tag = new ListenerTag(kind);
        return next => connection =>
        {
            connection.Features.Set<IListenerFeature>(tag);
            return next(connection);
        };
    }
}
