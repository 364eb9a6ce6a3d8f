using Tandem.Client;

namespace Tandem.Rotations.Steps;

/// <summary>Goes back: first every destination has the old token again, then the secondary is deleted, so that nobody holds a dead one.</summary>
internal static class Abort
{
    public static async Task RunAsync(RotationRun run, CancellationToken cancel)
    {
        try
        {
            var caller = run.NeedCaller();
            if (!(await run.IsOldInForceAsync("rollback", cancel) ?? throw run.NoOld()))
            {
                throw new RotationException(RotationFailure.Precondition, $"There is no way back: the old token {run.State.OldFingerprint} is not the primary any more. Nothing was changed. Go on: tandem rotate");
            }

            if (run.State.Step != RotationStep.RollingBack)
            {
                run.GoTo(RotationStep.RollingBack);
            }

            await RollBackAsync(run, cancel);
            await DeleteAsync(run, caller, cancel);
        }
        catch (TwilioException e)
        {
            throw RotationRun.Explain(e, $"{run.WhereThingsStand()} Run again: tandem rotate abort");
        }
        catch (TandemException e)
        {
            throw new RotationException(RotationFailure.Failed, $"{e.Message} {run.WhereThingsStand()} Run again: tandem rotate abort", e);
        }
    }

    private static async Task RollBackAsync(RotationRun run, CancellationToken cancel)
    {
        foreach (var destination in run.Request.Destinations)
        {
            if (run.RecordOf(destination)?.Progress is not (DestinationProgress.Delivering or DestinationProgress.Delivered))
            {
                continue;
            }

            try
            {
                // Without the new token nothing can be said to it but the old one's: the pair then holds that twice.
                var delivery = run.DeliveryFor(destination) with { Tokens = new(run.Old, run.New ?? run.NeedOld()) };
                if (await destination.RollBackAsync(delivery, cancel) is { } odd)
                {
                    run.Say("rollback", "warning", odd, destination.Id);
                }
            }
            catch (RotationException e) when (e.Failure == RotationFailure.Destination)
            {
                throw new RotationException(RotationFailure.Destination, $"{destination.Id} could not be given the old token back: {e.Message}\nBoth tokens work, nothing is broken. Correct it and run again: tandem rotate abort", e);
            }

            run.Save(run.State.With(destination.Id, d => d with { Progress = DestinationProgress.RolledBack }));
            run.Say("rollback", "ok", $"has {run.State.OldFingerprint} again", destination.Id);
        }

        var left = run.State.Destinations.Where(d => d.Progress is DestinationProgress.Delivering or DestinationProgress.Delivered).Select(d => d.Name).ToList();
        if (left.Count > 0)
        {
            throw new RotationException(RotationFailure.Usage, $"The plan does not name {string.Join(", ", left)} any more, which holds the new token. The secondary is not deleted. Put it back, then: tandem rotate abort");
        }
    }

    private static async Task DeleteAsync(RotationRun run, HeldToken caller, CancellationToken cancel)
    {
        var (patience, wasAsked) = (run.CreatePatience(), false);
        for (; ; )
        {
            if (!await IsOwnAsync(run, caller, cancel))
            {
                run.Say("rollback", "ok", $"{run.State.OldFingerprint} is the only token");
                return;
            }

            if (!wasAsked)
            {
                await run.AskAsync(await QuestionAsync(run, caller, cancel), cancel);
                wasAsked = true;
            }

            try
            {
                await run.Issuer.DeleteAsync(caller, run.State.AccountSid);
                run.Say("rollback", "ok", $"deleted the secondary; {run.State.OldFingerprint} is the only token");
                return;
            }
            catch (TwilioException e) when (e is { Status: 404, IsFromApi: true })
            {
                run.Say("rollback", "ok", $"{run.State.OldFingerprint} is the only token");
                return;
            }
            catch (TwilioException e) when (e.IsPassing)
            {
                run.Say("rollback", "warning", $"{e.Message.TrimEnd('.')}. Looking whether it was done.");
                if (!await run.PauseAsync("rollback", patience, e, cancel))
                {
                    throw;
                }
            }
        }
    }

    /// <summary>Whether there is a secondary to delete that is this rotation's own.</summary>
    private static async Task<bool> IsOwnAsync(RotationRun run, HeldToken caller, CancellationToken cancel)
    {
        if (run.New is { } made)
        {
            // Who holds the text of a token that works beside the primary holds the secondary.
            return await run.CheckAsync("rollback", made, cancel) switch
            {
                TokenStanding.Secondary => true,
                TokenStanding.Refused => false,
                _ => throw new RotationException(RotationFailure.Precondition, $"Somebody has promoted {made} meanwhile, and the destinations hold "
                    + $"{run.State.OldFingerprint}, which is dead. Deliver {made} again: tandem rotate"),
            };
        }

        if (run.Issuer.Insight is not { } insight)
        {
            return run.Request.ReplaceSecondary ? true : throw new RotationException(RotationFailure.Precondition,
                "A secondary token may exist at Twilio that nobody holds: the answer to its create was lost, or it was not kept. Twilio tells nobody whose a secondary is, so it is left alone. If nobody uses it, delete it: tandem rotate abort --replace-secondary");
        }

        var slots = await run.AskServerAsync("rollback", () => insight.GetTokensAsync(caller, run.State.AccountSid, cancel), cancel);
        return slots.Secondary is { } secondary && await run.AskServerAsync("rollback", () => run.IsOwnAsync(insight, secondary, caller, cancel), cancel);
    }

    private static async Task<RotationQuestion> QuestionAsync(RotationRun run, HeldToken caller, CancellationToken cancel)
    {
        var use = run.Issuer.Insight is not { } insight ? " Twilio does not report whether anybody uses it still."
            : (await insight.GetTokensAsync(caller, run.State.AccountSid, cancel)).Secondary?.LastUse is { } last ? $" It was last used {Durations.Show(run.Now - last)} ago."
            : "";
        return new($"The secondary {run.State.NewFingerprint ?? "that this rotation made"} stops working now; {run.State.OldFingerprint} goes on working.{use}", [], run.State.NewFingerprint);
    }
}
