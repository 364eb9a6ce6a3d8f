namespace Tandem.Client;

/// <summary>The server refused, or could not be asked.</summary>
public sealed class TandemException : Exception
{
    /// <summary>The <see cref="Kind"/> of a server that did not answer.</summary>
    public const string NotRunning = "not_running";

    /// <summary>The <see cref="Kind"/> of a socket that this user may not open.</summary>
    public const string Forbidden = "forbidden";

    /// <summary>The <see cref="Kind"/> of an answer that was lost or cannot be read: a change may have happened.</summary>
    public const string Broken = "broken";

    /// <summary>With the reason in one word, a sentence for people, and the HTTP status (0 when there was no answer).</summary>
    public TandemException(string kind, string message, int status = 0, Exception? inner = null)
        : base(WireText.Line(message), inner) => (Kind, Status) = (kind, status);

    /// <summary>The reason in one word: one of <see cref="TandemProblem.Kind"/> or of the constants here.</summary>
    public string Kind { get; }

    /// <summary>The HTTP status; 0 when there was no answer.</summary>
    public int Status { get; }

    /// <summary>How long the server asks to wait before the next call; null when it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the refusal is Tandem's own, by its form, and not that of a proxy on the way.</summary>
    public bool IsFromApi => Status != 0 && Kind is not Broken;

    /// <summary>Whether the server says that the token is not valid. Nothing else means that.</summary>
    public bool IsTokenRefused => Status == 401 && IsFromApi;

    /// <summary>Whether the same call may be answered a little later: nobody answers at the moment, or the server has too much to do.</summary>
    public bool IsPassing => Status is 0 or 408 or 425 or 429 or >= 500 && Kind is not Forbidden;
}
