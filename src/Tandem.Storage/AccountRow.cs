using System.Data;
using System.Data.Common;
using System.Text;
using System.Text.Unicode;

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

    /// <summary>Reads a row of <see cref="Columns"/>.</summary>
    /// <exception cref="InvalidDataException">This program has not written it so.</exception>
    public static Account Read(DbDataReader row)
    {
        var account = new Account
        {
            Sid = row.Sid(1),
            OwnerSid = row.Sid(2),
            FriendlyName = Name(row.Blob(3, NameSize)),
            Status = row.Choice<AccountStatus>(4),
            Generation = WideNumber(row, 5) - Wide,
            DateCreated = Time(row, 6) ?? throw NotWritten(),
            DateUpdated = Time(row, 7) ?? throw NotWritten(),
            PromoteGuard = row.Choice<PromoteGuard>(17),
            PrimaryPausedUntil = Time(row, 8),
            Primary = Token(row, 9),
            Secondary = Token(row, 13),
        };
        return (account.Primary is null) == (account.Status == AccountStatus.Closed) && (account.Primary is not null || account.Secondary is null) ? account
            : throw NotWritten();
    }

    /// <summary>The name as it is stored and compared: UTF-8, padded with zeros.</summary>
    public static byte[] Name(string name)
    {
        var padded = new byte[NameSize];
        Encoding.UTF8.GetBytes(name, padded);
        return padded;
    }

    /// <summary>A time; null for one that is not set.</summary>
    public static DateTimeOffset? Time(DbDataReader row, int column) => WideNumber(row, column) is var stored && stored == Wide ? null : DateTimeOffset.FromUnixTimeMilliseconds(stored);

    /// <summary>A number that has six bytes.</summary>
    public static long WideNumber(DbDataReader row, int column) => row.Number(column, Wide, StoredColumns.LastMoment);

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
        var (verifier, fingerprint, created, seal) =
            (row.Blob(column, VerifierValue.Size), row.Blob(column + 1, Fingerprint.ByteLength), Time(row, column + 2), row.Blob(column + 3, SealedToken.Size));
        if (created is null)
        {
            return IsEmpty(verifier) && IsEmpty(fingerprint) && IsEmpty(seal) ? null : throw NotWritten();
        }

        return new(VerifierValue.FromBytes(verifier), Fingerprint.FromBytes(fingerprint), created.Value, Seal(seal));
    }

    /// <summary>None for zeros alone; the last three bytes are always zeros.</summary>
    private static SealedToken? Seal(byte[] stored) =>
        IsEmpty(stored) || (Enum.IsDefined((SealKind)stored[0]) && IsEmpty(stored.AsSpan(^3..))) ? SealedToken.FromBytes(stored) : throw NotWritten();

    private static string Name(byte[] padded)
    {
        var name = padded.AsSpan().TrimEnd((byte)0);
        return !name.Contains((byte)0) && Utf8.IsValid(name) ? Encoding.UTF8.GetString(name) : throw NotWritten();
    }

    private static bool IsEmpty(ReadOnlySpan<byte> bytes) => !bytes.ContainsAnyExcept((byte)0);

    private static InvalidDataException NotWritten() => new("a row of an account was altered: no server has written it so");

    private static long Time(DateTimeOffset? time) => time?.ToUnixTimeMilliseconds() ?? Wide;
}
