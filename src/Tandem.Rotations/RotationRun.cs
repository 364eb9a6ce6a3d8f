using Tandem.Client;
using Tandem.Rotations.Destinations;

namespace Tandem.Rotations;

/// <summary>A rotation while it runs: its state on disk and in memory, and those who watch.</summary>
internal sealed class RotationRun(StateDirectory states, RotationHost host, RotationRequest request)
{
    private readonly List<RotationEvent> _events = [];
    private readonly Dictionary<string, DestinationCopy> _copies = new(StringComparer.Ordinal);
    private RotationState? _state;

    public RotationRequest Request => request;

    public Issuer Issuer => request.Issuer;

    public RotationState State => _state!;

    /// <summary>The token that a promotion ends; null when nobody at hand holds it.</summary>
    public HeldToken? Old { get; set; }

    /// <summary>The token that takes its place; null until it is made.</summary>
    public HeldToken? New { get; set; }

    /// <summary>Tells the server how this stands; null before there is anything to tell.</summary>
    public RotationBeacon? Beacon { get; set; }

    public DateTimeOffset Now => host.Time.GetUtcNow();

    /// <summary>The old token, where a step cannot do without it.</summary>
    public HeldToken NeedOld() => Old ?? throw NoOld();

    public RotationException NoOld() => new(RotationFailure.Credential,
        $"This step needs the old token {State.OldFingerprint} of {State.AccountSid}, which was not kept. Nothing was changed. Give it in TWILIO_AUTH_TOKEN, or with --token-file.");

    /// <summary>Who may create and delete the account's secondary: the account itself, else its parent.</summary>
    public HeldToken NeedCaller() => Old ?? Request.Parent ?? NeedOld();

    /// <summary>Asks the server something that may be asked again, for as long as it cannot answer at the moment and patience lasts.</summary>
    public async Task<T> AskServerAsync<T>(string step, Func<Task<T>> ask, CancellationToken cancel)
    {
        var patience = CreatePatience();
        for (; ; )
        {
            try
            {
                return await ask();
            }
            catch (Exception e) when (e is TwilioException { IsPassing: true } or TandemException { IsPassing: true })
            {
                if (!await PauseAsync(step, patience, e, cancel))
                {
                    throw;
                }
            }
        }
    }

    /// <summary>What a token is to the account, asked with patience.</summary>
    public Task<TokenStanding> CheckAsync(string step, HeldToken token, CancellationToken cancel) => AskServerAsync(step, () => Issuer.CheckAsync(token, cancel), cancel);

    /// <summary>Whether the old token is still the primary; null when nobody can tell: it is not held here, nor its parent's.</summary>
    public async Task<bool?> IsOldInForceAsync(string step, CancellationToken cancel)
    {
        if (Old is { } old)
        {
            return await CheckAsync(step, old, cancel) == TokenStanding.Primary;
        }

        if (Request.Parent is not { } parent || Issuer.Insight is not { } insight)
        {
            return null;
        }

        var slots = await AskServerAsync(step, () => insight.GetTokensAsync(parent, State.AccountSid, cancel), cancel);
        return string.Equals(slots.Primary?.Fingerprint, State.OldFingerprint, StringComparison.Ordinal);
    }

    public Patience CreatePatience() => new(host.Time);

    /// <summary>Pauses before a call is repeated that failed; false when that would not help, or has been done for long enough.</summary>
    public async Task<bool> PauseAsync(string step, Patience patience, Exception failure, CancellationToken cancel)
    {
        if (patience.Next(failure) is not { } pause)
        {
            return false;
        }

        Say(step, "waiting", $"{failure.Message.TrimEnd('.')}; trying again in {Durations.Show(pause)}");
        await (State.MayBePromoted || State.Step == RotationStep.RollingBack ? WaitAsync(pause, cancel) : WaitOrHoldAsync(pause, cancel));
        return true;
    }

    /// <summary>
    /// Whether the secondary that a Tandem tells of is this run's own: by its fingerprint, or because an answer that was lost had made it. Only such a
    /// one is deleted without being asked for.
    /// </summary>
    public async Task<bool> IsOwnAsync(TandemInsight insight, TokenInfo secondary, HeldToken caller, CancellationToken cancel) =>
        string.Equals(secondary.Fingerprint, State.NewFingerprint, StringComparison.Ordinal)
        || (State.AuditBefore is { } before && await insight.IsOwnOrphanAsync(caller, State.AccountSid, before, cancel));

    /// <summary>Records a state, with the tokens sealed beside it. What it announces happens after this returns.</summary>
    public void Save(RotationState state)
    {
        var copies = _copies.ToDictionary(c => c.Key, c => c.Value.Text, StringComparer.Ordinal);
        var kept = request.StoreTokens ? new SealedTokens { Old = Old?.Reveal(), New = New?.Reveal(), Copies = copies } : new();
        states.Save(state, kept);
        _state = state;
        Beacon?.Tell();
    }

    public void Adopt(RotationState state, SealedTokens tokens)
    {
        _state = state;
        Old = tokens.Old is { } old ? HeldToken.Known(state.AccountSid, old) : null;
        New = tokens.New is { } made ? HeldToken.Known(state.AccountSid, made) : null;
        foreach (var (name, text) in tokens.Copies ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            _copies[name] = new(text);
        }
    }

