using Tandem.Client;

namespace Tandem.Rotations.Steps;

/// <summary>After the promotion: everyone gets the time to notice, and then it is proven.</summary>
internal static class Proof
{
    private static readonly TimeSpan s_functions = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_again = TimeSpan.FromSeconds(1);

    public static async Task SettleAsync(RotationRun run, CancellationToken cancel)
    {
        var settle = run.Request.Settle ?? (run.Issuer.IsTwilio && run.Request.Destinations.Any(d => d.IsFunctions) ? s_functions : TimeSpan.Zero);
        var left = run.State.PromotedAt!.Value + settle - run.Now;
        if (left > TimeSpan.Zero)
        {
            run.Say("settle", "started", $"waiting {Durations.Show(left)} until everyone has noticed");
            await run.WaitAsync(left, cancel);
            run.Say("settle", "ok", $"waited {Durations.Show(settle)}");
        }

        run.GoTo(RotationStep.Verifying);
    }

    public static async Task RunAsync(RotationRun run, CancellationToken cancel)
    {
        var began = run.Now;
        for (; ; )
        {
            var wrong = await LookAsync(run, cancel);
            if (wrong is null)
            {
                break;
            }

            if (run.Now - began >= run.Request.ProofLimit)
            {
                run.Say("verify", "failed", wrong, took: run.Now - began);
                throw new RotationException(RotationFailure.Verification, $"URGENT: after the promotion {wrong}. The destinations hold {run.New}. The state is kept; look now, then run again: tandem rotate");
            }

            await run.WaitAsync(s_again, cancel);
        }

        await CheckDestinationsAsync(run, cancel);
        run.GoTo(RotationStep.Tidying);
        var old = run.Old is null ? $"{run.State.OldFingerprint} is not held here, so not tried" : $"{run.Old} is refused";
        run.Say("verify", "ok", $"{run.New} is accepted and is the primary, {old}", took: run.Now - began);
    }

    private static async Task<string?> LookAsync(RotationRun run, CancellationToken cancel)
    {
        try
        {
            return await WrongAsync(run, cancel);
        }
        catch (TwilioException e)
        {
            throw RotationRun.Explain(e, Unproven(run));
        }
        catch (TandemException e)
        {
            throw new RotationException(RotationFailure.Failed, $"{e.Message} {Unproven(run)}", e);
        }
    }

    private static string Unproven(RotationRun run) => $"The promotion was made, and its proof is open: the server could not be asked. "
        + $"{run.WhereThingsStand()} Run again when it answers: tandem rotate";

    /// <summary>What is not as it should be, half a sentence; null when all is.</summary>
    private static async Task<string?> WrongAsync(RotationRun run, CancellationToken cancel) => await run.CheckAsync("verify", run.New!, cancel) switch
    {
        TokenStanding.Refused => $"the new token {run.New} is refused",
        TokenStanding.Secondary => $"the new token {run.New} works but is not the primary",
        _ when run.Old is { } old && !await run.AskServerAsync("verify", () => IsRefusedAsync(run, old, cancel), cancel) => $"the old token {old} is still accepted",
        _ => null,
    };

    /// <summary>
    /// Whether the old token is refused. A Tandem throttles an address that presents wrong tokens, and consumers at this one may still present the old
    /// token all the time; then the new token is asked which two the account has.
    /// </summary>
    private static async Task<bool> IsRefusedAsync(RotationRun run, HeldToken old, CancellationToken cancel)
    {
        try
        {
            return await run.Issuer.CheckAsync(old, cancel) == TokenStanding.Refused;
        }
        catch (TwilioException e) when (e.Status == 429 && run.Issuer.Insight is not null)
        {
            var slots = await run.Issuer.Insight.GetTokensAsync(run.New!, run.State.AccountSid, cancel);
            return string.Equals(slots.Primary?.Fingerprint, run.New!.Fingerprint, StringComparison.Ordinal)
                && !string.Equals(slots.Secondary?.Fingerprint, old.Fingerprint, StringComparison.Ordinal);
        }
    }

    private static async Task CheckDestinationsAsync(RotationRun run, CancellationToken cancel)
    {
        foreach (var destination in run.Request.Destinations)
        {
            try
            {
                await destination.VerifyAsync(run.DeliveryFor(destination), cancel);
            }
            catch (RotationException e) when (e.Failure == RotationFailure.Destination)
            {
                run.Say("verify", "failed", e.Message, destination.Id);
                throw new RotationException(RotationFailure.Verification, $"URGENT: after the promotion the check of {destination.Id} failed: {e.Message}\n{run.WhereThingsStand()} Correct it, then run again: tandem rotate", e);
            }
        }
    }
}
