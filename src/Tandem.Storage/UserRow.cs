using System.Data;
using System.Data.Common;

namespace Tandem.Storage;

/// <summary>How users and sessions lie in their rows. Times are milliseconds since 1970; empty and 0 stand for nothing.</summary>
internal static class UserRow
{
    public const string Columns =
        "u.id, u.name, u.role, u.password, u.factor, u.factor_step, u.recovery, u.invitation, u.invitation_until, u.date_created, u.last_sign_in";

    public const string SessionColumns = "s.hash, s.user_id, s.date_created, s.proved, s.last_seen, s.source, s.browser";

    private const int DigestSize = 32;

    public static (string Name, DbType Type)[] Parameters { get; } =
    [
        ("@name", DbType.String), ("@role", DbType.Int64), ("@password", DbType.String), ("@factor", DbType.Binary), ("@step", DbType.Int64),
        ("@recovery", DbType.Binary), ("@invitation", DbType.Binary), ("@until", DbType.Int64), ("@created", DbType.Int64), ("@last", DbType.Int64),
    ];

    public static object[] Values(User user) =>
    [
        user.Name,
        (long)user.Role,
        user.PasswordHash,
        user.Factor?.Sealed.ToArray() ?? [],
        user.Factor?.LastStep ?? 0,
        user.Factor?.RecoveryCodes.SelectMany(Convert.FromHexString).ToArray() ?? [],
        user.Invitation is { } open ? Convert.FromHexString(open.Hash) : [],
        Milliseconds(user.Invitation?.Until),
        Milliseconds(user.DateCreated),
        Milliseconds(user.LastSignIn),
    ];

    /// <summary>Reads <see cref="Columns"/> from the given place on.</summary>
    public static User Read(DbDataReader row, int at = 0) => new()
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

    /// <summary>Reads <see cref="SessionColumns"/>.</summary>
    public static Session ReadSession(DbDataReader row) => new(Convert.ToHexStringLower(row.Blob(0)), row.GetInt64(1))
    {
        DateCreated = Time(row.GetInt64(2)),
        Proved = Time(row.GetInt64(3)),
        LastSeen = Time(row.GetInt64(4)),
        Source = row.GetString(5),
        Browser = row.GetString(6),
    };

    public static long Milliseconds(DateTimeOffset? at) => at?.ToUnixTimeMilliseconds() ?? 0;

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
