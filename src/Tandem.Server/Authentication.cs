using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Tandem.Server.Api;

namespace Tandem.Server;

/// <summary>
/// The gate of Twilio's paths. It comes before routing, so that a stranger learns nothing from what is found behind it. Every well-formed
/// SID with a token that is not valid gets the same answer, whether the account is unknown, suspended or closed, or the token wrong or retired.
/// </summary>
internal sealed class Authentication(Verifier verifier)
{
    public async Task RequireAsync(HttpContext context, RequestDelegate next)
    {
        using var credential = Admit(context.Request.Headers.Authorization, out var refusal);
        if (credential is null)
        {
            await TwilioErrors.WriteAsync(context, refusal);
            return;
        }

        context.Features.Set(credential);
        Usage.ControlCalls.Record(context, credential.Verdict);
        await next(context);
    }

    private PresentedCredential? Admit(StringValues header, out TwilioRefusal refusal)
    {
        Span<byte> buffer = stackalloc byte[BasicCredential.SizeLimit];
        try
        {
            var form = BasicCredential.Read(header, buffer, out var basic);
            refusal = form switch
            {
                BasicForm.Missing => TwilioErrors.NoCredentials,
                BasicForm.Malformed => TwilioErrors.InvalidUserName,
                _ => TwilioErrors.WrongCredential,
            };
            return form == BasicForm.Read ? verifier.Admit(basic.Sid, basic.Token) : null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }
}
