using Microsoft.AspNetCore.Http;
using Tandem.Server.Metrics;
using Tandem.Server.Usage;

namespace Tandem.Server.ForwardAuth;

/// <summary>Takes note of the checks that end with a no, and says what they are to be told.</summary>
/// <param name="refused">Counts them, and throttles.</param>
/// <param name="clientAddress">Puts the client's address in place of a trusted proxy's.</param>
/// <param name="evidence">Tells an owner who still calls with a retired token, and who would break at a promote.</param>
internal sealed class RefusedChecks(RefusedCredentials refused, RequestDelegate clientAddress, EvidenceCalls evidence)
{
    /// <summary>As <see cref="RefusedCredentials.Count"/>. A valid credential that comes here is paused.</summary>
    public async ValueTask<VerdictKind> CountAsync(HttpContext context, Family family, BasicForm form, Verdict verdict, VerifierValue digest)
    {
        if (form != BasicForm.Missing)
        {
            await clientAddress(context);
        }

        if (form == BasicForm.Read && verdict.IsValid)
        {
            evidence.Paused(context, verdict);
        }
        else if (form == BasicForm.Read)
        {
            evidence.Refused(context, verdict.Sid, digest);
        }

        return refused.Count(context, family, form, verdict);
    }

    /// <summary>The request broke off or was too large: what it presented is not known, and nobody is charged for it.</summary>
    public void Unreadable(Family family) => refused.Unreadable(family);
}
