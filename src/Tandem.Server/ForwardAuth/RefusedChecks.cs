using Microsoft.AspNetCore.Http;
using Tandem.Server.Usage;

namespace Tandem.Server.ForwardAuth;

/// <summary>Counts the checks that end with a no, and says which of them were too many.</summary>
/// <param name="throttle">Says so.</param>
/// <param name="clientAddress">Puts the client's address in place of a trusted proxy's.</param>
/// <param name="evidence">Tells an owner who still calls with a retired token, and who would break at a promote.</param>
internal sealed class RefusedChecks(Throttle throttle, RequestDelegate clientAddress, EvidenceCalls evidence)
{
    /// <summary>False when there were too many from there.</summary>
    public async ValueTask<bool> CountAsync(HttpContext context, BasicForm form, Verdict verdict, VerifierValue digest)
    {
        if (form == BasicForm.Missing)
        {
            return true; // no failure: it is how clients learn that a credential is asked for
        }

        await clientAddress(context);
        if (form == BasicForm.Read && verdict.IsValid)
        {
            evidence.Paused(context, verdict); // no failure either: its account rehearses a promote
            return true;
        }

        if (form == BasicForm.Read)
        {
            evidence.Refused(context, verdict.Sid, digest);
        }

        return throttle.TrySpend(context.Connection.RemoteIpAddress, form == BasicForm.Read ? verdict.Sid : null);
    }
}
