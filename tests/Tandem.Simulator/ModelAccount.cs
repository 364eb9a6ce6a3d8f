namespace Tandem.Simulator;

/// <summary>
/// What an account must be by the rules that Tandem promises, told in the plainest way: texts where Tandem has keyed hashes, and no store. Each
/// method answers what the call must answer, and changes what it must change.
/// </summary>
internal sealed class ModelAccount(AccountSid sid, ModelAccount? parent, string primary)
{
    private const int Remembered = 40;

    private readonly List<string> _dead = [];

    public AccountSid Sid => sid;

    public ModelAccount? Parent => parent;

    public AccountStatus Status { get; private set; } = AccountStatus.Active;

    public long Generation { get; private set; } = 1;

    public string? Primary { get; private set; } = primary;

    public string? Secondary { get; private set; }

    /// <summary>Under what the secondary's text is kept: the primary that created it, unless somebody else did.</summary>
    public SealKind SecondarySeal { get; private set; }

    public bool IsGuarded { get; private set; }

    public DateTimeOffset? PausedUntil { get; private set; }

    /// <summary>In seconds since 1970; 0 for never.</summary>
    public long PrimaryLastUse { get; private set; }

    public long SecondaryLastUse { get; private set; }

    /// <summary>The tokens that were retired last.</summary>
    public IReadOnlyList<string> Dead => _dead;

    public bool IsActive => Status == AccountStatus.Active && parent is null or { Status: AccountStatus.Active };

    /// <summary>Which of the two a text is; null for neither.</summary>
    public Slot? SlotOf(string text) => text == Primary ? Slot.Primary : text == Secondary ? Slot.Secondary : null;

    /// <summary>Whether this caller may do anything to this account.</summary>
    public ErrorKind Enter(ModelCaller caller) =>
        caller.Account is not { } own ? ErrorKind.None
        : own.SlotOf(caller.Text) is null || !own.IsActive ? ErrorKind.WrongCredential
        : own == this || own == parent ? ErrorKind.None
        : ErrorKind.AccountNotFound;

    public ErrorKind Create(ModelCaller caller, string? text)
    {
        var refusal = Enter(caller) is var entered and not ErrorKind.None ? entered
            : Primary is null ? ErrorKind.AccountClosed
            : Secondary is not null ? ErrorKind.SecondaryExists
            : ErrorKind.None;
        if (refusal == ErrorKind.None)
        {
            (Secondary, SecondaryLastUse) = (text, 0);
            SecondarySeal = caller.Account == this && caller.Text == Primary ? SealKind.UnderPrimary : SealKind.UnderServerKey;
            Generation++;
        }

        return refusal;
    }

    public ErrorKind Delete(ModelCaller caller, long? generation)
    {
        var refusal = Enter(caller) is var entered and not ErrorKind.None ? entered
            : generation is { } meant && meant != Generation ? ErrorKind.GenerationChanged
            : Primary is null ? ErrorKind.AccountClosed
            : Secondary is null ? ErrorKind.NoSecondary
            : ErrorKind.None;
        if (refusal == ErrorKind.None)
        {
            Retire(Secondary!);
            (Secondary, SecondaryLastUse, PausedUntil) = (null, 0, null);
            Generation++;
        }

        return refusal;
    }

    public ErrorKind Promote(ModelCaller caller, long? generation, bool force)
    {
        var refusal = Enter(caller) is var entered and not ErrorKind.None ? entered
            : generation is { } meant && meant != Generation ? ErrorKind.GenerationChanged
            : Primary is null ? ErrorKind.AccountClosed
            : Secondary is null ? ErrorKind.NoSecondary
            : IsGuarded && !force ? ErrorKind.NotReady // nobody counts here, so nobody is seen to have moved
            : ErrorKind.None;
        if (refusal == ErrorKind.None)
        {
            Retire(Primary!);
            (Primary, PrimaryLastUse, Secondary, SecondaryLastUse, PausedUntil) = (Secondary, SecondaryLastUse, null, 0, null);
            Generation++;
        }

        return refusal;
    }

    public ErrorKind Pause(ModelCaller caller, DateTimeOffset until)
    {
        var refusal = Enter(caller) is var entered and not ErrorKind.None ? entered
            : Primary is null ? ErrorKind.AccountClosed
            : Secondary is null ? ErrorKind.NoSecondary
            : ErrorKind.None;
        PausedUntil = refusal == ErrorKind.None ? until : PausedUntil;
        return refusal;
    }

    public ErrorKind Resume(ModelCaller caller, DateTimeOffset now)
    {
        var refusal = Enter(caller) is var entered and not ErrorKind.None ? entered : PausedUntil > now ? ErrorKind.None : ErrorKind.NotPaused;
        PausedUntil = refusal == ErrorKind.None ? null : PausedUntil;
        return refusal;
    }

    public ErrorKind Guard(ModelCaller caller, bool on)
    {
        var refusal = Enter(caller) is var entered and not ErrorKind.None ? entered : Primary is null ? ErrorKind.AccountClosed : ErrorKind.None;
        IsGuarded = refusal == ErrorKind.None ? on : IsGuarded;
        return refusal;
    }

    public ErrorKind SetStatus(ModelCaller caller, AccountStatus status)
    {
        var refusal = Enter(caller) is var entered and not ErrorKind.None ? entered
            : caller.Account == this ? ErrorKind.NotPermitted
            : Status == AccountStatus.Closed && status != AccountStatus.Closed ? ErrorKind.AccountClosed
            : ErrorKind.None;
        if (refusal == ErrorKind.None && Status != status)
        {
            Status = status;
            if (status == AccountStatus.Closed)
            {
                Retire(Primary!);
                if (Secondary is not null)
                {
                    Retire(Secondary);
                }

                (Primary, Secondary, PausedUntil, PrimaryLastUse, SecondaryLastUse) = (null, null, null, 0, 0);
                Generation++;
            }
        }

        return refusal;
    }

    /// <summary>A check with a valid token was counted.</summary>
    public void Use(Slot slot, long second) =>
        (PrimaryLastUse, SecondaryLastUse) = slot == Slot.Primary ? (second, SecondaryLastUse) : (PrimaryLastUse, second);

    /// <summary>The process has ended and begun again: what lived in its memory alone is gone.</summary>
    public void Restart() => (PausedUntil, PrimaryLastUse, SecondaryLastUse) = (null, 0, 0);

    private void Retire(string text)
    {
        _dead.Add(text);
        if (_dead.Count > Remembered)
        {
            _dead.RemoveAt(0);
        }
    }
}

/// <summary>Who calls.</summary>
/// <param name="Caller">As Tandem knows it.</param>
/// <param name="Account">Whose token was presented; null for an operator.</param>
/// <param name="Text">The token; empty for an operator.</param>
internal sealed record ModelCaller(Caller Caller, ModelAccount? Account, string Text);
