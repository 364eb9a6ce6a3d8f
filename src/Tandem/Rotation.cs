using System.Globalization;

namespace Tandem;

/// <summary>A new secondary token. Disposing it zeroes the text.</summary>
/// <param name="Account">The account after the change.</param>
/// <param name="Token">The text, to be answered once.</param>
public sealed record SecondaryCreated(Account Account, AuthToken Token) : IDisposable
{
    /// <inheritdoc />
    public void Dispose() => Token.Dispose();
}

/// <summary>A promoted token. Disposing it zeroes the text.</summary>
/// <param name="Account">The account after the change; its primary is the promoted token.</param>
/// <param name="Token">The text; null when nobody who asked holds what opens it (an operator, or a seal that was erased).</param>
/// <param name="At">When it was promoted.</param>
public sealed record Promoted(Account Account, AuthToken? Token, DateTimeOffset At) : IDisposable
{
    /// <inheritdoc />
    public void Dispose() => Token?.Dispose();
}

/// <summary>How a promote is meant.</summary>
/// <param name="Generation">Refuse when the account is not at this generation any more; null to promote whatever is there.</param>
/// <param name="Force">Promote although the guard would refuse.</param>
/// <param name="Reason">Why, for the audit entry; null for nothing.</param>
public sealed record PromoteIntent(long? Generation = null, bool Force = false, string? Reason = null);

/// <summary>
/// What a promote of a guarded account is judged by. It was gathered before the promote's transaction and counts for one generation of tokens; the
/// decisions are those of the transaction.
/// </summary>
/// <param name="Generation">The account's generation when it was gathered.</param>
/// <param name="Judge">
/// The verdict, from the account and the decisions given. It computes and does nothing else: it runs inside the transaction.
/// </param>
public sealed record PromoteEvidence(long Generation, Func<Account, IReadOnlyDictionary<string, ConsumerDecision>, ReadinessState> Judge);

/// <summary>
/// Create, delete and promote the secondary token: every caller (Twilio's paths, the local socket, later the console) comes
/// here. Each runs as one transaction that re-checks the caller's credential in the row it changes.
/// </summary>
/// <param name="store">Where accounts are kept.</param>
/// <param name="verifier">Makes the verifiers of new tokens.</param>
/// <param name="seal">Seals and opens the text of a pending secondary.</param>
/// <param name="time">Where the time comes from.</param>
/// <param name="recoverable">Whether tokens created from now on stay readable under the server's key.</param>
public sealed class Rotation(IAccountStore store, Verifier verifier, TokenSeal seal, TimeProvider time, bool recoverable = false)
{
    /// <summary>The shortest pause of a primary.</summary>
    public static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(5);

    /// <summary>The longest.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(300);

    /// <summary>How often evidence is gathered again because the tokens changed meanwhile.</summary>
    private const int MostGathered = 5;

    /// <summary>How long a promote waits for its evidence.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Gathers what was counted of an account whose guard is on; null when there is no such account. Asked outside of the transaction, so that
    /// whatever it waits for never holds a row. When it cannot answer in time, no consumer counts as moved.
    /// </summary>
    public Func<AccountSid, Task<PromoteEvidence?>>? Gather { get; init; }

    /// <summary>
    /// Creates the secondary token. Refused with <see cref="ErrorKind.SecondaryExists"/> when there is one.
    /// </summary>
    public async Task<Outcome<SecondaryCreated>> CreateSecondaryAsync(Caller caller, AccountSid sid, ChangeContext context)
    {
        var token = AuthToken.Generate();
        var outcome = await store.ChangeAsync<SecondaryCreated>(sid, rows =>
        {
            if (caller.Enter(rows, sid, out var account, out var role, out var actor) is var refusal and not ErrorKind.None)
            {
                return refusal;
            }

            if (!account.CreateSecondary(Keep(account, token, role, caller)).Is(out var changed, out refusal))
            {
                return refusal;
            }

            var audit = new AuditDraft(AuditAction.SecondaryCreated, sid, actor, context, changed.Secondary!.Fingerprint);
            return new Change<SecondaryCreated>(changed, audit, new(changed, token));
        });
        if (outcome.Value is null)
        {
            token.Dispose();
        }

        return outcome;
    }

