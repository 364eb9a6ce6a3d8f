using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Tandem.Server.Api;
using Tandem.Server.Metrics;
using Tandem.Server.Usage;

namespace Tandem.Server;

/// <summary>
/// The gate. It comes before routing, so that a stranger learns nothing from what is found behind it. Every well-formed SID with a
/// token that is not valid gets the same answer, whether the account is unknown, suspended or closed, or the token wrong or retired; and
/// beyond the failures that <see cref="Throttle"/> allows, 429. A valid credential passes whatever failed before it.
/// </summary>
internal sealed class Authentication(Verifier verifier, VerdictCounts counts, RefusedCredentials refused, ControlCalls calls)
{
    public async Task RequireAsync(HttpContext context, RequestDelegate next)
    {
        var family = Rooms.IsOwn(context) ? Family.Own : Family.Twilio;
        using var credential = Admit(context.Request.Headers.Authorization, out var form, out var verdict, out var digest);
        if (credential is null)
        {
            if (form == BasicForm.Read)
            {
                calls.Refused(context, verdict.Sid, digest); // it may be a retired token, whose owner wants to know
            }

            await Rooms.WriteAsync(context, RefusalOf(refused.Count(context, family, form, verdict)));
            return;
        }

        context.Features.Set(credential);
        counts.AddValid(family, verdict.Slot);
        calls.Accepted(context, verdict);
        await next(context);
    }

    private PresentedCredential? Admit(StringValues header, out BasicForm form, out Verdict verdict, out VerifierValue digest)
    {
        Span<byte> buffer = stackalloc byte[BasicCredential.SizeLimit];
        try
        {
            form = BasicCredential.Read(header, buffer, out var basic);
            (verdict, digest) = (default, default);
            return form == BasicForm.Read ? verifier.Admit(basic.Sid, basic.Token, out verdict, out digest) : null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    private static TwilioRefusal RefusalOf(VerdictKind kind) => kind switch
    {
        VerdictKind.Missing => TwilioErrors.NoCredentials,
        VerdictKind.Throttled => TwilioErrors.TooManyRequests,
        VerdictKind.Malformed => TwilioErrors.InvalidUserName,
        _ => TwilioErrors.WrongCredential,
    };
}
