using System.Globalization;
using System.Security.Cryptography;

namespace Tandem;

/// <summary>How somebody proved who they are, to be looked at again in the transaction that rests on it.</summary>
/// <param name="User">The user as read before: password and second factor must still be the same.</param>
/// <param name="Step">The time step of the code given; 0 without one.</param>
/// <param name="RecoveryCode">The digest of the recovery code given, which is used up; null without one.</param>
public sealed record Proof(User User, long Step = 0, string? RecoveryCode = null);

/// <summary>A session that has begun, and the secret that its browser is to hold.</summary>
/// <param name="SignedIn">The session and its user.</param>
/// <param name="Secret">The secret; only its hash is kept.</param>
public sealed record SessionBegun(SignedIn SignedIn, string Secret)
{
    /// <summary>Without the secret.</summary>
    public override string ToString() => $"SessionBegun {{ {SignedIn.User.Name} }}";
}

/// <summary>Begins and ends the sessions of the console's users. Each change is one transaction with its audit entry.</summary>
/// <param name="store">Where they are kept.</param>
/// <param name="time">Where the time comes from.</param>
public sealed class Sessions(IAccountStore store, TimeProvider time)
{
    /// <summary>
    /// Begins a session for whoever proved who they are. Refused with <see cref="ErrorKind.WrongCredential"/> when the proof is none any more:
    /// another password, a code that was used meanwhile.
    /// </summary>
    /// <param name="proof">The proof.</param>
    /// <param name="browser">The browser, in words.</param>
    /// <param name="context">Where it comes from.</param>
    public Task<Outcome<SessionBegun>> BeginAsync(Proof proof, string browser, ChangeContext context) =>
        store.ChangeAsync<SessionBegun>(default, rows =>
        {
            if (Consume(rows, proof) is not { } user)
            {
                return ErrorKind.WrongCredential;
            }

            var now = time.GetUtcNow();
            rows.Users.DropSessions(now);
            user = rows.Users.Save(user with { LastSignIn = now });
            var secret = OneTimeSecret.Create();
            var session = new Session(OneTimeSecret.Hash(secret), user.Id)
            {
                DateCreated = now,
                Proved = now,
                LastSeen = now,
                Source = context.Source,
                Browser = browser,
            };
            rows.Users.Save(session);
            return new Change<SessionBegun>(
                Users.Entry(AuditAction.SignedIn, $"operator {user.Name}", context, $"{How(proof)}, {browser}"), new(new(session, user), secret));
        });

    /// <summary>
    /// The person has proved again who they are: the session goes on under a new secret, and the old one is void. Refused with
    /// <see cref="ErrorKind.SessionEnded"/> when the session has ended meanwhile.
    /// </summary>
    public Task<Outcome<SessionBegun>> RenewAsync(SignedIn signedIn, Proof proof, ChangeContext context) =>
        store.ChangeAsync<SessionBegun>(default, rows =>
        {
            if (rows.Users.FindSession(signedIn.Session.Id) is not { Session: var before })
            {
                return ErrorKind.SessionEnded;
            }

            if (Consume(rows, proof) is not { } user || user.Id != before.UserId)
            {
                return ErrorKind.WrongCredential;
            }

            user = rows.Users.Save(user);
            var (secret, now) = (OneTimeSecret.Create(), time.GetUtcNow());
            var session = before with { Id = OneTimeSecret.Hash(secret), Proved = now, LastSeen = now };
            rows.Users.End(before.Id);
            rows.Users.Save(session);
            return new Change<SessionBegun>(
                Users.Entry(AuditAction.ProvedAgain, $"operator {user.Name}", context, How(proof)), new(new(session, user), secret));
        });

    /// <summary>Ends the session of whoever signs out.</summary>
    public Task<Outcome<SignedIn>> EndAsync(SignedIn signedIn, ChangeContext context) =>
        store.ChangeAsync<SignedIn>(default, rows =>
        {
            if (rows.Users.FindSession(signedIn.Session.Id) is null)
            {
                return ErrorKind.SessionEnded;
            }

            rows.Users.End(signedIn.Session.Id);
            return new Change<SignedIn>(Users.Entry(AuditAction.SignedOut, $"operator {signedIn.User.Name}", context, null), signedIn);
        });

    /// <summary>Ends one session of a user by its id, or all; the one that <paramref name="keep"/> names stays.</summary>
    public Task<Outcome<User>> EndOthersAsync(Caller caller, string name, string? only, string? keep, ChangeContext context) =>
        store.ChangeAsync<User>(default, rows =>
        {
            if (caller.AuthoriseOperator(rows) is var refusal and not ErrorKind.None)
            {
                return refusal;
            }

            if (rows.Users.Find(name) is not { } user)
            {
                return ErrorKind.UserNotFound;
            }

            var ended = only is null ? rows.Users.EndAll(user.Id, keep) : EndOne(rows, user, only);
            var detail = string.Create(CultureInfo.InvariantCulture, $"{name}, {ended}");
            return new Change<User>(Users.Entry(AuditAction.SessionsEnded, caller.OperatorName ?? "", context, detail), user);
        });

    /// <summary>Notes that a session was seen. Nobody waits for it to be durable, and nothing rests on it but when the session runs out.</summary>
    public Task<Outcome<Session>> SeenAsync(Session session, DateTimeOffset now) =>
        store.ChangeAsync<Session>(default, rows =>
        {
            if (rows.Users.FindSession(session.Id) is not { Session: var found })
            {
                return ErrorKind.SessionEnded;
            }

            var seen = found with { LastSeen = now };
            rows.Users.Save(seen);
            return Change.Unaudited(seen);
        });

    /// <summary>Records that somebody did not get in.</summary>
    /// <param name="name">As whom: a user's name, or a phrase for who is none. Never what was typed, which may be a password.</param>
    /// <param name="detail">What else is to be known.</param>
    /// <param name="context">Where it came from.</param>
    public Task<Outcome<string>> FailedAsync(string name, string detail, ChangeContext context) =>
        store.ChangeAsync<string>(default, _ => new Change<string>(Users.Entry(AuditAction.SignInFailed, name, context, detail), name));

    private static int EndOne(IAccountRows rows, User user, string id)
    {
        if (rows.Users.FindSession(id)?.User.Id != user.Id)
        {
            return 0;
        }

        rows.Users.End(id);
        return 1;
    }

    /// <summary>The user with what the proof used up; null when it is no proof any more.</summary>
    private static User? Consume(IAccountRows rows, Proof proof)
    {
        var user = rows.Users.Find(proof.User.Name);
        if (user is null || user.Id != proof.User.Id || !string.Equals(user.PasswordHash, proof.User.PasswordHash, StringComparison.Ordinal))
        {
            return null;
        }

        if (user.Factor is not { } factor)
        {
            return proof.User.Factor is null ? user : null;
        }

        if (proof.RecoveryCode is { } used)
        {
            return factor.RecoveryCodes.Contains(used, StringComparer.Ordinal)
                ? user with { Factor = factor with { RecoveryCodes = [.. factor.RecoveryCodes.Where(c => !string.Equals(c, used, StringComparison.Ordinal))] } }
                : null;
        }

        return proof.Step > factor.LastStep && proof.User.Factor is { } then && CryptographicOperations.FixedTimeEquals(then.Sealed.Span, factor.Sealed.Span)
            ? user with { Factor = factor with { LastStep = proof.Step } }
            : null;
    }

    private static string How(Proof proof) =>
        proof.RecoveryCode is not null ? "password and recovery code" : proof.Step > 0 ? "password and code" : "password";
}
