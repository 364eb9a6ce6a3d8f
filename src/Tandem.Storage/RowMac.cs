using System.Buffers.Binary;
using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tandem.Storage;

/// <summary>
/// Authenticates rows: each has a MAC over the name of its table and every column, its primary key among them. So a row that was added, changed,
/// copied under another key or moved to another table past the server is refused whenever it is read. An older version of the same row is not
/// recognized, nor is a row that is missing.
/// </summary>
/// <remarks>
/// The key is derived from the audit key, for this purpose alone. A data key of its own would have to be added to databases that exist, and a start
/// that adds a missing key is what somebody who can delete its row would make use of. The audit key has been in every database from its beginning,
/// and never changes behind what it authenticates.
/// </remarks>
internal sealed class RowMac(DataKey audit) : IDisposable
{
    /// <summary>The length of a MAC in bytes.</summary>
    public const int Size = 32;

    /// <summary>The schema from which on these rows have a MAC.</summary>
    public const int Schema = 6;

    private readonly byte[] _key = audit.Hmac("tandem-row-key-1"u8);

    /// <summary>The tables whose rows have a MAC, in a column behind those named.</summary>
    public static IReadOnlyList<RowForm> Forms { get; } = [UserRow.Form, UserRow.SessionForm, DecisionRows.Form];

    /// <summary>The MAC of a row with these values, in the order of the form's columns.</summary>
    public byte[] Of(RowForm form, params ReadOnlySpan<object> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, form.Columns.Count);
        using var message = new MemoryStream();
        Write(message, form.Table);
        foreach (var value in values)
        {
            Write(message, value);
        }

        return HMACSHA256.HashData(_key, message.GetBuffer().AsSpan(0, (int)message.Length));
    }

    /// <summary>Verifies a row that was read as <see cref="RowForm.Select"/> says, from the given place on.</summary>
    /// <exception cref="AlteredRowException">It is not as the server wrote it.</exception>
    public void Verify(RowForm form, DbDataReader row, int at = 0)
    {
        var values = Values(form, row, at);
        if (row.GetValue(at + values.Length) is not byte[] mac || !CryptographicOperations.FixedTimeEquals(mac, Of(form, values)))
        {
            throw new AlteredRowException(form.Table, form.Where(values));
        }
    }

    /// <summary>Verifies every row that has a MAC, and that the schema holds nothing that would act by itself.</summary>
    /// <exception cref="AlteredRowException">A row is not as the server wrote it.</exception>
    /// <exception cref="InvalidDataException">There is a trigger or a view, which no version of the schema has.</exception>
    public void VerifyAll(DbConnection connection)
    {
        using (var foreign = new Statement(connection, "SELECT type, name FROM sqlite_schema WHERE type IN ('trigger', 'view') LIMIT 1"))
        {
            using var found = foreign.Read();
            if (found.Read())
            {
                throw new InvalidDataException($"it holds the {found.GetString(0)} {found.GetString(1)}, which is not tandem's");
            }
        }

        foreach (var form in Forms)
        {
            using var select = new Statement(connection, $"SELECT {form.Select} FROM {form.Table}");
            using var row = select.Read();
            while (row.Read())
            {
                Verify(form, row);
            }
        }
    }

    /// <summary>Gives every row the MAC of what it holds now: once, when a database of an older schema is brought up to date.</summary>
    public void TrustAll(DbConnection connection, DbTransaction transaction)
    {
        foreach (var form in Forms)
        {
            var rows = new List<object[]>();
            using (var select = new Statement(connection, $"SELECT {form.Select} FROM {form.Table}"))
            {
                using var row = select.In(transaction).Read();
                while (row.Read())
                {
                    rows.Add(Values(form, row, at: 0));
                }
            }

            using var update = new Statement(
                connection,
                $"UPDATE {form.Table} SET mac = @mac WHERE {string.Join(" AND ", form.Key.Select(k => $"{k} = @{k}"))}",
                [("@mac", DbType.Binary), .. form.Key.Select((k, i) => ($"@{k}", rows is [var first, ..] && first[i] is long ? DbType.Int64 : DbType.Binary))]);
            foreach (var values in rows)
            {
                update.In(transaction).With([Of(form, values), .. values[..form.Key.Count]]).ChangeOneRow();
            }
        }
    }

    /// <summary>Zeroes the key.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_key);

    private static object[] Values(RowForm form, DbDataReader row, int at)
    {
        var values = new object[form.Columns.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = row.GetValue(at + i);
        }

        return values;
    }

    /// <summary>Its kind and its length before each value, so that no two rows give the same bytes.</summary>
    private static void Write(MemoryStream message, object value)
    {
        Span<byte> number = stackalloc byte[8];
        var (kind, bytes) = value switch
        {
            byte[] blob => ('b', blob),
            string text => ('t', Encoding.UTF8.GetBytes(text)),
            long integer => ('i', BitConverter.GetBytes(BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(integer) : integer)),
            _ => ('?', []), // of a kind that is never written
        };
        BinaryPrimitives.WriteInt64BigEndian(number, bytes.Length);
        message.WriteByte((byte)kind);
        message.Write(number);
        message.Write(bytes);
    }
}

/// <summary>A table whose rows have a MAC.</summary>
/// <param name="Table">Its name.</param>
/// <param name="Key">The columns of its primary key.</param>
/// <param name="Rest">The columns besides, without the MAC.</param>
internal sealed record RowForm(string Table, IReadOnlyList<string> Key, IReadOnlyList<string> Rest)
{
    /// <summary>What the MAC is over, in this order.</summary>
    public IReadOnlyList<string> Columns { get; } = [.. Key, .. Rest];

    /// <summary>The columns and the MAC, to be read in this order.</summary>
    public string Select { get; } = SelectFrom(Table, [.. Key, .. Rest]);

    /// <summary>The statement that adds a row; its parameters are called as the columns.</summary>
    public string Insert { get; } = $"INSERT INTO {Table} ({string.Join(", ", Key.Concat(Rest))}, mac) VALUES ({string.Join(", ", Key.Concat(Rest).Select(c => $"@{c}"))}, @mac)";

    /// <summary>Names a row, as a condition of SQL.</summary>
    public string Where(IReadOnlyList<object> values) => string.Join(" AND ", Key.Select((column, i) => $"{column} = {Literal(values[i])}"));

    private static string SelectFrom(string table, IEnumerable<string> columns) => string.Join(", ", columns.Append("mac").Select(c => $"{table}.{c}"));

    private static string Literal(object value) => value switch
    {
        byte[] blob => $"x'{Convert.ToHexStringLower(blob)}'",
        long number => number.ToString(CultureInfo.InvariantCulture),
        _ => "NULL",
    };
}

/// <summary>A row is not as the server wrote it.</summary>
/// <param name="table">Its table.</param>
/// <param name="row">A condition that names it.</param>
internal sealed class AlteredRowException(string table, string row) : Exception($"a row of {table} was altered past the server ({row})")
{
    /// <summary>What removes the row.</summary>
    public string Removal { get; } = $"DELETE FROM {table} WHERE {row}";
}
