using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Tandem.Server.Listeners;
using Tandem.Server.Metrics;
using Tandem.Server.Usage;

namespace Tandem.Server.ForwardAuth;

/// <summary>
/// Answers proxies that ask whose credential a request carries. It stands in front of everything else: nothing is logged, traced or routed on
/// the way. Whether the answer is yes depends on <c>Authorization</c> alone; path, method, query, body and every other header are not looked
/// at, and where the request came from only once it has been refused.
/// </summary>
/// <remarks>
/// A yes allocates nothing, as long as the account's SID is among the texts kept here; else the one string that is its header's value.
/// </remarks>
internal sealed class CredentialCheck(
    Verifier verifier, RefusedChecks refused, EvidenceCalls evidence, CheckFaults faults, TimeProvider time)
{
    private readonly SidTexts _texts = new();
    private readonly VerifyEndpoint _verify = new(verifier, refused, evidence, faults, time);

    public Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        var family = Families.Of(context.Features.Get<IHttpRequestFeature>()?.RawTarget);
        if (family == Family.None || context.Features.Get<IListenerFeature>() is not { Kind: ListenerKind.Api })
        {
            return next(context);
        }

        if (family == Family.Verify)
        {
            return _verify.AnswerAsync(context);
        }

        try
        {
            var form = Read(context.Request.Headers.Authorization, out var verdict, out var digest);
            if (form == BasicForm.Read && verdict.IsValid && !verdict.IsPaused(time))
            {
                Admit(context.Response, verdict);
                evidence.Accepted(context, family, verdict);
                return Task.CompletedTask;
            }

            return RefuseAsync(context, family, form, verdict, digest);
        }
        catch (Exception e)
        {
            return FailAsync(context, family, e);
        }
    }

    /// <summary>A proxy that kept an answer would accept a retired token for as long.</summary>
    public static void KeepOutOfCaches(IHeaderDictionary headers)
    {
        headers.CacheControl = "no-store";
        headers.Vary = "Authorization";
    }

    /// <summary>What the proxy hands on. Every header every time, none empty: for one that is missing some proxies let the client's own pass.</summary>
    private void Admit(HttpResponse response, in Verdict verdict)
    {
        var headers = response.Headers;
        KeepOutOfCaches(headers);
        headers["X-Account-Sid"] = _texts.Of(verdict.Sid);
        headers["X-Parent-Account-Sid"] = verdict.OwnerSid == verdict.Sid ? "none" : _texts.Of(verdict.OwnerSid);
        headers["X-Token-Slot"] = verdict.Slot == Slot.Primary ? "primary" : "secondary";
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentLength = 0;
    }

    private BasicForm Read(StringValues header, out Verdict verdict, out VerifierValue digest)
    {
        Span<byte> buffer = stackalloc byte[BasicCredential.SizeLimit];
        try
        {
            var form = BasicCredential.Read(header, buffer, out var basic);
            digest = default;
            verdict = form == BasicForm.Read ? verifier.Verify(basic.Sid, basic.Token, out digest) : default;
            return form;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    private async Task RefuseAsync(HttpContext context, Family family, BasicForm form, Verdict verdict, VerifierValue digest)
    {
        try
        {
            var told = await refused.CountAsync(context, family, form, verdict, digest);
            Refusals.Write(context.Response, family, told == VerdictKind.Throttled ? Refusal.Throttled : Refusal.Unauthorized);
        }
        catch (Exception e)
        {
            await FailAsync(context, family, e);
        }
    }

    /// <summary>Closed: whatever went wrong, it is no yes; and no 401, after which clients would think that their token is dead.</summary>
    private Task FailAsync(HttpContext context, Family family, Exception e)
    {
        faults.Tell(family, e);
        if (context.Response.HasStarted)
        {
            context.Abort();
            return Task.CompletedTask;
        }

        context.Response.Clear();
        Refusals.Write(context.Response, family, Refusal.Unavailable);
        return Task.CompletedTask;
    }
}

/// <summary>
/// The texts of the SIDs answered last, one in each of a fixed number of places: the server takes header values as strings, and at its rate
/// the same few thousand accounts would be written out over and over. SIDs are public, and nothing is decided from what is kept.
/// </summary>
internal sealed class SidTexts
{
    // 128 KiB; with the texts 1.7 MiB at most.
    private readonly string?[] _texts = new string?[1 << 14];

    public string Of(AccountSid sid)
    {
        Span<byte> bytes = stackalloc byte[AccountSid.ByteLength];
        Span<char> text = stackalloc char[AccountSid.TextLength];
        sid.WriteTo(bytes);
        (text[0], text[1]) = ('A', 'C');
        Convert.TryToHexStringLower(bytes, text[2..], out _);

        ref var place = ref _texts[sid.GetHashCode() & (_texts.Length - 1)];
        return place is { } held && held.AsSpan().Equals(text, StringComparison.Ordinal) ? held : place = new(text);
    }
}

/// <summary>Finds the family by the request's target.</summary>
internal static class Families
{
    /// <summary>
    /// By the target as it was sent, up to its query. The server's own path will not do: it has dot segments resolved, and what Envoy asks for
    /// a client's <c>/../../health</c>, <c>/auth/envoy/../../health</c>, would be answered 200 by another page and taken for a yes.
    /// </summary>
    public static Family Of(string? target)
    {
        var path = RequestTarget.PathOf(target);
        const string Root = "/auth/";
        return !path.StartsWith(Root, StringComparison.Ordinal) ? Family.None : path[Root.Length..] switch
        {
            "nginx" => Family.Nginx,
            "forward" => Family.Forward,
            "verify" => Family.Verify,
            "envoy" => Family.Envoy,
            ['e', 'n', 'v', 'o', 'y', '/', ..] => Family.Envoy,
            _ => Family.None,
        };
    }
}
