using Microsoft.AspNetCore.Http;

namespace Tandem.Server.Usage;

/// <summary>
/// Takes note of the calls on Twilio's paths and our own. They are no evidence of who uses a token: a rotation makes them itself. But whoever
/// makes one with a retired token is told to its owner, as after a check.
/// </summary>
internal sealed class ControlCalls(UsageRecorder recorder, TimeProvider time)
{
    /// <summary>A credential was accepted.</summary>
    public void Accepted(HttpContext context, in Verdict verdict) =>
        recorder.Record(Sightings.Of(context, CallKind.Control, time) with { Sid = verdict.Sid, Slot = verdict.Slot, Generation = verdict.Generation });

    /// <summary>A well-formed credential was refused.</summary>
    public void Refused(HttpContext context, AccountSid sid, in VerifierValue digest) =>
        recorder.Record(Sightings.Of(context, CallKind.Control, time) with { Sid = sid, Digest = digest });
}
