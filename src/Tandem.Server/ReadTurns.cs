using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Tandem.Server.Api;

namespace Tandem.Server;

/// <summary>
/// How many requests that only read a top-level account and its subaccounts have under way at once. Further ones wait, and beyond that they are
/// refused with 429, so that one account's reads take neither the store nor the processors from the others. Changes never wait here, and neither do
/// checks and operators.
/// </summary>
internal sealed class ReadTurns : IDisposable
{
    /// <summary>Under way at once: one that reads, and a few whose answers are made.</summary>
    public const int AtOnce = 4;

    /// <summary>Waiting for their turn.</summary>
    public const int Waiting = 500;

    private readonly PartitionedRateLimiter<AccountSid> _limiter = PartitionedRateLimiter.Create<AccountSid, AccountSid>(static owner =>
        RateLimitPartition.GetConcurrencyLimiter(owner, static _ => new() { PermitLimit = AtOnce, QueueLimit = Waiting }));

    public async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        var reads = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        if (!reads || context.Features.Get<PresentedCredential>() is not { } credential)
        {
            await next(context);
            return;
        }

        using var turn = await _limiter.AcquireAsync(credential.Verdict.OwnerSid, 1, context.RequestAborted);
        if (!turn.IsAcquired)
        {
            await Rooms.WriteAsync(context, TwilioErrors.TooManyRequests);
            return;
        }

        // What is read is in memory by then: a client that takes its answer slowly keeps no turn.
        context.Response.OnStarting(
            static given =>
            {
                ((RateLimitLease)given).Dispose();
                return Task.CompletedTask;
            },
            turn);
        await next(context);
    }

    public void Dispose() => _limiter.Dispose();
}
