using System.Data;
using System.Data.Common;

namespace Tandem.Storage;

/// <summary>How users and sessions lie in their rows. Times are milliseconds since 1970; empty and 0 stand for nothing.</summary>
internal static class UserRow
{
    private const int DigestSize = 32;

    /// <summary>The rows of users.</summary>
    public static RowForm Form { get; } = new(
        "console_user",
        ["id"],
        ["name", "role", "password", "factor", "factor_step", "recovery", "invitation", "invitation_until", "date_created", "last_sign_in"]);

    /// <summary>The rows of sessions.</summary>
    public static RowForm SessionForm { get; } = new("console_session", ["hash"], ["user_id", "date_created", "proved", "last_seen", "source", "browser"]);

    /// <summary>The parameters of a user's row, in the order of its columns, with the MAC behind them.</summary>
    public static (string Name, DbType Type)[] Parameters { get; } =
    [
        ("@id", DbType.Int64), ("@name", DbType.String), ("@role", DbType.Int64), ("@password", DbType.String), ("@factor", DbType.Binary),
        ("@factor_step", DbType.Int64), ("@recovery", DbType.Binary), ("@invitation", DbType.Binary), ("@invitation_until", DbType.Int64),
        ("@date_created", DbType.Int64), ("@last_sign_in", DbType.Int64), ("@mac", DbType.Binary),
    ];

    /// <summary>The same of a session's row.</summary>
    public static (string Name, DbType Type)[] SessionParameters { get; } =
    [
        ("@hash", DbType.Binary), ("@user_id", DbType.Int64), ("@date_created", DbType.Int64), ("@proved", DbType.Int64), ("@last_seen", DbType.Int64),
        ("@source", DbType.String), ("@browser", DbType.String), ("@mac", DbType.Binary),
    ];

    /// <summary>The values of a user's row, with the MAC behind them.</summary>
    public static object[] Values(User user, RowMac mac)
    {
        object[] values =
        [
            user.Id,
            user.Name,
            (long)user.Role,
            user.PasswordHash,
            user.Factor?.Sealed.ToArray() ?? [],
            user.Factor?.LastStep ?? 0L,
            user.Factor?.RecoveryCodes.SelectMany(Convert.FromHexString).ToArray() ?? [],
            user.Invitation is { } open ? Convert.FromHexString(open.Hash) : [],
            Milliseconds(user.Invitation?.Until),
            Milliseconds(user.DateCreated),
            Milliseconds(user.LastSignIn),
        ];
        return [.. values, mac.Of(Form, values)];
    }

    /// <summary>The values of a session's row, with the MAC behind them.</summary>
    public static object[] Values(Session session, RowMac mac)
    {
        object[] values =
        [
            Convert.FromHexString(session.Id),
            session.UserId,
            Milliseconds(session.DateCreated),
            Milliseconds(session.Proved),
            Milliseconds(session.LastSeen),
            session.Source,
            session.Browser,
        ];
        return [.. values, mac.Of(SessionForm, values)];
    }

    /// <summary>Reads a user from the given place on.</summary>
    /// <exception cref="AlteredRowException">The row is not as it was written.</exception>
    public static User Read(DbDataReader row, RowMac mac, int at = 0)
    {
        mac.Verify(Form, row, at);
        return new()
        {
            Id = row.GetInt64(at),
            Name = row.GetString(at + 1),
            Role = row.Choice<UserRole>(at + 2),
            PasswordHash = row.GetString(at + 3),
            Factor = row.Blob(at + 4) is { Length: > 0 } factor
                ? new(factor, row.GetInt64(at + 5), [.. row.Blob(at + 6).Chunk(DigestSize).Select(Convert.ToHexStringLower)])
                : null,
            Invitation = row.Blob(at + 7) is { Length: > 0 } hash ? new(Convert.ToHexStringLower(hash), Time(row.GetInt64(at + 8))) : null,
            DateCreated = Time(row.GetInt64(at + 9)),
            LastSignIn = row.GetInt64(at + 10) is > 0 and var last ? Time(last) : null,
        };
    }

    /// <summary>Reads a session.</summary>
    /// <exception cref="AlteredRowException">The row is not as it was written.</exception>
    public static Session ReadSession(DbDataReader row, RowMac mac)
    {
        mac.Verify(SessionForm, row);
        return new(Convert.ToHexStringLower(row.Blob(0)), row.GetInt64(1))
        {
            DateCreated = Time(row.GetInt64(2)),
            Proved = Time(row.GetInt64(3)),
            LastSeen = Time(row.GetInt64(4)),
            Source = row.GetString(5),
            Browser = row.GetString(6),
        };
    }

    public static long Milliseconds(DateTimeOffset? at) => at?.ToUnixTimeMilliseconds() ?? 0;

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
