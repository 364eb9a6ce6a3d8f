using System.Globalization;

namespace Tandem;

/// <summary>A new account and its first token. Disposing it zeroes the text.</summary>
/// <param name="Account">The account.</param>
/// <param name="Token">The text of its primary token, to be handed over once.</param>
public sealed record AccountCreated(Account Account, AuthToken Token) : IDisposable
{
    /// <inheritdoc />
    public void Dispose() => Token.Dispose();
}

/// <summary>Creates accounts and changes their name and status. Token changes of a living account are <see cref="Rotation"/>'s.</summary>
/// <param name="store">Where accounts are kept.</param>
/// <param name="verifier">Makes the verifiers of new tokens.</param>
/// <param name="seal">Seals the text of recoverable tokens.</param>
/// <param name="time">Where the time comes from.</param>
/// <param name="recoverable">Whether tokens created from now on stay readable under the server's key.</param>
public sealed class AccountLifecycle(IAccountStore store, Verifier verifier, TokenSeal seal, TimeProvider time, bool recoverable = false)
{
    /// <summary>Subaccounts of one account that are not closed, unless configured; as many as on Twilio.</summary>
    public const int DefaultSubaccountLimit = 1_000;

    /// <summary>
    /// How many times the limit an account may have in subaccounts when the closed ones are counted too: a closed account stays on record, so
    /// that closing and creating in turn would otherwise never end.
    /// </summary>
    public const int ClosedFactor = 10;

    /// <summary>Subaccounts that one account may have, the closed ones not counted.</summary>
    public int SubaccountLimit { get; init; } = DefaultSubaccountLimit;

    /// <summary>
    /// Creates an account with a new token: a top-level one for an operator who names no parent, else a subaccount of
    /// <paramref name="parent"/>, by that parent or an operator. Subaccounts have no subaccounts. Refused with <see cref="ErrorKind.InvalidInput"/> when
    /// the name is not allowed (<see cref="Account.IsFriendlyName"/>), and with <see cref="ErrorKind.TooManySubaccounts"/> when the parent has
    /// <see cref="SubaccountLimit"/> of them.
    /// </summary>
    public async Task<Outcome<AccountCreated>> CreateAsync(Caller caller, AccountSid? parent, string? friendlyName, ChangeContext context)
    {
        var (sid, token) = (AccountSid.Create(), AuthToken.Generate());
        var outcome = await InsertAsync(AuditAction.AccountCreated, sid, parent, caller, friendlyName, token, context);
        if (outcome.Value is null)
        {
            token.Dispose();
        }

        return outcome;
    }

    /// <summary>
    /// Takes over an account whose SID and token its consumers hold already. Refused with <see cref="ErrorKind.AccountExists"/> when the SID is taken.
    /// </summary>
    public Task<Outcome<AccountCreated>> ImportAsync(Caller caller, AccountSid sid, AuthToken token, string? friendlyName, ChangeContext context) =>
        InsertAsync(AuditAction.AccountImported, sid, null, caller, friendlyName, token, context);

    /// <summary>
    /// Creates the account that a new store begins with, of a SID and a token that were made for it and written down before. Refused with
    /// <see cref="ErrorKind.AccountExists"/> when the SID is taken.
    /// </summary>
    public Task<Outcome<AccountCreated>> CreateFirstAsync(Caller caller, AccountSid sid, AuthToken token, ChangeContext context) =>
        InsertAsync(AuditAction.AccountCreated, sid, null, caller, null, token, context);

    /// <summary>
    /// Changes name, status, or both. The status is for the parent or an operator alone, so that no account can shut itself out. Refused with
    /// <see cref="ErrorKind.InvalidInput"/> when the name is not allowed (<see cref="Account.IsFriendlyName"/>).
    /// </summary>
    public Task<Outcome<Account>> UpdateAsync(Caller caller, AccountSid sid, string? friendlyName, AccountStatus? status, ChangeContext context) =>
        store.ChangeAsync<Account>(sid, rows =>
        {
            if (caller.Enter(rows, sid, out var account, out var role, out var actor) is var refusal and not ErrorKind.None)
            {
                return refusal;
            }

            if (status is not null && role is CallerRole.SelfByPrimary or CallerRole.SelfBySecondary)
            {
                return ErrorKind.NotPermitted;
            }

            if (status is { } asked && !Enum.IsDefined(asked))
            {
                return ErrorKind.InvalidInput;
            }

            var now = time.GetUtcNow();
            var changed = account;
            if (friendlyName is not null && !changed.Rename(friendlyName, now).Is(out changed, out refusal))
            {
                return refusal;
            }

            if (status is { } wanted && !changed.SetStatus(wanted, now).Is(out changed, out refusal))
            {
                return refusal;
            }

            var action = status switch
            {
                AccountStatus.Active => AuditAction.AccountActivated,
                AccountStatus.Suspended => AuditAction.AccountSuspended,
                AccountStatus.Closed => AuditAction.AccountClosed,
                _ => AuditAction.AccountRenamed,
            };
            var audit = new AuditDraft(action, sid, actor, context) { Detail = friendlyName is null ? null : $"called {friendlyName}" };
            return new Change<Account>(changed, audit, changed);
        });

