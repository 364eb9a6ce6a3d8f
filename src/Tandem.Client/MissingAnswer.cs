using System.Net.Sockets;

namespace Tandem.Client;

/// <summary>How a call over HTTP ends when no whole answer came back.</summary>
public static class MissingAnswer
{
    /// <summary>
    /// Whether <paramref name="e"/>, thrown by <see cref="HttpClient"/> or while its answer was read, says that no whole answer came: no connection,
    /// one that broke, or the client's own time limit; not that the caller gave up by <paramref name="cancel"/>.
    /// </summary>
    /// <remarks>A connection that is reset the moment it is made reaches callers of HttpClient as a bare <see cref="SocketException"/>, inside nothing.</remarks>
    public static bool Is(Exception e, CancellationToken cancel = default) =>
        e is HttpRequestException or IOException or SocketException || (e is TaskCanceledException && !cancel.IsCancellationRequested);

    /// <summary>Why no whole answer came, part of a sentence.</summary>
    public static string Why(Exception e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return e is HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded }
            ? $"it is larger than the {WireJson.MostBytes / 1024 / 1024} MiB that are read of one"
            : WireText.Line(e.GetBaseException().Message.TrimEnd('.'));
    }
}
