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

/// <summary>
/// Finds out whether somebody is who they say. One try is looked at at a time, whoever it is: so no number of tries in parallel gets around the
/// delays, and slow hashing never takes more than one core from the checks. Correct tries wait their turn; none is refused for another's.
/// </summary>
internal sealed class SignIn(IUserStore users, Passwords passwords, SecondFactors factors, SignInDelays delays, FailedSignIns failures) : IDisposable
{
    /// <summary>Tries that may wait: at a fifth of a second each, for longer nobody would.</summary>
    private const int Queue = 100;

    private readonly SemaphoreSlim _turn = new(1);
    private int _waiting;

    /// <summary>Name and password, and the code where the user has a second factor and one was given.</summary>
    /// <param name="attempt">Who tries.</param>
    /// <param name="password">The password.</param>
    /// <param name="code">A code of the second factor, or a recovery code; empty for none.</param>
    /// <param name="context">Where it comes from.</param>
    public Task<ProofResult> ProveAsync(Attempt attempt, string password, string code, ChangeContext context) => TakeTurnAsync(attempt, async () =>
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
    });

    /// <summary>The code of a user whose password was right a moment ago.</summary>
    /// <param name="attempt">Who tries.</param>
    /// <param name="password">Which password it was: the hash (<see cref="OneTimeSecret.Hash"/>) of its hash.</param>
    /// <param name="code">A code of the second factor, or a recovery code.</param>
    /// <param name="context">Where it comes from.</param>
    public Task<ProofResult> ProveCodeAsync(Attempt attempt, string password, string code, ChangeContext context) => TakeTurnAsync(attempt, async () =>
    {
        var user = await users.FindUserAsync(attempt.Name);
        return user?.Factor is not null
            && string.Equals(OneTimeSecret.Hash(user.PasswordHash), password, StringComparison.Ordinal)
            && factors.Check(user, code) is { } proof ? Succeed(attempt, proof) : await FailAsync(attempt, user, "wrong code", context);
    });

    public void Dispose() => _turn.Dispose();

    private async Task<ProofResult> TakeTurnAsync(Attempt attempt, Func<Task<ProofResult>> look)
    {
        if (delays.Wait(attempt) is var wait && wait > TimeSpan.Zero)
        {
            return new(ProofState.TooSoon, Wait: wait);
        }

        if (Interlocked.Increment(ref _waiting) > Queue)
        {
            Interlocked.Decrement(ref _waiting);
            return new(ProofState.Busy);
        }

        await _turn.WaitAsync();
        try
        {
            // Again: others may have failed while this one waited.
            return delays.Wait(attempt) is var left && left > TimeSpan.Zero ? new(ProofState.TooSoon, Wait: left) : await look();
        }
        finally
        {
            _turn.Release();
            Interlocked.Decrement(ref _waiting);
        }
    }

    private ProofResult Succeed(Attempt attempt, Proof proof)
    {
        delays.Succeeded(attempt);
        return new(ProofState.Proved, proof);
    }

    private async Task<ProofResult> FailAsync(Attempt attempt, User? user, string what, ChangeContext context)
    {
        delays.Failed(attempt);
        await failures.RecordAsync(user, what, context);
        return new(ProofState.Wrong, Wait: delays.Wait(attempt));
    }
}
