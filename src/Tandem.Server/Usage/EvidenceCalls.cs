using Microsoft.AspNetCore.Http;

namespace Tandem.Server.Usage;

/// <summary>
/// Takes note of checks: who asks with which token is the evidence that readiness rests on. The caller is described by what the proxy reports
/// beside the question; nothing of it ever decides an answer.
/// </summary>
/// <param name="recorder">Counts.</param>
/// <param name="clientAddress">Puts the client's address in place of a trusted proxy's; it allocates, so it runs only behind one.</param>
/// <param name="options">Says whether proxies are trusted.</param>
/// <param name="time">Where the time comes from.</param>
internal sealed class EvidenceCalls(UsageRecorder recorder, RequestDelegate clientAddress, TandemOptions options, TimeProvider time)
{
    private readonly bool _behindProxies = options.TrustedProxies.Count > 0;

    /// <summary>A credential was accepted.</summary>
    public void Accepted(HttpContext context, in Verdict verdict)
    {
        try
        {
            if (_behindProxies && !clientAddress(context).IsCompletedSuccessfully)
            {
                recorder.Missed(); // headers alone are read there, so that it is done when it returns
                return;
            }

            Record(context, verdict.Sid, verdict.Slot, verdict.Generation, default);
        }
        catch (Exception)
        {
            recorder.Missed(); // the answer is yes whatever becomes of the counting; what was missed is a gap
        }
    }

    /// <summary>A well-formed credential was refused. The client's address is known already: the throttle has asked for it.</summary>
    public void Refused(HttpContext context, AccountSid sid, in VerifierValue digest) => Record(context, sid, null, 0, digest);

    private void Record(HttpContext context, AccountSid sid, Slot? slot, long generation, in VerifierValue digest)
    {
        var headers = context.Request.Headers;
        recorder.Record(new()
        {
            Sid = sid,
            Slot = slot,
            Generation = generation,
            Digest = digest,
            Source = ClientNetwork.Of(context.Connection.RemoteIpAddress),
            Route = headers["X-Forwarded-Host"] is [{ Length: > 0 } reported] ? reported : headers.Host.ToString(),
            Client = ClientFamilies.Parse(headers.UserAgent.ToString()),
            ClientName = headers["X-Client-Name"] is [{ Length: > 0 } name] ? name : null,
            Kind = CallKind.Evidence,
            Second = (uint)time.GetUtcNow().ToUnixTimeSeconds(),
        });
    }
}
