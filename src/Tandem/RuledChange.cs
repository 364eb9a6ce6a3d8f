namespace Tandem;

/// <summary>The mutation that is nothing but a pure rule on one account.</summary>
internal static class RuledChange
{
    /// <summary>
    /// Runs it as one transaction: the caller is checked on the rows, the rule decides, and the account is saved with its entry. Whoever may act on
    /// the account may do it, in whatever role.
    /// </summary>
    /// <param name="store">Where accounts are kept.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="sid">The account.</param>
    /// <param name="rule">The changed account, or why not.</param>
    /// <param name="entry">The audit entry, of the account as it was and the actor's name.</param>
    public static Task<Outcome<Account>> ChangeAsync(
        this IAccountStore store, Caller caller, AccountSid sid, Func<Account, Outcome<Account>> rule, Func<Account, string, AuditDraft> entry) =>
        store.ChangeAsync<Account>(sid, rows =>
            caller.Enter(rows, sid, out var account, out _, out var actor) is var refusal and not ErrorKind.None ? refusal
            : rule(account).Is(out var changed, out refusal) ? new Change<Account>(changed, entry(account, actor), changed)
            : refusal);
}
