namespace Tandem.Server.People;

/// <summary>How a try to prove who one is came out.</summary>
internal enum ProofState
{
    /// <summary>Proved.</summary>
    Proved,

    /// <summary>The password is right, and the user has a second factor.</summary>
    CodeNeeded,

    /// <summary>Name, password or code is wrong; which of them is not said.</summary>
    Wrong,

    /// <summary>Too many failures: it was not looked at.</summary>
    TooSoon,

    /// <summary>Too many others are being looked at.</summary>
    Busy,
}

/// <summary>The outcome of a try.</summary>
/// <param name="State">What came out.</param>
/// <param name="Proof">The proof, when there is one.</param>
/// <param name="User">The user whose password was right, when a code is needed.</param>
/// <param name="Wait">How long to wait before the next try.</param>
internal sealed record ProofResult(ProofState State, Proof? Proof = null, User? User = null, TimeSpan Wait = default);

/// <summary>Finds out whether somebody is who they say. Attempts take turns (<see cref="Turns"/>).</summary>
internal sealed class SignIn(IUserStore users, Passwords passwords, SecondFactors factors, Turns turns, FailedSignIns failures)
{
    /// <summary>Name and password, and the code where the user has a second factor and one was given.</summary>
    /// <param name="attempt">Who tries.</param>
    /// <param name="password">The password.</param>
    /// <param name="code">A code of the second factor, or a recovery code; empty for none.</param>
    /// <param name="context">Where it comes from.</param>
    /// <param name="gone">Fires when nobody waits for the answer any more.</param>
    public Task<ProofResult> ProveAsync(Attempt attempt, string password, string code, ChangeContext context, CancellationToken gone) =>
        TakeTurnAsync(attempt, async () =>
    {
        var user = await users.FindUserAsync(attempt.Name);
        if (!passwords.Matches(user, password))
        {
            return await FailAsync(attempt, user, "wrong name or password", context);
        }

        return user!.Factor is null ? Succeed(attempt, new(user))
            : code.Length == 0 ? new(ProofState.CodeNeeded, User: user)
            : factors.Check(user, code) is { } proof ? Succeed(attempt, proof)
            : await FailAsync(attempt, user, "wrong code", context);
    }, gone);

    /// <summary>The code of a user whose password was right a moment ago.</summary>
    /// <param name="attempt">Who tries.</param>
    /// <param name="password">Which password it was: the hash (<see cref="OneTimeSecret.Hash"/>) of its hash.</param>
    /// <param name="code">A code of the second factor, or a recovery code.</param>
    /// <param name="context">Where it comes from.</param>
    /// <param name="gone">Fires when nobody waits for the answer any more.</param>
    public Task<ProofResult> ProveCodeAsync(Attempt attempt, string password, string code, ChangeContext context, CancellationToken gone)
    {
        var withPassword = attempt with { Device = attempt.Device ?? SignInDelays.CodesOf(attempt.Name) };
        return TakeTurnAsync(withPassword, async () =>
        {
            var user = await users.FindUserAsync(attempt.Name);
            return user?.Factor is not null
                && string.Equals(OneTimeSecret.Hash(user.PasswordHash), password, StringComparison.Ordinal)
                && factors.Check(user, code) is { } proof ? Succeed(withPassword, proof) : await FailAsync(withPassword, user, "wrong code", context);
        }, gone);
    }

    private async Task<ProofResult> TakeTurnAsync(Attempt attempt, Func<Task<ProofResult>> look, CancellationToken gone)
    {
        if (await turns.TakeAsync(attempt, gone) is { } refused)
        {
            return refused;
        }

        try
        {
            return await look();
        }
        finally
        {
            turns.End();
        }
    }

    private ProofResult Succeed(Attempt attempt, Proof proof)
    {
        turns.Succeeded(attempt);
        return new(ProofState.Proved, proof);
    }

    private async Task<ProofResult> FailAsync(Attempt attempt, User? user, string what, ChangeContext context)
    {
        var wait = turns.Failed(attempt);
        await failures.RecordAsync(user, what, context);
        return new(ProofState.Wrong, Wait: wait);
    }
}
