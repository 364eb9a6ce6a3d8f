namespace Tandem.Rotations.Steps;

/// <summary>Finds out why the server refuses the new token of a rotation that has not ended the old one.</summary>
internal static class RefusedToken
{
    /// <summary>Returns when somebody has deleted it, and the old token is in force as before. Anything else stops the rotation.</summary>
    public static async Task NeedDeletedAsync(RotationRun run, string step, CancellationToken cancel)
    {
        var (state, made) = (run.State, run.New!);
        switch (await run.IsOldInForceAsync(step, cancel))
        {
            case null:
                throw new RotationException(RotationFailure.Credential,
                    $"The server refuses the new token {made} of {state.AccountSid}, and the old one {state.OldFingerprint} is not held here, so "
                        + "which token works cannot be told. Nothing was changed. Give the old one: --token-file FILE");
            case false:
                throw new RotationException(RotationFailure.Verification,
                    $"URGENT: neither {state.OldFingerprint} nor {made} is the primary any more, and {made} is refused: somebody else has changed "
                        + $"the tokens of {state.AccountSid}, or the account is not active. The destinations hold {made}. Find out who holds the primary now.");
        }

        // The server's own list of the two slots must say the same before another token takes this one's place.
        if (run.Issuer.Insight is { } insight
            && (await run.AskServerAsync(step, () => insight.GetTokensAsync(run.NeedCaller(), state.AccountSid, cancel), cancel)).Secondary is { } secondary
            && string.Equals(secondary.Fingerprint, made.Fingerprint, StringComparison.Ordinal))
        {
            throw new RotationException(RotationFailure.Failed,
                $"The server refuses the new token {made} of {state.AccountSid}, and lists it as the secondary: its answers contradict each other. "
                    + "Nothing was changed. Look at the server, then run again: tandem rotate");
        }
    }

    /// <summary>The refusal of the new token after it was promoted: what is delivered from then on may overwrite a newer token.</summary>
    public static RotationException AfterPromotion(RotationRun run) => new(RotationFailure.Verification,
        $"URGENT: the new token {run.New} is refused, although it was promoted: somebody else has changed the tokens of {run.State.AccountSid} "
            + $"since, or the account is not active. Nothing was delivered. Find out who holds the primary now. If the destinations have a newer "
            + $"token already, this rotation is of no use any longer: rm '{run.StateFile}'");
}
