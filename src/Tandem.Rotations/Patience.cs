using System.Security.Cryptography;
using Tandem.Client;

namespace Tandem.Rotations;

/// <summary>
/// The pauses between repeated calls: each twice as long as the one before, up to fifteen seconds, and shortened at random, so that many who wait for
/// the same server do not come back all at once. A server that asks to be left alone for longer is. After two minutes patience ends.
/// </summary>
/// <param name="time">The time.</param>
internal sealed class Patience(TimeProvider time)
{
    /// <summary>For how long calls are repeated.</summary>
    public static readonly TimeSpan Total = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(15);

    private readonly long _began = time.GetTimestamp();
    private TimeSpan _next = s_first;

    /// <summary>How long to pause before the next call; null when that would be too long, or it has been too long already.</summary>
    /// <param name="asked">How long the server asks to wait; null when it does not say.</param>
    public TimeSpan? Next(TimeSpan? asked)
    {
        var shortened = _next * (RandomNumberGenerator.GetInt32(500, 1001) / 1000.0);
        var pause = asked > shortened ? asked.Value : shortened;
        _next = _next * 2 < s_longest ? _next * 2 : s_longest;
        return time.GetElapsedTime(_began) + pause <= Total ? pause : null;
    }

    /// <summary>The pause before the call is repeated after this failure; null when patience is over, or repeating would not help.</summary>
    public TimeSpan? Next(Exception e) => e switch
    {
        TwilioException { IsPassing: true } twilio => Next(twilio.RetryAfter),
        TandemException { IsPassing: true } tandem => Next(tandem.RetryAfter),
        _ => null,
    };
}
