using Microsoft.AspNetCore.Http;
using Tandem.Server.Metrics;

namespace Tandem.Server.Usage;

/// <summary>
/// Takes note of checks: who asks with which token is the evidence that readiness rests on. The caller is described by what the proxy reports
/// beside the question; nothing of it ever decides an answer.
/// </summary>
/// <param name="recorder">Counts.</param>
/// <param name="clientAddress">Puts the client's address in place of a trusted proxy's; it allocates, so it runs only behind one.</param>
/// <param name="options">Says whether proxies are trusted.</param>
/// <param name="counts">Counts the verdicts.</param>
/// <param name="time">Where the time comes from.</param>
internal sealed class EvidenceCalls(
    UsageRecorder recorder, RequestDelegate clientAddress, TandemOptions options, VerdictCounts counts, TimeProvider time)
{
    private readonly bool _behindProxies = options.TrustedProxies.Count > 0;

    /// <summary>A credential was accepted.</summary>
    public void Accepted(HttpContext context, Family family, in Verdict verdict)
    {
        counts.AddValid(family, verdict.Slot);
        try
        {
            if (_behindProxies && !clientAddress(context).IsCompletedSuccessfully)
            {
                recorder.Missed(verdict.Sid); // headers alone are read there, so that it is done when it returns
                return;
            }

            recorder.Record(Sightings.Of(context, CallKind.Evidence, time) with { Sid = verdict.Sid, Slot = verdict.Slot, Generation = verdict.Generation });
        }
        catch (Exception)
        {
            recorder.Missed(verdict.Sid); // the answer is yes whatever becomes of the counting; what was missed is a gap
        }
    }

    /// <summary>A valid credential was refused by a pause: whoever sent it would break at a promote. The client's address is known already.</summary>
    public void Paused(HttpContext context, in Verdict verdict) =>
        recorder.Record(Sightings.Of(context, CallKind.Paused, time) with { Sid = verdict.Sid, Slot = verdict.Slot, Generation = verdict.Generation });

    /// <summary>A well-formed credential was refused. The client's address is known already: the throttle has asked for it.</summary>
    public void Refused(HttpContext context, AccountSid sid, in VerifierValue digest) =>
        recorder.Record(Sightings.Of(context, CallKind.Evidence, time) with { Sid = sid, Digest = digest });
}
