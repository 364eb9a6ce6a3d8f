namespace Tandem;

/// <summary>
/// Adds, changes and removes the console's users: every caller (the administration socket, the console) comes here. Each change is one
/// transaction that looks the caller up again, and has its audit entry. What takes away rights (removal, a new password) ends sessions with it.
/// </summary>
/// <param name="store">Where they are kept.</param>
/// <param name="time">Where the time comes from.</param>
public sealed class Users(IAccountStore store, TimeProvider time)
{
    /// <summary>
    /// Adds the first user, an administrator, for whoever holds the set-up link. Refused with <see cref="ErrorKind.UserExists"/> when there
    /// is any user, whatever the name: of two who use the link at once, one is refused.
    /// </summary>
    public Task<Outcome<User>> AddFirstAsync(string name, string passwordHash, ChangeContext context) =>
        store.ChangeAsync<User>(default, rows => rows.Users.All().Count > 0
            ? ErrorKind.UserExists
            : Add(rows, new() { Name = name, Role = UserRole.Administrator, PasswordHash = passwordHash }, "set-up link", context));

    /// <summary>
    /// Adds a user, with a password or with an invitation to set one. Refused with <see cref="ErrorKind.UserExists"/> when the name is taken, and
    /// with <see cref="ErrorKind.InvalidInput"/> when it is not allowed (<see cref="User.IsName"/>).
    /// </summary>
    public Task<Outcome<User>> AddAsync(Caller caller, User user, ChangeContext context) =>
        store.ChangeAsync<User>(default, rows =>
            caller.AuthoriseOperator(rows) is var refusal and not ErrorKind.None ? refusal
            : rows.Users.Find(user.Name) is not null ? ErrorKind.UserExists
            : Add(rows, user, Actor(caller), context));

    /// <summary>Removes a user. The last administrator stays: <see cref="ErrorKind.LastAdministrator"/>.</summary>
    public Task<Outcome<User>> RemoveAsync(Caller caller, string name, ChangeContext context) =>
        ChangeAsync(caller, name, (rows, user) =>
        {
            if (IsLastAdministrator(rows, user))
            {
                return ErrorKind.LastAdministrator;
            }

            rows.Users.Remove(user);
            return new Change<User>(Entry(AuditAction.UserRemoved, Actor(caller), context, user.Name), user);
        });

    /// <summary>Gives a user another role, from the next request on. The last administrator stays one: <see cref="ErrorKind.LastAdministrator"/>.</summary>
    public Task<Outcome<User>> SetRoleAsync(Caller caller, string name, UserRole role, ChangeContext context) =>
        ChangeAsync(caller, name, (rows, user) => role != UserRole.Administrator && IsLastAdministrator(rows, user)
            ? ErrorKind.LastAdministrator
            : !Enum.IsDefined(role) ? ErrorKind.InvalidInput
            : Save(rows, user with { Role = role }, AuditAction.UserRoleChanged, Actor(caller), context, $"{user.Name}, {NameOf(role)}"));

    /// <summary>Sets a password: open invitations are void, and every session of the user ends but the one named.</summary>
    /// <param name="caller">Who sets it.</param>
    /// <param name="name">Whose it is.</param>
    /// <param name="passwordHash">The new one's hash.</param>
    /// <param name="keep">The session that goes on; null for none.</param>
    /// <param name="context">Where the change comes from.</param>
    /// <param name="removeFactor">Whether the second factor goes with the old password; the entry then says so.</param>
    public Task<Outcome<User>> SetPasswordAsync(Caller caller, string name, string passwordHash, string? keep, ChangeContext context, bool removeFactor = false) =>
        ChangeAsync(caller, name, (rows, user) => SetPassword(rows, user, passwordHash, keep, Actor(caller), context, removeFactor));

    /// <summary>Invites a user to set a password by a one-time link, in the place of an earlier invitation. A password that there is stays valid.</summary>
    /// <param name="caller">Who invites.</param>
    /// <param name="name">Whom.</param>
    /// <param name="invitation">The invitation.</param>
    /// <param name="context">Where the change comes from.</param>
    /// <param name="removeFactor">Whether the second factor is removed at once; the entry then says so.</param>
    public Task<Outcome<User>> InviteAsync(Caller caller, string name, Invitation invitation, ChangeContext context, bool removeFactor = false) =>
        ChangeAsync(caller, name, (rows, user) =>
            Save(rows, WithoutFactor(user with { Invitation = invitation }, removeFactor), AuditAction.UserInvited, Actor(caller), context, WhatOf(user, removeFactor)));

