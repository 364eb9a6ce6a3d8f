using Tandem.Client;

namespace Tandem.Rotations.Steps;

/// <summary>
/// Makes the secondary. When the answer was lost there may be one that nobody holds: on Tandem that is found out, and it is deleted and another
/// made; on Twilio nobody can tell whose a secondary is, so it is left alone unless whoever runs this says otherwise.
/// </summary>
internal static class Create
{
    public static async Task RunAsync(RotationRun run, CancellationToken cancel)
    {
        var began = run.Now;
        var made = await MakeAsync(run, cancel);
        run.New = made;
        run.Save(run.State with { NewFingerprint = made.Fingerprint, Step = run.State.Leaked ? RotationStep.Promoting : RotationStep.Delivering });
        run.Say("create", "ok", $"secondary {made}", took: run.Now - began);
    }

    private static async Task<HeldToken> MakeAsync(RotationRun run, CancellationToken cancel)
    {
        var caller = run.NeedCaller();
        var (patience, lostOne) = (run.CreatePatience(), false);
        for (; ; )
        {
            try
            {
                await ClearTheWayAsync(run, caller, cancel);
                return await run.Issuer.CreateAsync(caller, run.State.AccountSid);
            }
            catch (TwilioException e) when (e.IsPassing)
            {
                lostOne |= e.Unknown;
                run.Say("create", "warning", $"{e.Message.TrimEnd('.')}.{(e.Unknown ? " Looking whether a secondary was made." : "")}");
                if (!await run.PauseAsync("create", patience, e, cancel))
                {
                    throw RotationRun.Explain(e, $"The create was tried for {Durations.Show(Patience.Total)}. {run.WhereThingsStand()} "
                        + $"{(lostOne ? "A secondary that nobody holds may be left; running again finds and replaces it" : "No token was made. Run again when it answers")}: tandem rotate");
                }
            }
            catch (TwilioException e) when (e is { IsFromApi: true, Status: >= 400 and < 500 and not (401 or 403) })
            {
                // Nobody has written down what Twilio answers while a secondary exists, so any refusal of a valid create is taken for it.
                await ReplaceOnTwilioAsync(run, caller, e, lostOne, cancel);
                await run.WaitAsync(patience.Next(asked: null) ?? throw RotationRun.Explain(e, $"{run.WhereThingsStand()} Run again: tandem rotate"), cancel);
            }
            catch (TwilioException e)
            {
                throw RotationRun.Explain(e, "No token was made. Run again when it answers: tandem rotate");
            }
            catch (TandemException e)
            {
                throw new RotationException(RotationFailure.Failed, $"{e.Message} {run.WhereThingsStand()} Run again: tandem rotate", e);
            }
        }
    }

    /// <summary>On Tandem, before each create: a secondary that is this run's own and that nobody holds goes away.</summary>
    private static async Task ClearTheWayAsync(RotationRun run, HeldToken caller, CancellationToken cancel)
    {
        if (run.Issuer.Insight is not { } insight
            || (await run.AskServerAsync("create", () => insight.GetTokensAsync(caller, run.State.AccountSid, cancel), cancel)).Secondary is not { } secondary)
        {
            return;
        }

        var isOwn = await run.AskServerAsync("create", () => run.IsOwnAsync(insight, secondary, caller, cancel), cancel);
        var use = secondary.LastUse is { } last ? $"was last used {Durations.Show(run.Now - last)} ago" : "has not been seen in use";
        var holders = run.State.Destinations.Where(d => d.Progress != DestinationProgress.Pending).Select(d => $"{d.Name} may hold it, and fails "
            + "until it is delivered to again").ToList();
        if (!isOwn)
        {
            if (!run.Request.ReplaceSecondary)
            {
                throw new RotationException(RotationFailure.Precondition,
                    $"A secondary token {secondary.Fingerprint} exists that this rotation did not make. It is left alone. To delete it and go on: tandem rotate --replace-secondary");
            }

            await run.AskAsync(new($"The secondary {secondary.Fingerprint}, which this rotation did not make and which {use}, stops working now.", [], secondary.Fingerprint), cancel);
        }
        else if (secondary.LastUse is not null || holders.Count > 0)
        {
            // Its text was not kept, but consumers may have it.
            await run.AskAsync(new($"The secondary {secondary.Fingerprint}, which this rotation made, did not keep, and which {use}, stops working "
                + "now. Another takes its place.", holders, secondary.Fingerprint), cancel);
        }

        await DeleteAsync(run, caller);
        run.Say("create", "ok", isOwn ? $"deleted {secondary.Fingerprint}, which an earlier create had made and nobody holds" : $"deleted {secondary.Fingerprint}");
        run.Save(run.State with { AuditBefore = await run.AskServerAsync("create", () => insight.LastAuditAsync(caller, run.State.AccountSid, cancel), cancel) });
    }

    private static async Task ReplaceOnTwilioAsync(RotationRun run, HeldToken caller, TwilioException refusal, bool lostOne, CancellationToken cancel)
    {
        if (run.Issuer.Insight is not null)
        {
            // Somebody was faster than the look before; the next round looks again.
            return;
        }

        if (!run.Request.ReplaceSecondary)
        {
            throw new RotationException(RotationFailure.Precondition,
                $"Twilio refused to make a secondary ({refusal.Status}, {refusal.Code}), as it does while one exists. {(lostOne ? "It may be the one whose answer was just lost, which nobody holds; or somebody else's. " : "")}Twilio tells nobody whose it is, so it is left alone: {run.State.OldFingerprint} works as before. If nobody uses it, delete it and go on: tandem rotate --replace-secondary", refusal);
        }

        await run.AskAsync(new("The secondary token that exists at Twilio, whoever holds it, stops working now.", [], null), cancel);
        await DeleteAsync(run, caller);
        run.Say("create", "ok", "deleted the secondary that was there");
    }

    private static async Task DeleteAsync(RotationRun run, HeldToken caller)
    {
        try
        {
            await run.Issuer.DeleteAsync(caller, run.State.AccountSid);
        }
        catch (TwilioException e) when (e is { Status: 404, IsFromApi: true })
        {
            // It is gone already.
        }
    }
}
