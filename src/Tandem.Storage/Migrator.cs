using System.Data.Common;
using System.Globalization;
using System.Reflection;
using System.Text;
using Microsoft.Data.Sqlite;

namespace Tandem.Storage;

/// <summary>Brings the schema up to date: numbered SQL files in this assembly, each applied once, in one transaction.</summary>
internal static class Migrator
{
    /// <summary>What the copy from before an upgrade is called, with the schema's number between.</summary>
    public const string CopyPrefix = "before-schema-";
    public const string CopySuffix = ".db";

    /// <summary>Applies what is missing, after a copy of what is there, and answers the schema's version.</summary>
    public static int Run(SqliteConnection connection, SqliteOptions options)
    {
        using (var create = new Statement(connection, "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, applied INTEGER NOT NULL)"))
        {
            create.Execute();
        }

        var migrations = Migrations();
        var (current, newest) = (Version(connection), migrations.Keys.Max());
        RefuseNewer(current, newest);

        using var mac = current is > 0 and < RowMac.Schema ? Trust(connection, options, current) : null;
        if (current > 0 && current < newest)
        {
            KeepCopy(connection, options, newest);
        }

        foreach (var version in migrations.Keys.Where(v => v > current).Order())
        {
            Apply(connection, version, migrations[version], options.Time, version == RowMac.Schema ? mac : null);
        }

        return newest;
    }

    /// <summary>The schema's version, if it is this program's or an older one.</summary>
    /// <exception cref="StoreException">It is newer.</exception>
    public static int RequireKnown(DbConnection connection)
    {
        var current = Version(connection);
        RefuseNewer(current, Migrations().Keys.Max());
        return current;
    }

    /// <summary>For whoever reads a database and may not change it.</summary>
    /// <exception cref="StoreException">It has another schema than this program's.</exception>
    public static void RequireNewest(DbConnection connection)
    {
        var (current, newest) = (Version(connection), Migrations().Keys.Max());
        RefuseNewer(current, newest);
        if (current < newest)
        {
            throw new StoreException($"The database has schema {current}, and this program reads schema {newest}. Nothing was changed. Start the server once, which brings it up to date: tandem serve");
        }
    }

    /// <summary>
    /// What is to authenticate the rows of a database from before rows had MACs, as they are. Not of one that had them already, as its anchor
    /// knows: someone who can write to the file could otherwise take the schema back, write rows, and have them authenticated by the next start.
    /// </summary>
    private static RowMac? Trust(SqliteConnection connection, SqliteOptions options, int current)
    {
        if (KeyTable.RootKeyId(connection) is null)
        {
            return null; // of a first start that was cut short; it has no rows
        }

        using var keys = KeyTable.Load(connection, options.RootKey);
        return !options.AcceptRollback && options.AnchorFile is { } anchor && Anchor.KnowsRowMacs(anchor, Anchor.IdOf(keys))
            ? throw new StoreException(string.Create(
                CultureInfo.InvariantCulture,
                $"The database in {options.Directory} has schema {current}, but the anchor {anchor} knows that it was brought to a newer one: it is an older copy, or somebody has altered it. The server did not start and changed nothing. If there is a newer copy, restore that one. To go on with this one, trusting every user and decision in it, start it once with: tandem serve --accept-rollback"))
            : new RowMac(keys.Audit);
    }

    /// <summary>The way back from an upgrade. One that an attempt before has left half done is replaced.</summary>
    private static void KeepCopy(SqliteConnection connection, SqliteOptions options, int newest)
    {
        var path = Path.Combine(options.Directory, string.Create(CultureInfo.InvariantCulture, $"{CopyPrefix}{newest}{CopySuffix}"));
        try
        {
            DurableFile.Erase(path);
            SqliteConnections.CopyInto(connection, path);
            DurableFile.SyncDirectory(options.Directory);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The database must be brought to schema {newest}, and the copy that is made before cannot be written to {path} ({e.Message.TrimEnd('.')}). Nothing was changed. Free as much disk space as the database takes, then start again.", e);
        }
    }

    private static Dictionary<int, string> Migrations() => Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(n => n.EndsWith(".sql", StringComparison.Ordinal))
        .ToDictionary(n => int.Parse(n.AsSpan(0, 4), CultureInfo.InvariantCulture));

    private static void RefuseNewer(int current, int newest)
    {
        if (current > newest)
        {
            throw new StoreException(
                $"The database has schema {current}; this program knows schemas up to {newest}. Nothing was changed. Start the newer tandem that wrote it.");
        }
    }

    private static int Version(DbConnection connection)
    {
        using var select = new Statement(connection, "SELECT max(version) FROM schema_version");
        using var row = select.Read();
        return row.Read() && !row.IsDBNull(0) ? row.GetInt32(0) : 0;
    }

    private static void Apply(DbConnection connection, int version, string resource, TimeProvider time, RowMac? mac)
    {
        using var transaction = connection.BeginTransaction();
        foreach (var sql in Statements(resource))
        {
            using var statement = new Statement(connection, sql);
            statement.In(transaction).Execute();
        }

        mac?.TrustAll(connection, transaction);
        using var note = new Statement(connection, "INSERT INTO schema_version (version, applied) VALUES (@version, @applied)", ("@version", System.Data.DbType.Int64), ("@applied", System.Data.DbType.Int64));
        note.In(transaction).With((long)version, time.GetUtcNow().ToUnixTimeMilliseconds()).ChangeOneRow();
        transaction.Commit();
    }

    /// <summary>A statement ends with a semicolon at the end of a line; lines that begin with two dashes are comments.</summary>
    private static IEnumerable<string> Statements(string resource)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var statement = new StringBuilder();
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith("--", StringComparison.Ordinal) || line.Length == 0)
            {
                continue;
            }

            statement.AppendLine(line);
            if (line.EndsWith(';'))
            {
                yield return statement.ToString();
                statement.Clear();
            }
        }
    }
}
