using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Tandem.Server.Api;
using Tandem.Server.Usage;

namespace Tandem.Server;

/// <summary>
/// The gate. It comes before routing, so that a stranger learns nothing from what is found behind it. Every well-formed SID with a
/// token that is not valid gets the same answer, whether the account is unknown, suspended or closed, or the token wrong or retired; and
/// beyond the failures that <see cref="Throttle"/> allows, 429. A valid credential passes whatever failed before it.
/// </summary>
internal sealed class Authentication(Verifier verifier, Throttle throttle, ControlCalls calls)
{
    public async Task RequireAsync(HttpContext context, RequestDelegate next)
    {
        using var credential = Admit(context.Request.Headers.Authorization, out var form, out var sid, out var digest);
        if (credential is null)
        {
            if (form == BasicForm.Read)
            {
                calls.Refused(context, sid, digest); // it may be a retired token, whose owner wants to know
            }

            await Rooms.WriteAsync(context, Refuse(context, form, sid));
            return;
        }

        context.Features.Set(credential);
        calls.Accepted(context, credential.Verdict);
        await next(context);
    }

    private PresentedCredential? Admit(StringValues header, out BasicForm form, out AccountSid sid, out VerifierValue digest)
    {
        Span<byte> buffer = stackalloc byte[BasicCredential.SizeLimit];
        try
        {
            form = BasicCredential.Read(header, buffer, out var basic);
            (sid, digest) = (basic.Sid, default);
            return form == BasicForm.Read ? verifier.Admit(basic.Sid, basic.Token, out _, out digest) : null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    /// <summary>No credential is no failure: it is how clients learn that one is asked for, and nothing was guessed.</summary>
    private TwilioRefusal Refuse(HttpContext context, BasicForm form, AccountSid sid) => form switch
    {
        BasicForm.Missing => TwilioErrors.NoCredentials,
        _ when !throttle.TrySpend(context.Connection.RemoteIpAddress, form == BasicForm.Read ? sid : null) => TwilioErrors.TooManyRequests,
        BasicForm.Malformed => TwilioErrors.InvalidUserName,
        _ => TwilioErrors.WrongCredential,
    };
}
