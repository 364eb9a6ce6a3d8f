using Tandem.Client;

namespace Tandem.Rotations.Steps;

/// <summary>Goes on with a rotation that was stopped: finds out what is true now, and puts the record right where somebody else has acted.</summary>
internal static class Resume
{
    public static async Task RunAsync(RotationRun run, RotationState state, SealedTokens tokens, CancellationToken cancel)
    {
        run.Adopt(state, tokens);
        run.Say("resume", "started", $"found a rotation of {state.AccountSid}, started {state.Started:yyyy-MM-dd' 'HH:mm'Z'} by {state.StartedBy}, stopped in {state.Step.ToString().ToLowerInvariant()}. {run.WhereThingsStand()}");
        Recognise(run);
        if (state.Step == RotationStep.RollingBack)
        {
            return;
        }

        TakeThePlan(run);
        try
        {
            await TakeWhatIsTrueAsync(run, cancel);
        }
        catch (TwilioException e)
        {
            throw RotationRun.Explain(e, $"{run.WhereThingsStand()} Run again when it answers: tandem rotate");
        }
        catch (TandemException e)
        {
            throw new RotationException(RotationFailure.Failed, $"{e.Message} {run.WhereThingsStand()} Run again when it answers: tandem rotate", e);
        }
    }

    /// <summary>A token that was given, where none was kept, is known by its fingerprint.</summary>
    public static void Recognise(RotationRun run)
    {
        if (run.Request.Token is not { } given)
        {
            return;
        }

        if (string.Equals(given.Fingerprint, run.State.OldFingerprint, StringComparison.Ordinal))
        {
            run.Old ??= given;
        }
        else if (string.Equals(given.Fingerprint, run.State.NewFingerprint, StringComparison.Ordinal))
        {
            run.New ??= given;
        }
    }

    /// <summary>The plan may have changed since. A destination that holds the new token must stay in it.</summary>
    private static void TakeThePlan(RotationRun run)
    {
        var gone = run.State.Destinations.Where(d => d.Progress != DestinationProgress.Pending && run.Request.Destinations.All(p => !string.Equals(p.Id, d.Name, StringComparison.Ordinal))).ToList();
        if (gone.Count > 0)
        {
            throw new RotationException(RotationFailure.Usage,
                $"The plan does not name {string.Join(", ", gone.Select(g => g.Name))} any more, which the unfinished rotation has given the new token. Nothing was changed. Put it back, or go back with the plan as it was: tandem rotate abort");
        }

        run.Save(run.State with { Destinations = [.. run.Request.Destinations.Select(d => run.RecordOf(d) ?? new() { Name = d.Id })] });
    }

    private static async Task TakeWhatIsTrueAsync(RotationRun run, CancellationToken cancel)
    {
        if (run.New is null)
        {
            if (run.State.MayBePromoted && await run.IsOldInForceAsync("resume", cancel) is not true)
            {
                throw new RotationException(RotationFailure.Credential,
                    $"The rotation of {run.State.AccountSid} has ended the old token, or may have, and the new one {run.State.NewFingerprint} was "
                        + "not kept. Nothing was changed. Give the new one, from a destination that has it: --token-file FILE");
            }

            run.NeedCaller();
            BeginAnew(run);
            return;
        }

        var standing = await run.CheckAsync("resume", run.New, cancel);
        if (standing == TokenStanding.Primary && run.State.PromotedAt is null)
        {
            var next = run.State.Destinations.All(d => d.Progress == DestinationProgress.Delivered) ? RotationStep.Settling : RotationStep.Delivering;
            run.Say("resume", next == RotationStep.Settling ? "ok" : "warning", $"{run.New} is the primary already");
            run.Save(run.State with { PromotedAt = run.Now, Step = next, Leaked = run.State.Leaked || next == RotationStep.Delivering });
        }
        else if (standing == TokenStanding.Refused && run.State.PromotedAt is null)
        {
            await RefusedToken.NeedDeletedAsync(run, "resume", cancel);
            run.NeedCaller();
            run.Say("resume", "warning", $"the secondary {run.New} is gone: somebody deleted it. Another is made and delivered everywhere again");
            run.New = null;
            BeginAnew(run);
        }
        else if (standing == TokenStanding.Refused && run.State.Step == RotationStep.Delivering)
        {
            throw RefusedToken.AfterPromotion(run);
        }
    }

    /// <summary>Another token is made, and every destination is given it; what they had before this rotation is still remembered.</summary>
    private static void BeginAnew(RotationRun run) => run.Save(run.State with
    {
        Step = RotationStep.Creating,
        Destinations = [.. run.State.Destinations.Select(d => d with { Progress = d.Progress == DestinationProgress.Pending ? d.Progress : DestinationProgress.Delivering })],
    });
}
