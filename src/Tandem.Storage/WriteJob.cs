namespace Tandem.Storage;

/// <summary>A mutation on its way through the writer.</summary>
internal abstract class WriteJob(AccountSid account)
{
    public AccountSid Account { get; } = account;

    /// <summary>When it was asked for, as a time stamp of <see cref="System.Diagnostics.Stopwatch"/>.</summary>
    public long Began { get; } = System.Diagnostics.Stopwatch.GetTimestamp();

    /// <summary>Lets the mutation decide on the rows; what it decided is kept for <see cref="Answer"/>.</summary>
    public abstract (ErrorKind Refusal, Account? Changed, AuditDraft? Audit) Decide(IAccountRows rows);

    /// <summary>Answers what was decided.</summary>
    public abstract void Answer();

    /// <summary>Answers that nothing was changed, and why.</summary>
    public abstract void Refuse(ErrorKind refusal);

    /// <summary>Hands a fault to the caller; nothing was changed.</summary>
    public abstract void Fail(Exception fault);
}

/// <inheritdoc />
internal sealed class WriteJob<T>(AccountSid account, Func<IAccountRows, Change<T>> decide) : WriteJob(account)
    where T : class
{
    // Callers go on elsewhere: the writer's thread is for writing.
    private readonly TaskCompletionSource<Outcome<T>> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Change<T>? _change;

    public Task<Outcome<T>> Done => _done.Task;

    public override (ErrorKind Refusal, Account? Changed, AuditDraft? Audit) Decide(IAccountRows rows)
    {
        _change = decide(rows);
        return (_change.Refusal, _change.Account, _change.Audit);
    }

    public override void Answer() => _done.TrySetResult(_change!.Answer!);

    public override void Refuse(ErrorKind refusal) => _done.TrySetResult(refusal);

    public override void Fail(Exception fault) => _done.TrySetException(fault);
}
