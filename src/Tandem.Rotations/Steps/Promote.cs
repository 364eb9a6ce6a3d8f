using Tandem.Client;

namespace Tandem.Rotations.Steps;

/// <summary>
/// Ends the old token. The promote is called with the secondary, so what is held is what is promoted; and when an answer is lost, both tokens
/// tell whether it was done.
/// </summary>
internal static class Promote
{
    private const int MostTries = 5;

    public static async Task RunAsync(RotationRun run, CancellationToken cancel)
    {
        var began = run.Now;
        var token = run.New!;
        TwilioException? last = null;
        for (var tries = 0; tries < MostTries; tries++)
        {
            try
            {
                if (await StandingAsync(run, token, cancel) == TokenStanding.Secondary)
                {
                    await run.Issuer.PromoteAsync(token, run.Request.Force || run.State.Leaked);
                }

                run.Save(run.State with { PromotedAt = run.Now, Step = run.State.Leaked ? RotationStep.Delivering : RotationStep.Settling });
                run.Say("promote", "ok", $"{run.State.OldFingerprint} is dead, {token} is the primary", took: run.Now - began);
                return;
            }
            catch (TwilioException e) when (e.Unknown || e.Status is 404 or 401)
            {
                last = e;
                run.Say("promote", "warning", $"{e.Message.TrimEnd('.')}. Asking both tokens what is true.");
            }
            catch (TwilioException e) when (e.Status == 409)
            {
                // Somebody came back with the old token between the verdict and this call: the next run watches again.
                run.GoTo(run.State.Leaked ? RotationStep.Promoting : RotationStep.Watching);
                throw new RotationException(RotationFailure.Pending, $"The server's promote guard refused: {e.Message.TrimEnd('.')}. {run.WhereThingsStand()} The state is kept. Go on waiting: tandem rotate. Promote anyway: tandem rotate --force. Go back: tandem rotate abort", e);
            }
            catch (TwilioException e)
            {
                throw RotationRun.Explain(e, $"{run.WhereThingsStand()} tandem rotate");
            }
        }

        throw new RotationException(RotationFailure.Failed, $"The answers to {MostTries} promotes were lost ({last!.Message.TrimEnd('.')}). {run.WhereThingsStand()} tandem rotate", last);
    }

    private static async Task<TokenStanding> StandingAsync(RotationRun run, HeldToken token, CancellationToken cancel)
    {
        var standing = await run.Issuer.CheckAsync(token, cancel);
        if (standing != TokenStanding.Refused)
        {
            return standing;
        }

        throw run.Old is { } old && await run.Issuer.CheckAsync(old, cancel) != TokenStanding.Refused
            ? new RotationException(RotationFailure.Precondition, $"The secondary {token} is gone: somebody deleted it. The primary {old} works, and every destination that was given {token} holds a dead token. Make another and deliver it: tandem rotate")
            : new RotationException(RotationFailure.Verification, $"URGENT: neither {run.State.OldFingerprint} nor {token} works any more: somebody else has changed the tokens of {run.State.AccountSid}, or the account is not active. The destinations hold {token}. Find out who holds the primary now.");
    }
}