    /// <summary>
    /// Deletes the secondary token: it is retired, and nothing else has changed. Refused with <see cref="ErrorKind.NoSecondary"/> when there is none,
    /// and with <see cref="ErrorKind.GenerationChanged"/> when the account is not at the generation meant any more, if one is meant.
    /// </summary>
    public Task<Outcome<Account>> DeleteSecondaryAsync(Caller caller, AccountSid sid, ChangeContext context, long? generation = null) => store.ChangeAsync(
        caller,
        sid,
        account => generation is { } seen && account.Generation != seen ? ErrorKind.GenerationChanged : account.DeleteSecondary(),
        (account, actor) => new(AuditAction.SecondaryDeleted, sid, actor, context, account.Secondary!.Fingerprint));

    /// <summary>
    /// Promotes the secondary token: the primary is retired, at once and everywhere. Refused with
    /// <see cref="ErrorKind.NoSecondary"/> when there is none. Best called with the secondary: what the caller holds is what is
    /// promoted, and a lost answer explains itself (the token still works, and a second promote finds no secondary).
    /// Refused with <see cref="ErrorKind.GenerationChanged"/> when the account is not at the generation meant any more, and with
    /// <see cref="ErrorKind.NotReady"/> when the account's guard is on, not everyone is seen to have moved, and it is not forced. Either token
    /// may force it: a leaked token can always be cut off.
    /// </summary>
    /// <returns>
    /// Also <see cref="ErrorKind.InvalidInput"/> when the reason is not allowed (<see cref="AuditDraft.IsReason"/>), or a forced
    /// promote has none.
    /// </returns>
    public async Task<Outcome<Promoted>> PromoteAsync(Caller caller, AccountSid sid, ChangeContext context, PromoteIntent? intent = null)
    {
        intent ??= new();
        if ((intent.Reason is { } reason && !AuditDraft.IsReason(reason)) || (intent.Force && string.IsNullOrWhiteSpace(intent.Reason)))
        {
            return ErrorKind.InvalidInput;
        }

        PromoteEvidence? evidence = null;
        for (var left = Gather is null ? 0 : MostGathered; ; left--)
        {
            var (known, mayAsk) = (evidence, left > 0);
            var outcome = await store.ChangeAsync<Promoted>(sid, rows => Promote(rows, caller, sid, context, intent, known, mayAsk));
            if (outcome.Error != ErrorKind.EvidenceMissing)
            {
                return outcome;
            }

            if ((evidence = await GatherAsync(sid)) is null)
            {
                left = 1; // the last attempt
            }
        }
    }

    /// <summary>
    /// Pauses the primary, the rehearsal of a promote: for <see cref="ShortestPause"/> to <see cref="LongestPause"/> the check refuses it as it
    /// would after the promote. Twilio's paths and our own API go on accepting it, so that a pause can always be ended, or followed by the
    /// promote. It ends by itself, with the next promote or delete, and with every restart. Refused with <see cref="ErrorKind.NoSecondary"/> when
    /// there is none, and with <see cref="ErrorKind.InvalidInput"/> when the length is outside these limits.
    /// </summary>
    public Task<Outcome<Account>> PausePrimaryAsync(Caller caller, AccountSid sid, TimeSpan length, ChangeContext context)
    {
        if (length < ShortestPause || length > LongestPause)
        {
            return Task.FromResult<Outcome<Account>>(ErrorKind.InvalidInput);
        }

        var detail = string.Create(CultureInfo.InvariantCulture, $"{(int)length.TotalSeconds} s");
        return store.ChangeAsync(
            caller,
            sid,
            account => account.PausePrimary(time.GetSteadyNow() + length),
            (account, actor) => new(AuditAction.PrimaryPaused, sid, actor, context, account.Primary!.Fingerprint) { Detail = detail });
    }

    /// <summary>Ends the pause before its time. Refused with <see cref="ErrorKind.NotPaused"/> when there is none (any more).</summary>
    public Task<Outcome<Account>> ResumePrimaryAsync(Caller caller, AccountSid sid, ChangeContext context) => store.ChangeAsync(
        caller,
        sid,
        account => account.ResumePrimary(time.GetSteadyNow()),
        (account, actor) => new(AuditAction.PrimaryResumed, sid, actor, context, account.Primary!.Fingerprint));

