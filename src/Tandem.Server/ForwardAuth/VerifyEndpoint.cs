using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Tandem.Client;
using Tandem.Server.Metrics;
using Tandem.Server.Usage;

namespace Tandem.Server.ForwardAuth;

/// <summary>
/// <c>POST /auth/verify</c>, for applications: the credential in <c>Authorization</c> or in a JSON body, and a verdict that is always a 200,
/// so that no HTTP library takes a wrong password of somebody's client for a failed call of its own.
/// </summary>
internal sealed class VerifyEndpoint(
    Verifier verifier, RefusedChecks refused, EvidenceCalls evidence, CheckFaults faults, TimeProvider time)
{
    /// <summary>Bytes of a body at most; a credential has 100.</summary>
    private const int BodyLimit = 4 * 1024;

    public async Task AnswerAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            Refusals.WriteMethodNotAllowed(context.Response);
            return;
        }

        VerifyAnswer answer;
        try
        {
            answer = await AskAsync(context);
        }
        catch (BadHttpRequestException)
        {
            refused.Unreadable(Family.Verify);
            answer = new() { Code = VerifyCode.Malformed }; // larger than any body may be, or broken off
        }
        catch (Exception e) when (e is ConnectionAbortedException or ConnectionResetException or OperationCanceledException)
        {
            context.Abort();
            return;
        }
        catch (Exception e)
        {
            faults.Tell(Family.Verify, e);
            answer = new() { Code = VerifyCode.Unavailable };
        }

        Write(context.Response, answer);
    }

    private async Task<VerifyAnswer> AskAsync(HttpContext context)
    {
        var body = context.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync(context.RequestAborted);
            if (read.Buffer.Length > BodyLimit)
            {
                body.AdvanceTo(read.Buffer.End);
                return await RefuseAsync(context, BasicForm.Malformed, default, default);
            }

            if (!read.IsCompleted)
            {
                body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            var form = Read(context.Request.Headers.Authorization, read.Buffer, out var verdict, out var digest);
            body.AdvanceTo(read.Buffer.End);
            if (form != BasicForm.Read || !verdict.IsValid || verdict.IsPaused(time))
            {
                return await RefuseAsync(context, form, verdict, digest);
            }

            evidence.Accepted(context, Family.Verify, verdict);
            return new()
            {
                Code = VerifyCode.Valid,
                AccountSid = verdict.Sid.ToString(),
                ParentAccountSid = verdict.OwnerSid == verdict.Sid ? null : verdict.OwnerSid.ToString(),
                TokenSlot = verdict.Slot == Slot.Primary ? "primary" : "secondary",
            };
        }
    }

    private BasicForm Read(StringValues header, ReadOnlySequence<byte> body, out Verdict verdict, out VerifierValue digest)
    {
        Span<byte> inHeader = stackalloc byte[BasicCredential.SizeLimit];
        Span<byte> inBody = stackalloc byte[BasicCredential.SizeLimit];
        try
        {
            var headerForm = BasicCredential.Read(header, inHeader, out var basic);
            var bodyForm = VerifyBody.Read(body, inBody, out var sid, out var length);
            digest = default;
            verdict = (headerForm, bodyForm) switch
            {
                (BasicForm.Read, BasicForm.Missing) => verifier.Verify(basic.Sid, basic.Token, out digest),
                (BasicForm.Missing, BasicForm.Read) => verifier.Verify(sid, inBody[..length], out digest),
                _ => default,
            };
            return headerForm == BasicForm.Missing ? bodyForm
                : bodyForm == BasicForm.Missing ? headerForm
                : BasicForm.Malformed; // two credentials: which one is meant is not for us to guess
        }
        finally
        {
            CryptographicOperations.ZeroMemory(inHeader);
            CryptographicOperations.ZeroMemory(inBody);
        }
    }

    private async Task<VerifyAnswer> RefuseAsync(HttpContext context, BasicForm form, Verdict verdict, VerifierValue digest) => new()
    {
        Code = await refused.CountAsync(context, Family.Verify, form, verdict, digest) switch
        {
            VerdictKind.Throttled => VerifyCode.Throttled,
            VerdictKind.Missing or VerdictKind.Malformed => VerifyCode.Malformed,
            _ => VerifyCode.Invalid,
        },
    };

    private static void Write(HttpResponse response, VerifyAnswer answer)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(answer, TandemJson.Default.VerifyAnswer);
        CredentialCheck.KeepOutOfCaches(response.Headers);
        if (answer.Code is VerifyCode.Throttled or VerifyCode.Unavailable)
        {
            response.Headers.RetryAfter = Throttle.RetryAfter;
        }

        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        response.BodyWriter.Write(body);
    }
}
