namespace Tandem.Client;

/// <summary>A server refused a call on Twilio's paths, or its answer was lost.</summary>
public sealed class TwilioException : Exception
{
    /// <summary>With the HTTP status, Twilio's error number (0 for none) and a sentence; never with a token.</summary>
    public TwilioException(int status, int code, string message, Exception? inner = null)
        : base(WireText.Line(message), inner) => (Status, Code) = (status, code);

    /// <summary>The HTTP status; 0 when there was no answer.</summary>
    public int Status { get; }

    /// <summary>Twilio's error number: 20003, 20404, 70002 …; 0 when there was none.</summary>
    public int Code { get; }

    /// <summary>Whether nothing reached the server, so that nothing can have changed: no connection came about.</summary>
    public bool NotSent { get; init; }

    /// <summary>Whether it cannot be told if the call was carried out: it was sent, and no whole answer came back.</summary>
    public bool Unknown => Status == 0 && !NotSent;
}
