using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Tandem.Storage;

/// <summary>
/// Opens connections to the embedded database. Every setting on which durability or erasure rests is set and read back on every
/// connection, because SQLite ignores what it cannot do without an error.
/// </summary>
internal static class SqliteConnections
{
    /// <summary>Older ones may corrupt a database when a checkpoint meets a commit (sqlite.org/wal.html#walresetbug).</summary>
    private static readonly Version OldestSafe = new(3, 51, 3);

    /// <summary>The SQL function that makes the letters of all alphabets small, where SQLite's <c>lower</c> knows A to Z alone.</summary>
    public const string Fold = "tandem_fold";

    private static readonly (string Pragma, string Value, string ReadBack)[] Settings =
    [
        ("journal_mode", "WAL", "wal"),
        ("synchronous", "FULL", "2"), // an acknowledged change survives a power cut
        ("secure_delete", "ON", "1"), // freed bytes are zeroed
        ("temp_store", "MEMORY", "2"), // no temporary file holds a row
        ("wal_autocheckpoint", "0", "0"), // the writer checkpoints when it must
        ("trusted_schema", "OFF", "0"),
        ("cell_size_check", "ON", "1"),
    ];

    /// <summary>Counts may be lost with the power, and then nobody waits for a sync; the library checkpoints by itself.</summary>
    private static readonly (string Pragma, string Value, string ReadBack)[] UsageSettings =
    [
        ("journal_mode", "WAL", "wal"),
        ("synchronous", "NORMAL", "1"),
        ("secure_delete", "ON", "1"),
        ("temp_store", "MEMORY", "2"),
        ("trusted_schema", "OFF", "0"),
        ("cell_size_check", "ON", "1"),
    ];

    /// <summary>A copy that is being made is worth nothing until it is whole, and then it is synced once.</summary>
    private static readonly (string Pragma, string Value, string ReadBack)[] CopySettings =
    [
        ("journal_mode", "OFF", "off"),
        ("synchronous", "OFF", "0"),
        ("secure_delete", "ON", "1"),
        ("temp_store", "MEMORY", "2"),
        ("trusted_schema", "OFF", "0"),
    ];

    /// <summary>A connection to the accounts.</summary>
    public static SqliteConnection Open(string path) => Open(path, Settings);

    /// <summary>A connection to the usage file.</summary>
    public static SqliteConnection OpenUsage(string path) => Open(path, UsageSettings);

    /// <summary>A connection to a copy that is being made.</summary>
    public static SqliteConnection OpenCopy(string path) => Open(path, CopySettings);

    /// <summary>Makes one file of a copy that needs no other beside it, and ends the sessions in it: nobody goes on with one after a restore.</summary>
    public static void SettleCopy(SqliteConnection copy)
    {
        Scalar(copy, "PRAGMA journal_mode = DELETE");
        using var sessions = new Statement(copy, "DELETE FROM console_session");
        sessions.Execute();
    }

    /// <summary>What SQLite finds wrong with a database at rest; null for nothing.</summary>
    public static string? Check(SqliteConnection connection) => Scalar(connection, "PRAGMA integrity_check(1)") is var found && found is "ok" ? null : found;

    /// <summary>Writes a copy without free pages of a database that nobody else uses.</summary>
    public static void CopyInto(SqliteConnection connection, string path)
    {
        CreateFile(path);
        using var vacuum = new Statement(connection, "VACUUM INTO @path", ("@path", System.Data.DbType.String));
        vacuum.With(path).Execute();
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        file.Flush(flushToDisk: true);
    }

    /// <summary>A connection that only reads, whatever the file's own settings are: to a database at rest, or for a look at few rows.</summary>
    public static SqliteConnection OpenToRead(string path)
    {
        if (!File.Exists(path))
        {
            throw new StoreException($"There is no database {path}. Name the data directory of a server: --data DIR");
        }

        return Open(path, [("trusted_schema", "OFF", "0"), ("cell_size_check", "ON", "1")], SqliteOpenMode.ReadOnly);
    }

    /// <summary>
    /// Makes the file with its mode from the first moment, which SQLite would not; the log and its index take it over. False when it is there.
    /// </summary>
    public static bool CreateFile(string path)
    {
        if (File.Exists(path))
        {
            return false;
        }

        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        return true;
    }

    private static SqliteConnection Open(string path, (string Pragma, string Value, string ReadBack)[] settings, SqliteOpenMode mode = SqliteOpenMode.ReadWrite)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode, // created by the caller, with the right permissions
            Pooling = false,
            DefaultTimeout = 1, // seconds that a command waits for a lock; only an outsider's process can hold one
        }.ToString());
        try
        {
            connection.Open();
            if (Version.Parse(connection.ServerVersion) < OldestSafe)
            {
                throw new StoreException($"SQLite {connection.ServerVersion} is loaded, but only {OldestSafe} and newer are safe. Use the library that came with tandem.");
            }

            foreach (var (pragma, value, readBack) in settings)
            {
                Scalar(connection, $"PRAGMA {pragma} = {value}");
                if (Scalar(connection, $"PRAGMA {pragma}") is var got && !string.Equals(got, readBack, StringComparison.Ordinal))
                {
                    throw new StoreException($"SQLite did not take the setting {pragma}={value} on {path} (it is {got}). Is the data directory on a local disk that the server may write?");
                }
            }

            connection.CreateFunction<string, string>(Fold, static text => text.ToLowerInvariant(), isDeterministic: true);
            return connection;
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw new StoreException($"The database {path} cannot be opened ({e.Message}). Nothing was changed. If the file is damaged, restore a backup.", e);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static string? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }
}
