using System.Data;
using System.Data.Common;

namespace Tandem.Storage;

/// <summary>Users and sessions: as one transaction sees and changes them, and for reads of their own.</summary>
internal sealed class UserRows(DbConnection connection) : IUserRows, IDisposable
{
    private const string FromSessions = $"SELECT {UserRow.SessionColumns}, {UserRow.Columns} FROM console_session s JOIN console_user u ON u.id = s.user_id";

    private readonly Statement _all = new(connection, $"SELECT {UserRow.Columns} FROM console_user u ORDER BY u.name");
    private readonly Statement _find = new(connection, $"SELECT {UserRow.Columns} FROM console_user u WHERE u.name = @name", ("@name", DbType.String));
    private readonly Statement _session = new(connection, $"{FromSessions} WHERE s.hash = @hash", ("@hash", DbType.Binary));
    private readonly Statement _sessions = new(connection, $"{FromSessions} WHERE s.user_id = @user ORDER BY s.date_created DESC, s.hash", ("@user", DbType.Int64));

    private readonly Statement _insert = new(
        connection,
        "INSERT INTO console_user (name, role, password, factor, factor_step, recovery, invitation, invitation_until, date_created, last_sign_in) "
        + "VALUES (@name, @role, @password, @factor, @step, @recovery, @invitation, @until, @created, @last)",
        UserRow.Parameters);

    private readonly Statement _update = new(
        connection,
        "UPDATE console_user SET name = @name, role = @role, password = @password, factor = @factor, factor_step = @step, recovery = @recovery, "
        + "invitation = @invitation, invitation_until = @until, date_created = @created, last_sign_in = @last WHERE id = @id",
        [.. UserRow.Parameters, ("@id", DbType.Int64)]);

    private readonly Statement _remove = new(connection, "DELETE FROM console_user WHERE id = @id", ("@id", DbType.Int64));

    private readonly Statement _saveSession = new(
        connection,
        "INSERT INTO console_session (hash, user_id, date_created, proved, last_seen, source, browser) "
        + "VALUES (@hash, @user, @created, @proved, @seen, @source, @browser) "
        + "ON CONFLICT (hash) DO UPDATE SET proved = excluded.proved, last_seen = excluded.last_seen",
        ("@hash", DbType.Binary),
        ("@user", DbType.Int64),
        ("@created", DbType.Int64),
        ("@proved", DbType.Int64),
        ("@seen", DbType.Int64),
        ("@source", DbType.String),
        ("@browser", DbType.String));

    private readonly Statement _end = new(connection, "DELETE FROM console_session WHERE hash = @hash", ("@hash", DbType.Binary));

    private readonly Statement _endAll = new(
        connection, "DELETE FROM console_session WHERE user_id = @user AND hash <> @except", ("@user", DbType.Int64), ("@except", DbType.Binary));

    private readonly Statement _drop = new(
        connection, "DELETE FROM console_session WHERE last_seen <= @seen OR date_created <= @created", ("@seen", DbType.Int64), ("@created", DbType.Int64));

    private DbTransaction? _transaction;

    public void Begin(DbTransaction transaction) => _transaction = transaction;

    public IReadOnlyList<User> All()
    {
        using var row = _all.In(_transaction).Read();
        var users = new List<User>();
        while (row.Read())
        {
            users.Add(UserRow.Read(row));
        }

        return users;
    }

    public User? Find(string name)
    {
        using var row = _find.In(_transaction).With(name).Read();
        return row.Read() ? UserRow.Read(row) : null;
    }

    public SignedIn? FindSession(string id)
    {
        using var row = _session.In(_transaction).With(Convert.FromHexString(id)).Read();
        return row.Read() ? new(UserRow.ReadSession(row), UserRow.Read(row, at: 7)) : null;
    }

    public IReadOnlyList<Session> SessionsOf(long userId)
    {
        using var row = _sessions.In(_transaction).With(userId).Read();
        var sessions = new List<Session>();
        while (row.Read())
        {
            sessions.Add(UserRow.ReadSession(row));
        }

        return sessions;
    }

    public User Save(User user)
    {
        if (user.Id != 0)
        {
            _update.In(_transaction).With([.. UserRow.Values(user), user.Id]).ChangeOneRow();
            return user;
        }

        _insert.In(_transaction).With(UserRow.Values(user)).ChangeOneRow();
        return Find(user.Name)!;
    }

    public void Remove(User user)
    {
        EndAll(user.Id, except: null);
        _remove.In(_transaction).With(user.Id).ChangeOneRow();
    }

    public void Save(Session session) => _saveSession.In(_transaction).With(
        Convert.FromHexString(session.Id),
        session.UserId,
        UserRow.Milliseconds(session.DateCreated),
        UserRow.Milliseconds(session.Proved),
        UserRow.Milliseconds(session.LastSeen),
        session.Source,
        session.Browser).ChangeOneRow();

    public void End(string sessionId) => _end.In(_transaction).With(Convert.FromHexString(sessionId)).Execute();

    public int EndAll(long userId, string? except) => _endAll.In(_transaction).With(userId, Convert.FromHexString(except ?? "")).Execute();

    public void DropSessions(DateTimeOffset lastSeenBefore, DateTimeOffset createdBefore) =>
        _drop.In(_transaction).With(UserRow.Milliseconds(lastSeenBefore), UserRow.Milliseconds(createdBefore)).Execute();

    public void Dispose()
    {
        foreach (var statement in (ReadOnlySpan<Statement>)[_all, _find, _session, _sessions, _insert, _update, _remove, _saveSession, _end, _endAll, _drop])
        {
            statement.Dispose();
        }
    }
}
