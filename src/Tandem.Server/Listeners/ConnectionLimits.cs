namespace Tandem.Server.Listeners;

/// <summary>How many connections are accepted at once, in all and from one address.</summary>
/// <param name="Total">All connections of the API and the Twilio proxy together.</param>
/// <param name="Proxy">The connections of one trusted proxy, or of one loopback address.</param>
/// <param name="Others">The connections of all other addresses together, so that the rest is always left for the proxies.</param>
/// <param name="Source">The connections of one of the other addresses.</param>
/// <param name="Administration">The connections of the administration socket, which count for none of the above.</param>
public sealed record ConnectionLimits(int Total, int Proxy, int Others, int Source, int Administration)
{
    /// <summary>
    /// Connections at most, whatever the system allows. Far more than the worker connections of a fleet of proxies; at some 10 KiB for an
    /// idle one they cost 100 MiB.
    /// </summary>
    public const int Most = 10_000;

    /// <summary>
    /// Files kept free for the database and its readers, backups, the administration socket, and connections that are being refused.
    /// </summary>
    private const int Reserve = 256;

    /// <summary>The limits for a process that may have so many files open. Past that number, accepting would fail in a loop.</summary>
    public static ConnectionLimits For(long openFiles)
    {
        var reserved = (int)Math.Min(Reserve, openFiles / 2);
        var total = (int)Math.Clamp(openFiles - reserved, 1, Most);
        return new(total, AtLeastOne(total / 2), AtLeastOne(total / 2), AtLeastOne(total / 10), AtLeastOne(reserved / 3));
    }

    private static int AtLeastOne(int number) => Math.Max(1, number);
}