    /// <summary>The promote, inside its transaction.</summary>
    private Change<Promoted> Promote(
        IAccountRows rows, Caller caller, AccountSid sid, ChangeContext context, PromoteIntent intent, PromoteEvidence? evidence, bool mayAsk)
    {
        if (caller.Enter(rows, sid, out var account, out var role, out var actor) is var refusal and not ErrorKind.None)
        {
            return refusal;
        }

        if (intent.Generation is { } seen && account.Generation != seen)
        {
            return ErrorKind.GenerationChanged;
        }

        if (account.Secondary is not { } secondary)
        {
            return account.Promote(null).Error;
        }

        var guarded = account.PromoteGuard == PromoteGuard.Enforce;
        var known = evidence?.Generation == account.Generation ? evidence : null;
        if (guarded && known is null && mayAsk)
        {
            return ErrorKind.EvidenceMissing;
        }

        guarded = guarded && known?.Judge(account, rows.Decisions(sid)) != ReadinessState.Moved;
        if (guarded && !intent.Force)
        {
            return ErrorKind.NotReady;
        }

        var text = TextOf(secondary, sid, role, caller);
        if (!account.Promote(recoverable ? SealAsPrimary(account, secondary, text) : null).Is(out var changed, out refusal))
        {
            return refusal;
        }

        var action = guarded ? AuditAction.SecondaryPromotedByForce : AuditAction.SecondaryPromoted;
        var audit = new AuditDraft(action, sid, actor, context, secondary.Fingerprint) { Detail = intent.Reason };
        return new Change<Promoted>(changed, audit, new(changed, text, time.GetUtcNow()));
    }

    /// <summary>
    /// On another thread and with a limit, because it may wait for a lock that somebody holds. Evidence that cannot be had is evidence of nothing:
    /// without force the promote is refused, and with force it goes through.
    /// </summary>
    private async Task<PromoteEvidence?> GatherAsync(AccountSid sid)
    {
        try
        {
            return await Task.Run(() => Gather!(sid)).WaitAsync(s_patience, time);
        }
        catch (Exception e) when (e is TimeoutException or StoreBusyException)
        {
            return null;
        }
    }

    /// <summary>What is stored of a new secondary: its text is sealed under the caller's primary whenever there is one.</summary>
    private StoredToken Keep(Account account, AuthToken token, CallerRole role, Caller caller)
    {
        var kind = recoverable ? SealKind.Recoverable
            : role == CallerRole.SelfByPrimary ? SealKind.UnderPrimary
            : SealKind.UnderServerKey;
        var primary = kind == SealKind.UnderPrimary ? caller.Credential!.Token : null;
        return new(
            verifier.Hash(account.Sid, token),
            Fingerprint.Of(account.Sid, token),
            time.GetUtcNow(),
            seal.Seal(kind, account.Sid, account.Generation + 1, Slot.Secondary, token, primary));
    }

    /// <summary>
    /// The recoverable seal of the token about to be promoted, whoever promotes it; null when it was created before tokens were
    /// recoverable and nobody who asks holds its text.
    /// </summary>
    private SealedToken? SealAsPrimary(Account account, StoredToken secondary, AuthToken? text)
    {
        using var opened = text is null && secondary.Seal is { Kind: SealKind.Recoverable } readable
            && seal.TryOpen(readable, account.Sid, Slot.Secondary, primary: null, out var own) ? own : null;
        return (text ?? opened) is { } known
            ? seal.Seal(SealKind.Recoverable, account.Sid, account.Generation + 1, Slot.Primary, known, primary: null)
            : null;
    }

    /// <summary>The promoted token's text: the caller presents it, or presents the primary that opens the seal.</summary>
    private AuthToken? TextOf(StoredToken secondary, AccountSid sid, CallerRole role, Caller caller)
    {
        if (role == CallerRole.SelfBySecondary)
        {
            return AuthToken.TryParse(caller.Credential!.Token.Bytes, out var presented) ? presented : null;
        }

        if (role != CallerRole.SelfByPrimary || secondary.Seal is not { } sealedText)
        {
            return null;
        }

        return seal.TryOpen(sealedText, sid, Slot.Secondary, caller.Credential!.Token, out var text)
            ? text
            : throw new InvalidDataException($"The sealed secondary of {sid} does not open: its row was altered or its seal key is gone.");
    }
}
