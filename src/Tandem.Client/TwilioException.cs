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

    /// <summary>
    /// Whether the refusal is the API's own, by its form. Any other comes from something on the way, such as a proxy, and tells nothing about the
    /// account or its tokens.
    /// </summary>
    public bool IsFromApi { get; init; }

    /// <summary>How long the server asks to wait before the next call; null when it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the API says that the token is not valid. Nothing else means that: neither 429, nor 403, nor the 401 of a proxy.</summary>
    public bool IsTokenRefused => Status == 401 && IsFromApi;

    /// <summary>Whether nothing reached the server, so that nothing can have changed: no connection came about.</summary>
    public bool NotSent { get; init; }

    /// <summary>
    /// Whether it cannot be told if the call was carried out: it was sent, and no whole answer came back, or one that a proxy gives while the server
    /// behind it goes on (502, 504) or that the server gives for a fault of its own.
    /// </summary>
    public bool Unknown => (Status == 0 && !NotSent) || Status >= 500;

    /// <summary>Whether the same call may be answered a little later: nobody answers at the moment, or the server has too much to do.</summary>
    public bool IsPassing => Status is 0 or 408 or 425 or 429 or >= 500;
}