    public void GoTo(RotationStep step) => Save(State with { Step = step });

    public Delivery DeliveryFor(PlannedDestination destination) => new(
        new(Old, New!), $"{State.AccountSid}", State.Target, RecordOf(destination)?.AddedKeys ?? [])
    {
        Before = _copies.GetValueOrDefault(destination.Id),
        Time = host.Time,
    };

    /// <summary>Keeps what a destination was before the first delivery to it; it is sealed with the next state.</summary>
    public void Keep(PlannedDestination destination, DestinationCopy? copy)
    {
        if (copy is not null)
        {
            _copies[destination.Id] = copy;
        }
    }

    public DestinationRecord? RecordOf(PlannedDestination destination) =>
        State.Destinations.FirstOrDefault(d => string.Equals(d.Name, destination.Id, StringComparison.Ordinal));

    public void Say(string step, string result, string text, string? destination = null, TimeSpan? took = null)
    {
        var said = new RotationEvent
        {
            At = Now,
            AccountSid = $"{request.AccountSid}",
            Step = step,
            Destination = destination,
            Result = result,
            Text = text,
            Seconds = took is { } time ? Math.Round(time.TotalSeconds, 1) : null,
        };

        // Waiting is for the moment; a report of an hour's would be nothing else.
        if (result is not "waiting")
        {
            _events.Add(said);
        }

        host.Report(said);
        Beacon?.Tell(destination is null ? text : $"{destination}: {text}");
    }

    public async Task AskAsync(RotationQuestion question, CancellationToken cancel)
    {
        if (!await host.Ask(question, cancel))
        {
            throw new RotationException(RotationFailure.Declined, _state is null ? "Declined. Nothing was changed."
                : $"Declined. {WhereThingsStand()} Go on: tandem rotate. Go back: tandem rotate abort");
        }
    }

    /// <summary>Stops, while nothing is lost by it, because it was told to hold, or because another rotation works on these tokens by now.</summary>
    public void StopIfTold()
    {
        if (host.Hold.IsCancellationRequested && !State.MayBePromoted && State.Step != RotationStep.RollingBack)
        {
            throw new RotationException(RotationFailure.Held, $"Held before the old token is ended. {WhereThingsStand()} The state is kept.");
        }

        if (Beacon?.TakenOver is { } other && !State.MayBePromoted)
        {
            throw new RotationException(RotationFailure.Precondition, $"This rotation was not heard of for too long, and another one has taken its place. {other} {WhereThingsStand()} The state is kept. When the other is over, find out what is true: tandem rotate");
        }
    }

    public Task WaitAsync(TimeSpan time, CancellationToken cancel) => Task.Delay(time, host.Time, cancel);

    /// <summary>The same while both tokens work: being told to hold ends it too.</summary>
    public async Task WaitOrHoldAsync(TimeSpan time, CancellationToken cancel)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, host.Hold);
        try
        {
            await WaitAsync(time, both.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            StopIfTold();
            throw;
        }
    }

    /// <summary>The file of this rotation's state.</summary>
    public string StateFile => states.FileOf(State.AccountSid, State.Target);

    /// <summary>Takes back a record of which nothing was carried out.</summary>
    public void Forget() => states.Forget(State);

    public RotationResult Finish(string outcome)
    {
        var report = new RotationReport { State = State with { Step = RotationStep.Done }, Outcome = outcome, Finished = Now, Events = _events };
        return new(report, states.Finish(report));
    }

    /// <summary>For whoever reads an error: which tokens work now.</summary>
    public string WhereThingsStand() => State switch
    {
        { PromotedAt: not null } => $"The token {State.NewFingerprint} is the primary; {State.OldFingerprint} is dead.",
        { Step: RotationStep.Promoting } => "Whether the old token is dead will be found out by running again.",
        { NewFingerprint: { } made } => $"The secondary {made} works, the primary {State.OldFingerprint} works, nothing is broken.",
        _ => $"The primary {State.OldFingerprint} works as before.",
    };

    /// <summary>Puts a server's refusal in words; what it means is for the caller to say.</summary>
    public static RotationException Explain(TwilioException e, string meaning)
    {
        var wait = e.RetryAfter is { } time && time >= TimeSpan.FromSeconds(1) ? $" It asks to wait {Durations.Show(time)}." : "";
        return e switch
        {
            { IsTokenRefused: true } => new(RotationFailure.Credential, $"The server refused the token ({e.Status}, {e.Code}). {meaning}", e),
            { Status: 0 } => new(RotationFailure.Failed, $"{e.Message} {meaning}", e),
            { IsPassing: true } => new(RotationFailure.Failed, $"The server cannot answer now: {e.Message.TrimEnd('.')} ({Number(e)}).{wait} {meaning}", e),
            _ => new(RotationFailure.Failed, $"The server refused: {e.Message.TrimEnd('.')} ({Number(e)}). {meaning}", e),
        };
    }

    private static string Number(TwilioException e) => $"{e.Status}{(e.Code == 0 ? "" : $", {e.Code}")}";
}