    /// <summary>Switches the promote guard. The account itself may: the guard is against mistakes, and whoever holds a token can force a promote.</summary>
    public Task<Outcome<Account>> GuardAsync(Caller caller, AccountSid sid, PromoteGuard guard, ChangeContext context) => store.ChangeAsync(
        caller,
        sid,
        account => account.Guard(guard, time.GetUtcNow()),
        (_, actor) => new(AuditAction.PromoteGuardChanged, sid, actor, context) { Detail = guard.Name() });

    private Task<Outcome<AccountCreated>> InsertAsync(
        AuditAction action, AccountSid sid, AccountSid? parent, Caller caller, string? friendlyName, AuthToken token, ChangeContext context) =>
        store.ChangeAsync<AccountCreated>(parent ?? sid, rows =>
        {
            if (rows.Find(sid) is not null)
            {
                return ErrorKind.AccountExists;
            }

            if (Enter(rows, caller, parent, out var actor) is var refusal and not ErrorKind.None)
            {
                return refusal;
            }

            if (friendlyName is not null && !Account.IsFriendlyName(friendlyName))
            {
                return ErrorKind.InvalidInput;
            }

            if (parent is { } owner && !HasRoom(rows, owner))
            {
                return ErrorKind.TooManySubaccounts;
            }

            var now = time.GetUtcNow();
            var account = new Account
            {
                Sid = sid,
                OwnerSid = parent ?? sid,
                FriendlyName = friendlyName ?? DefaultName(parent is not null, now),
                Status = AccountStatus.Active,
                Generation = 1,
                DateCreated = now,
                DateUpdated = now,
                Primary = new(
                    verifier.Hash(sid, token),
                    Fingerprint.Of(sid, token),
                    now,
                    recoverable ? seal.Seal(SealKind.Recoverable, sid, 1, Slot.Primary, token, primary: null) : null),
            };
            var audit = new AuditDraft(action, sid, actor, context, account.Primary.Fingerprint);
            return new Change<AccountCreated>(account, audit, new(account, token));
        });

    /// <summary>Counted in the transaction, so that no two creations take the same place. The status is looked at only where it matters.</summary>
    private bool HasRoom(IAccountRows rows, AccountSid parent)
    {
        var most = (int)Math.Min(int.MaxValue, (long)SubaccountLimit * ClosedFactor);
        var all = rows.CountSubaccounts(parent, withClosed: true, most);
        return all < SubaccountLimit || (all < most && rows.CountSubaccounts(parent, withClosed: false, SubaccountLimit) < SubaccountLimit);
    }

    private static ErrorKind Enter(IAccountRows rows, Caller caller, AccountSid? parent, out string actor)
    {
        if (parent is not { } parentSid)
        {
            actor = caller.OperatorName ?? "";
            return caller.Credential is null ? caller.AuthoriseOperator(rows) : ErrorKind.NotPermitted;
        }

        actor = "";
        return rows.Find(parentSid) is not { } owner ? ErrorKind.AccountNotFound
            : caller.Authorise(rows, owner, out _, out actor) is var refusal and not ErrorKind.None ? refusal
            : owner.IsSubaccount ? ErrorKind.NotPermitted
            : owner.Status == AccountStatus.Closed ? ErrorKind.AccountClosed
            : ErrorKind.None;
    }

    /// <summary>Twilio's default: <c>SubAccount Created at 2019-07-03 00:46 AM</c>, a 24-hour clock with a meridian included.</summary>
    private static string DefaultName(bool isSubaccount, DateTimeOffset now) =>
        string.Create(CultureInfo.InvariantCulture, $"{(isSubaccount ? "SubAccount" : "Account")} Created at {now:yyyy-MM-dd HH:mm tt}");
}
