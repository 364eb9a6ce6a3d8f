namespace Tandem;

/// <summary>A credential that was valid when it was presented. Disposing it zeroes the token.</summary>
public sealed class PresentedCredential : IDisposable
{
    internal PresentedCredential(Verdict verdict, AuthToken token, VerifierValue digest) =>
        (Verdict, Token, Digest) = (verdict, token, digest);

    /// <summary>What the check said.</summary>
    public Verdict Verdict { get; }

    /// <summary>The account it belongs to.</summary>
    public AccountSid Sid => Verdict.Sid;

    /// <summary>The token as presented.</summary>
    public AuthToken Token { get; }

    internal VerifierValue Digest { get; }

    /// <inheritdoc />
    public void Dispose() => Token.Dispose();
}

/// <summary>In what role a caller acts on an account.</summary>
public enum CallerRole
{
    /// <summary>The account itself, by its primary token.</summary>
    SelfByPrimary,

    /// <summary>The account itself, by its secondary token.</summary>
    SelfBySecondary,

    /// <summary>The account's parent.</summary>
    Parent,

    /// <summary>Whoever may use the local administration socket.</summary>
    Operator,
}

/// <summary>Who asks for a mutation: a credential, or an operator.</summary>
public sealed class Caller
{
    private readonly SignedIn? _signedIn;
    private readonly UserRole _needed;

    private Caller(PresentedCredential? credential, string? operatorName) => (Credential, OperatorName) = (credential, operatorName);

    private Caller(SignedIn signedIn, UserRole needed)
        : this(null, $"operator {signedIn.User.Name}") => (_signedIn, _needed) = (signedIn, needed);

    /// <summary>What the audit calls an operator; null for a credential.</summary>
    public string? OperatorName { get; }

    /// <summary>The credential; null for an operator.</summary>
    public PresentedCredential? Credential { get; }

    /// <summary>A caller who presented a valid credential.</summary>
    public static Caller With(PresentedCredential credential) => new(credential, null);

    /// <summary>A local operator; the name goes to the audit entry.</summary>
    public static Caller Operator(string name) => new(null, $"operator {name}");

    /// <summary>
    /// An operator who has signed in to the console. The session, and that its user still has the role that this takes, are looked up again in
    /// the transaction: a session that was ended meanwhile authorises nothing.
    /// </summary>
    public static Caller With(SignedIn signedIn, UserRole needed) => new(signedIn, needed);

    /// <summary>Whether an operator may (still) act, on the rows of the running transaction. Of a credential it says nothing.</summary>
    internal ErrorKind AuthoriseOperator(IAccountRows rows) =>
        _signedIn is null
        || (rows.Users.FindSession(_signedIn.Session.Id) is { } now && now.User.Id == _signedIn.User.Id && now.User.Role >= _needed)
            ? ErrorKind.None
            : ErrorKind.SessionEnded;

    /// <summary>Whether the caller may do what is about the server itself, on the rows of the running transaction: operators alone.</summary>
    public ErrorKind MayOperate(IAccountRows rows) => Credential is null ? AuthoriseOperator(rows) : ErrorKind.NotPermitted;

    /// <summary>Finds the account and decides in what role the caller acts on it; see <see cref="Authorise"/>.</summary>
    internal ErrorKind Enter(IAccountRows rows, AccountSid sid, out Account account, out CallerRole role, out string actor)
    {
        (account, role, actor) = (null!, default, "");
        if (rows.Find(sid) is not { } found)
        {
            // One's own account is gone only with its credential; another's was never there for the caller to know.
            return Credential?.Sid == sid ? ErrorKind.WrongCredential : ErrorKind.AccountNotFound;
        }

        account = found;
        return Authorise(rows, found, out role, out actor);
    }

    /// <summary>
    /// Decides, on the rows of the running transaction, in what role the caller acts on an account. A token that another
    /// mutation has retired since it was admitted authorises nothing: this is where it is found out.
    /// </summary>
    internal ErrorKind Authorise(IAccountRows rows, Account account, out CallerRole role, out string actor)
    {
        (role, actor) = (CallerRole.Operator, OperatorName ?? "");
        if (Credential is not { } credential)
        {
            return AuthoriseOperator(rows);
        }

        var own = credential.Sid == account.Sid ? account : rows.Find(credential.Sid);
        if (own is null || Verifier.Match(own, credential) is not { } slot || !IsActive(rows, own))
        {
            return ErrorKind.WrongCredential;
        }

        actor = $"{own.Sid} {(slot == Slot.Primary ? "primary" : "secondary")}";
        if (own.Sid == account.Sid)
        {
            role = slot == Slot.Primary ? CallerRole.SelfByPrimary : CallerRole.SelfBySecondary;
            return ErrorKind.None;
        }

        role = CallerRole.Parent;
        return account.OwnerSid == own.Sid ? ErrorKind.None : ErrorKind.AccountNotFound;
    }

    private static bool IsActive(IAccountRows rows, Account account) =>
        account.Status == AccountStatus.Active
        && (!account.IsSubaccount || rows.Find(account.OwnerSid) is { Status: AccountStatus.Active });
}
