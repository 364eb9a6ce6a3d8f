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
            var wrong = await WrongAsync(run, cancel);
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

    /// <summary>What is not as it should be, half a sentence; null when all is.</summary>
    private static async Task<string?> WrongAsync(RotationRun run, CancellationToken cancel)
    {
        try
        {
            return await run.Issuer.CheckAsync(run.New!, cancel) switch
            {
                TokenStanding.Refused => $"the new token {run.New} is refused",
                TokenStanding.Secondary => $"the new token {run.New} works but is not the primary",
                _ when run.Old is { } old && await run.Issuer.CheckAsync(old, cancel) != TokenStanding.Refused => $"the old token {old} is still accepted",
                _ => null,
            };
        }
        catch (TwilioException e)
        {
            return $"it could not be checked: {e.Message.TrimEnd('.')}";
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
