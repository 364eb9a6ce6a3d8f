namespace Tandem;

/// <summary>
/// Reads of users and sessions. An interface because SQLite and PostgreSQL both keep it, and because the domain must not know SQL. Changes go
/// through <see cref="IAccountStore.ChangeAsync"/>.
/// </summary>
public interface IUserStore
{
    /// <summary>All users, by name.</summary>
    Task<IReadOnlyList<User>> ListUsersAsync(CancellationToken cancel = default);

    /// <summary>The user of this name; null when there is none.</summary>
    Task<User?> FindUserAsync(string name, CancellationToken cancel = default);

    /// <summary>The session and its user; null when there is none.</summary>
    Task<SignedIn?> FindSessionAsync(string id, CancellationToken cancel = default);

    /// <summary>The sessions of a user, the newest first; those that have run out may be among them.</summary>
    Task<IReadOnlyList<Session>> ListSessionsAsync(long userId, CancellationToken cancel = default);
}

/// <summary>
/// The rows of users and sessions as the running transaction sees them. An interface because the domain decides on them and must not know SQL.
/// What is changed here is undone when the mutation is refused.
/// </summary>
public interface IUserRows
{
    /// <summary>All users, by name.</summary>
    IReadOnlyList<User> All();

    /// <summary>The user of this name; null when there is none.</summary>
    User? Find(string name);

    /// <summary>The session and its user; null when there is none.</summary>
    SignedIn? FindSession(string id);

    /// <summary>Keeps a user: a new one when its <see cref="User.Id"/> is 0, else in the place of what was there. Answers it with its number.</summary>
    User Save(User user);

    /// <summary>Removes a user and ends the sessions of theirs.</summary>
    void Remove(User user);

    /// <summary>Keeps a session, in the place of one with the same id.</summary>
    void Save(Session session);

    /// <summary>Ends a session.</summary>
    void End(string sessionId);

    /// <summary>Ends the sessions of a user, but for one; answers how many.</summary>
    int EndAll(long userId, string? except);

    /// <summary>Drops the sessions that are not taken any more at this moment (<see cref="Session.IsAlive"/>).</summary>
    void DropSessions(DateTimeOffset now);
}
