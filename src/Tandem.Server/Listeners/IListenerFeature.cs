namespace Tandem.Server.Listeners;

/// <summary>What a listener is for.</summary>
public enum ListenerKind
{
    /// <summary>Twilio's API.</summary>
    Api,

    /// <summary>The local administration socket.</summary>
    Admin,

    /// <summary>Twilio's API behind <c>CONNECT *.twilio.com:443</c>.</summary>
    TwilioProxy,
}

/// <summary>On every connection, hence among the features of every request: where it came in.</summary>
public interface IListenerFeature
{
    /// <summary>What the listener is for.</summary>
    ListenerKind Kind { get; }

    /// <summary>On the administration socket: the user id of the process at the other end.</summary>
    int? PeerUserId { get; }
}
