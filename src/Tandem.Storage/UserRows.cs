using System.Buffers.Binary;
using System.Data;
using System.Data.Common;
using System.Security.Cryptography;

namespace Tandem.Storage;

/// <summary>Users and sessions: as one transaction sees and changes them, and for reads of their own.</summary>
internal sealed class UserRows(DbConnection connection, RowMac mac) : IUserRows, IDisposable
{
    private static readonly string s_users = $"SELECT {UserRow.Form.Select} FROM console_user";

    private static readonly string s_sessions =
        $"SELECT {UserRow.SessionForm.Select}, {UserRow.Form.Select} FROM console_session JOIN console_user ON console_user.id = console_session.user_id";

    private readonly Statement _all = new(connection, $"{s_users} ORDER BY name");
    private readonly Statement _find = new(connection, $"{s_users} WHERE name = @name", ("@name", DbType.String));
    private readonly Statement _session = new(connection, $"{s_sessions} WHERE hash = @hash", ("@hash", DbType.Binary));
    private readonly Statement _sessions = new(
        connection, $"{s_sessions} WHERE user_id = @user ORDER BY console_session.date_created DESC, hash", ("@user", DbType.Int64));

    private readonly Statement _insert = new(connection, UserRow.Form.Insert, UserRow.Parameters);

    private readonly Statement _update = new(
        connection,
        "UPDATE console_user SET name = @name, role = @role, password = @password, factor = @factor, factor_step = @factor_step, recovery = @recovery, "
        + "invitation = @invitation, invitation_until = @invitation_until, date_created = @date_created, last_sign_in = @last_sign_in, mac = @mac WHERE id = @id",
        UserRow.Parameters);

    private readonly Statement _remove = new(connection, "DELETE FROM console_user WHERE id = @id", ("@id", DbType.Int64));

    private readonly Statement _saveSession = new(
        connection,
        $"{UserRow.SessionForm.Insert} ON CONFLICT (hash) DO UPDATE SET proved = excluded.proved, last_seen = excluded.last_seen, mac = excluded.mac",
        UserRow.SessionParameters);

    private readonly Statement _end = new(connection, "DELETE FROM console_session WHERE hash = @hash", ("@hash", DbType.Binary));

    private readonly Statement _endAll = new(
        connection, "DELETE FROM console_session WHERE user_id = @user AND hash <> @except", ("@user", DbType.Int64), ("@except", DbType.Binary));

    private readonly Statement _drop = new(
        connection,
        "DELETE FROM console_session WHERE abs(@now - last_seen) >= @idle OR abs(@now - date_created) >= @longest",
        ("@now", DbType.Int64),
        ("@idle", DbType.Int64),
        ("@longest", DbType.Int64));

    private DbTransaction? _transaction;

    public void Begin(DbTransaction transaction) => _transaction = transaction;

    public IReadOnlyList<User> All()
    {
        using var row = _all.In(_transaction).Read();
        var users = new List<User>();
        while (row.Read())
        {
            users.Add(UserRow.Read(row, mac));
        }

        return users;
    }

    public User? Find(string name)
    {
        using var row = _find.In(_transaction).With(name).Read();
        return row.Read() ? UserRow.Read(row, mac) : null;
    }

    public SignedIn? FindSession(string id)
    {
        using var row = _session.In(_transaction).With(Convert.FromHexString(id)).Read();
        return row.Read() ? new(UserRow.ReadSession(row, mac), UserRow.Read(row, mac, at: UserRow.SessionParameters.Length)) : null;
    }

    public IReadOnlyList<Session> SessionsOf(long userId)
    {
        using var row = _sessions.In(_transaction).With(userId).Read();
        var sessions = new List<Session>();
        while (row.Read())
        {
            sessions.Add(UserRow.ReadSession(row, mac));
        }

        return sessions;
    }

    /// <summary>A new user gets a random number, which is never another's: what was written of a user who was removed belongs to nobody.</summary>
    public User Save(User user)
    {
        var isNew = user.Id == 0;
        var saved = isNew ? user with { Id = BinaryPrimitives.ReadInt64LittleEndian(RandomNumberGenerator.GetBytes(8)) & long.MaxValue } : user;
        (isNew ? _insert : _update).In(_transaction).With(UserRow.Values(saved, mac)).ChangeOneRow();
        return isNew ? Find(user.Name)! : user;
    }

    public void Remove(User user)
    {
        EndAll(user.Id, except: null);
        _remove.In(_transaction).With(user.Id).ChangeOneRow();
    }

    public void Save(Session session) => _saveSession.In(_transaction).With(UserRow.Values(session, mac)).ChangeOneRow();

    public void End(string sessionId) => _end.In(_transaction).With(Convert.FromHexString(sessionId)).Execute();

    public int EndAll(long userId, string? except) => _endAll.In(_transaction).With(userId, Convert.FromHexString(except ?? "")).Execute();

    public void DropSessions(DateTimeOffset now) => _drop.In(_transaction)
        .With(UserRow.Milliseconds(now), (long)Session.Idle.TotalMilliseconds, (long)Session.Longest.TotalMilliseconds).Execute();

    public void Dispose()
    {
        foreach (var statement in (ReadOnlySpan<Statement>)[_all, _find, _session, _sessions, _insert, _update, _remove, _saveSession, _end, _endAll, _drop])
        {
            statement.Dispose();
        }
    }
}
