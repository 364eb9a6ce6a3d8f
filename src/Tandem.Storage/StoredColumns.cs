using System.Data.Common;

namespace Tandem.Storage;

/// <summary>
/// Reads columns that hold what this program has written, and nothing else. The tables' checks hold writers to the same; but a file is bytes, and who
/// can write to it is held to nothing. All of these end with an <see cref="InvalidDataException"/> for what was altered past the store.
/// </summary>
internal static class StoredColumns
{
    /// <summary>The last millisecond that has six bytes in SQLite, in the year 6429.</summary>
    public const long LastMoment = (1L << 47) - 1;

    public static byte[] Blob(this DbDataReader row, int column) => row.GetValue(column) as byte[] ?? throw Altered(row, column, "holds no bytes");

    /// <summary>Exactly so many bytes.</summary>
    public static byte[] Blob(this DbDataReader row, int column, int size) =>
        row.Blob(column) is var bytes && bytes.Length == size ? bytes : throw Altered(row, column, $"has {bytes.Length} bytes instead of {size}");

    public static AccountSid Sid(this DbDataReader row, int column) => AccountSid.FromBytes(row.Blob(column, AccountSid.ByteLength));

    /// <summary>A number within these bounds.</summary>
    public static long Number(this DbDataReader row, int column, long least, long most) =>
        row.GetValue(column) is long number && number >= least && number <= most ? number : throw Altered(row, column, "holds no number that belongs there");

    /// <summary>A time, from 1970 on.</summary>
    public static DateTimeOffset Moment(this DbDataReader row, int column) => DateTimeOffset.FromUnixTimeMilliseconds(row.Number(column, 0, LastMoment));

    /// <summary>One of the named values, stored as their numbers.</summary>
    public static T Choice<T>(this DbDataReader row, int column)
        where T : struct, Enum =>
        (T)Enum.ToObject(typeof(T), row.Number(column, byte.MinValue, byte.MaxValue)) is var value && Enum.IsDefined(value) ? value : throw Altered(row, column, "holds no number that belongs there");

    private static InvalidDataException Altered(DbDataReader row, int column, string how) => new($"a row was altered: its column {row.GetName(column)} {how}");
}