    /// <summary>
    /// Sets the password of whoever was invited, once. Refused with <see cref="ErrorKind.UserNotFound"/> when nobody has this invitation any more.
    /// </summary>
    public Task<Outcome<User>> AcceptAsync(string invitationHash, string passwordHash, ChangeContext context) =>
        store.ChangeAsync<User>(default, rows => Invited(rows.Users.All(), invitationHash) is { } user
            ? SetPassword(rows, user, passwordHash, keep: null, $"invitation {user.Name}", context)
            : ErrorKind.UserNotFound);

    /// <summary>Whoever was invited by the link with this hash; null when the link is void.</summary>
    public User? Invited(IEnumerable<User> users, string invitationHash) => users.FirstOrDefault(u =>
        u.Invitation is { } open && open.IsOpen(time.GetUtcNow()) && string.Equals(open.Hash, invitationHash, StringComparison.Ordinal));

    /// <summary>Sets up the second factor, or removes it with null.</summary>
    public Task<Outcome<User>> SetFactorAsync(Caller caller, string name, SecondFactor? factor, ChangeContext context) =>
        ChangeAsync(caller, name, (rows, user) => Save(
            rows,
            user with { Factor = factor },
            factor is null ? AuditAction.SecondFactorRemoved : AuditAction.SecondFactorSet,
            Actor(caller),
            context,
            user.Name));

    /// <summary>Puts new recovery codes in the place of those that are left. Refused with <see cref="ErrorKind.NotPermitted"/> without a second factor.</summary>
    public Task<Outcome<User>> SetRecoveryCodesAsync(Caller caller, string name, IReadOnlyList<string> digests, ChangeContext context) =>
        ChangeAsync(caller, name, (rows, user) => user.Factor is not { } factor
            ? ErrorKind.NotPermitted
            : Save(rows, user with { Factor = factor with { RecoveryCodes = digests } }, AuditAction.RecoveryCodesMade, Actor(caller), context, user.Name));

    /// <summary>A role as people read and write it.</summary>
    public static string NameOf(UserRole role) => role switch
    {
        UserRole.Viewer => "viewer",
        UserRole.Operator => "operator",
        _ => "administrator",
    };

    /// <summary>The same with its article.</summary>
    public static string WithArticle(UserRole role) => role == UserRole.Viewer ? "a viewer" : $"an {NameOf(role)}";

    /// <summary>Reads a role's name.</summary>
    public static bool TryParseRole(string name, out UserRole role)
    {
        role = Enum.GetValues<UserRole>().FirstOrDefault(r => string.Equals(NameOf(r), name, StringComparison.Ordinal));
        return role != default;
    }

    internal static AuditDraft Entry(AuditAction action, string actor, ChangeContext context, string? detail) =>
        new(action, default, actor, context) { Detail = detail };

    private Task<Outcome<User>> ChangeAsync(Caller caller, string name, Func<IAccountRows, User, Change<User>> decide) =>
        store.ChangeAsync<User>(default, rows =>
            caller.AuthoriseOperator(rows) is var refusal and not ErrorKind.None ? refusal
            : rows.Users.Find(name) is not { } user ? ErrorKind.UserNotFound
            : decide(rows, user));

    private Change<User> Add(IAccountRows rows, User user, string actor, ChangeContext context) =>
        !User.IsName(user.Name) || !Enum.IsDefined(user.Role) ? ErrorKind.InvalidInput
        : Save(rows, user with { DateCreated = time.GetUtcNow() }, AuditAction.UserAdded, actor, context, $"{user.Name}, {NameOf(user.Role)}");

    private static Change<User> SetPassword(IAccountRows rows, User user, string hash, string? keep, string actor, ChangeContext context, bool removeFactor = false)
    {
        rows.Users.EndAll(user.Id, except: keep);
        return Save(
            rows, WithoutFactor(user with { PasswordHash = hash, Invitation = null }, removeFactor), AuditAction.UserPasswordSet, actor, context, WhatOf(user, removeFactor));
    }

    private static User WithoutFactor(User user, bool remove) => remove ? user with { Factor = null } : user;

    private static string WhatOf(User user, bool removeFactor) => removeFactor && user.Factor is not null ? $"{user.Name}, second factor removed" : user.Name;

    private static Change<User> Save(IAccountRows rows, User user, AuditAction action, string actor, ChangeContext context, string detail) =>
        new(Entry(action, actor, context, detail), rows.Users.Save(user));

    private static string Actor(Caller caller) => caller.OperatorName ?? throw new ArgumentException("A credential changes no users.", nameof(caller));

    private static bool IsLastAdministrator(IAccountRows rows, User user) =>
        user.Role == UserRole.Administrator && rows.Users.All().Count(u => u.Role == UserRole.Administrator) == 1;
}
