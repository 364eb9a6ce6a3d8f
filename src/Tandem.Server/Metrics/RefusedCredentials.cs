using System.Net;
using Microsoft.AspNetCore.Http;

namespace Tandem.Server.Metrics;

/// <summary>A caller that was throttled.</summary>
/// <param name="Address">Where it calls from.</param>
/// <param name="Sid">The account it asked for; null when it named none.</param>
internal sealed record ThrottledCaller(IPAddress? Address, AccountSid? Sid);

/// <summary>Every refused credential comes by here, whatever it was presented for: it is throttled, and counted by what it is answered with.</summary>
internal sealed class RefusedCredentials(Throttle throttle, VerdictCounts counts)
{
    private ThrottledCaller? _throttled;

    /// <summary>
    /// Counts it and says what it is to be told: <see cref="VerdictKind.Throttled"/>, or why it was refused, which its caller never learns.
    /// The request's address must be the client's by now.
    /// </summary>
    public VerdictKind Count(HttpContext context, Family family, BasicForm form, in Verdict verdict)
    {
        var kind = KindOf(form, verdict.Reason);
        AccountSid? sid = form == BasicForm.Read ? verdict.Sid : null;

        // No credential is no failure: it is how clients learn that one is asked for, and nothing was guessed. A paused one is none either: its
        // account rehearses a promote.
        if (kind is not (VerdictKind.Missing or VerdictKind.Paused) && !throttle.TrySpend(context.Connection.RemoteIpAddress, sid))
        {
            kind = VerdictKind.Throttled;
            if (Volatile.Read(ref _throttled) is null)
            {
                Volatile.Write(ref _throttled, new(context.Connection.RemoteIpAddress, sid));
            }
        }

        counts.Add(family, kind);
        return kind;
    }

    /// <summary>Counts a request that could not be read to its end.</summary>
    public void Unreadable(Family family) => counts.Add(family, VerdictKind.Malformed);

    /// <summary>One that was throttled since the last time, as an example; null when none was.</summary>
    public ThrottledCaller? TakeThrottled() => Interlocked.Exchange(ref _throttled, null);

    private static VerdictKind KindOf(BasicForm form, RefusalReason reason) => form switch
    {
        BasicForm.Missing => VerdictKind.Missing,
        BasicForm.Malformed => VerdictKind.Malformed,
        _ => reason switch
        {
            RefusalReason.UnknownAccount => VerdictKind.UnknownAccount,
            RefusalReason.Suspended => VerdictKind.Suspended,
            RefusalReason.None => VerdictKind.Paused,
            _ => VerdictKind.WrongToken,
        },
    };
}
