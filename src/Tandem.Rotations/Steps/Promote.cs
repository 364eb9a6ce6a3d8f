using Tandem.Client;

namespace Tandem.Rotations.Steps;

/// <summary>
/// Ends the old token. The promote is called with the secondary, so what is held is what is promoted; and when an answer is lost, both tokens
/// tell whether it was done.
/// </summary>
internal static class Promote
{
    public static async Task RunAsync(RotationRun run, CancellationToken cancel)
    {
        var began = run.Now;
        var token = run.New!;
        var (patience, wasRefused) = (run.CreatePatience(), false);
        for (; ; )
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
            catch (TwilioException e) when (e.IsPassing)
            {
                run.Say("promote", "warning", $"{e.Message.TrimEnd('.')}. Asking both tokens what is true.");
                if (!await run.PauseAsync("promote", patience, e, cancel))
                {
                    throw RotationRun.Explain(e, $"The promote was tried for {Durations.Show(Patience.Total)}. {run.WhereThingsStand()} tandem rotate");
                }
            }
            catch (TwilioException e) when (!wasRefused && (e.IsTokenRefused || e is { Status: 404, IsFromApi: true }))
            {
                // Somebody else has promoted or deleted it between the look and this call, and looking again tells which.
                wasRefused = true;
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
            catch (TandemException e)
            {
                throw new RotationException(RotationFailure.Failed, $"{e.Message} {run.WhereThingsStand()} tandem rotate", e);
            }
        }
    }

    private static async Task<TokenStanding> StandingAsync(RotationRun run, HeldToken token, CancellationToken cancel)
    {
        var standing = await run.CheckAsync("promote", token, cancel);
        if (standing != TokenStanding.Refused)
        {
            return standing;
        }

        await RefusedToken.NeedDeletedAsync(run, "promote", cancel);
        throw new RotationException(RotationFailure.Precondition, $"The secondary {token} is gone: somebody deleted it. The primary "
            + $"{run.State.OldFingerprint} works, and every destination that was given {token} holds a dead token. Make another and deliver it: tandem rotate");
    }
}
