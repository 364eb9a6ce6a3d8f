using System.Data;
using System.Data.Common;
using System.Text;

namespace Tandem.Storage;

/// <summary>
/// An account as a row of fixed size: what is not there is written as zeros, and every integer in the width that the schema
/// demands. See the first migration for why.
/// </summary>
internal static class AccountRow
{
    public const string Columns =
        "id, sid, owner, friendly_name, status, generation, date_created, date_updated, primary_paused_until, "
        + "primary_verifier, primary_fingerprint, primary_created, primary_seal, "
        + "secondary_verifier, secondary_fingerprint, secondary_created, secondary_seal, promote_guard";

    public const string Find = $"SELECT {Columns} FROM account WHERE sid = @sid";

    public const string Insert =
        "INSERT INTO account (sid, owner, friendly_name, status, generation, date_created, date_updated, primary_paused_until, "
        + "primary_verifier, primary_fingerprint, primary_created, primary_seal, "
        + "secondary_verifier, secondary_fingerprint, secondary_created, secondary_seal, promote_guard) "
        + "VALUES (@sid, @owner, @name, @status, @generation, @created, @updated, @paused, "
        + "@pverifier, @pfingerprint, @pcreated, @pseal, @sverifier, @sfingerprint, @screated, @sseal, @guard)";

    /// <summary>Neither SID nor owner ever changes, so their indexes are never touched again.</summary>
    public const string Update =
        "UPDATE account SET friendly_name = @name, status = @status, generation = @generation, date_updated = @updated, "
        + "primary_paused_until = @paused, primary_verifier = @pverifier, primary_fingerprint = @pfingerprint, primary_created = @pcreated, "
        + "primary_seal = @pseal, secondary_verifier = @sverifier, secondary_fingerprint = @sfingerprint, secondary_created = @screated, "
        + "secondary_seal = @sseal, promote_guard = @guard WHERE sid = @sid AND owner = @owner AND date_created = @created";

    /// <summary>Added to numbers and stored for times that are not set, so that SQLite always takes six bytes for them.</summary>
    public const long Wide = 1L << 40;

    private const int NameSize = 192;

    public static readonly (string Name, DbType Type)[] Parameters =
    [
        ("@sid", DbType.Binary), ("@owner", DbType.Binary), ("@name", DbType.Binary), ("@status", DbType.Int64), ("@generation", DbType.Int64),
        ("@created", DbType.Int64), ("@updated", DbType.Int64), ("@paused", DbType.Int64),
        ("@pverifier", DbType.Binary), ("@pfingerprint", DbType.Binary), ("@pcreated", DbType.Int64), ("@pseal", DbType.Binary),
        ("@sverifier", DbType.Binary), ("@sfingerprint", DbType.Binary), ("@screated", DbType.Int64), ("@sseal", DbType.Binary), ("@guard", DbType.Int64),
    ];

    public static Statement Bind(this Statement statement, Account account)
    {
        var (primary, secondary) = (TokenColumns(account.Primary), TokenColumns(account.Secondary));
        return statement.With(
            account.Sid.ToBytes(),
            account.OwnerSid.ToBytes(),
            Name(account.FriendlyName),
            (long)account.Status,
            account.Generation + Wide,
            Time(account.DateCreated),
            Time(account.DateUpdated),
            Time(account.PrimaryPausedUntil),
            primary.Verifier,
            primary.Fingerprint,
            primary.Created,
            primary.Seal,
            secondary.Verifier,
            secondary.Fingerprint,
            secondary.Created,
            secondary.Seal,
            (long)account.PromoteGuard);
    }

    public static Account Read(DbDataReader row)
    {
        return new()
        {
            Sid = AccountSid.FromBytes(row.Blob(1)),
            OwnerSid = AccountSid.FromBytes(row.Blob(2)),
            FriendlyName = Encoding.UTF8.GetString(row.Blob(3).AsSpan().TrimEnd((byte)0)),
            Status = Status(row.GetByte(4)),
            Generation = row.GetInt64(5) - Wide,
            DateCreated = Time(row.GetInt64(6))!.Value,
            DateUpdated = Time(row.GetInt64(7))!.Value,
            PromoteGuard = (PromoteGuard)row.GetByte(17),
            PrimaryPausedUntil = Time(row.GetInt64(8)),
            Primary = Token(row, 9),
            Secondary = Token(row, 13),
        };
    }

    /// <summary>The name as it is stored and compared: UTF-8, padded with zeros.</summary>
    public static byte[] Name(string name)
    {
        var padded = new byte[NameSize];
        Encoding.UTF8.GetBytes(name, padded);
        return padded;
    }

    public static AccountStatus Status(byte stored) => (AccountStatus)stored is var status && Enum.IsDefined(status) ? status
        : throw new InvalidDataException($"An account row has the status {stored}.");

    public static byte[] Blob(this DbDataReader row, int column) => row.GetFieldValue<byte[]>(column);

    private static (byte[] Verifier, byte[] Fingerprint, long Created, byte[] Seal) TokenColumns(StoredToken? token)
    {
        if (token is null)
        {
            return (new byte[VerifierValue.Size], new byte[Fingerprint.ByteLength], Wide, new byte[SealedToken.Size]);
        }

        var verifier = token.Verifier;
        return (
            ((ReadOnlySpan<byte>)verifier).ToArray(),
            token.Fingerprint.ToBytes(),
            Time(token.DateCreated),
            token.Seal is { } seal ? seal.Bytes.ToArray() : new byte[SealedToken.Size]);
    }

    private static StoredToken? Token(DbDataReader row, int column)
    {
        if (Time(row.GetInt64(column + 2)) is not { } created)
        {
            return null;
        }

        return new(
            VerifierValue.FromBytes(row.Blob(column)),
            Fingerprint.FromBytes(row.Blob(column + 1)),
            created,
            SealedToken.FromBytes(row.Blob(column + 3)));
    }

    private static long Time(DateTimeOffset? time) => time?.ToUnixTimeMilliseconds() ?? Wide;

    public static DateTimeOffset? Time(long stored) => stored == Wide ? null : DateTimeOffset.FromUnixTimeMilliseconds(stored);
}
