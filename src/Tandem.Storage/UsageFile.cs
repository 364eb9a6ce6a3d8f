using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Tandem.Storage;

/// <summary>
/// Where counts, gaps and tombstones are kept: a file of its own beside the database, on a connection of its own. What it holds may be
/// lost; nothing that decides an answer is in it. For one thread at a time.
/// </summary>
/// <remarks>
/// It is marked as running while it is open. A start that finds the mark knows that the process before it ended without writing what it
/// had counted, and notes a gap.
/// </remarks>
public sealed class UsageFile : IDisposable
{
    /// <summary>Its name in the data directory.</summary>
    public const string Name = "tandem-usage.db";

    private readonly SqliteConnection _connection;
    private readonly UsageStatements _statements;

    private UsageFile(SqliteConnection connection)
    {
        _connection = connection;
        _statements = new(connection);
    }

    /// <summary>Opens the file, or makes it, and reads all of it; from here on it is marked as running.</summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="now">In seconds since 1970.</param>
    /// <param name="counting">Whether calls are counted; if not, that is noted and will be a gap.</param>
    /// <param name="lateUse">Whether late use is told; if not, what the file knows of it is deleted.</param>
    /// <param name="content">What was stored, with the gap that this opening has found.</param>
    /// <exception cref="StoreException">It cannot be opened, or holds something else.</exception>
    public static UsageFile Open(string directory, uint now, bool counting, bool lateUse, out UsageContent content)
    {
        var path = Path.Combine(directory, Name);
        SqliteConnection? connection = null;
        try
        {
            SqliteConnections.CreateFile(path);
            connection = SqliteConnections.OpenUsage(path);
            Prepare(connection, now);
            var file = new UsageFile(connection);
            content = file.Enter(now, counting, lateUse);
            return file;
        }
        catch (Exception e) when (e is SqliteException or InvalidDataException or FormatException or OverflowException or IOException or UnauthorizedAccessException)
        {
            connection?.Dispose();
            throw new StoreException($"The usage file {path} cannot be used ({e.Message}).", e);
        }
        catch
        {
            connection?.Dispose();
            throw;
        }
    }

    /// <summary>Writes a batch as one transaction. The same batch may be written again.</summary>
    /// <exception cref="StoreException">It could not be written, and nothing of it was.</exception>
    public void Write(UsageBatch batch)
    {
        try
        {
            using var transaction = _connection.BeginTransaction(deferred: false);
            _statements.Save(transaction, batch);
            transaction.Commit();
        }
        catch (SqliteException e)
        {
            throw new StoreException($"The usage file could not be written ({e.Message}).", e);
        }
    }

    /// <summary>Takes the running mark away: everything counted has been written.</summary>
    /// <exception cref="StoreException">It could not be written.</exception>
    public void MarkStopped()
    {
        try
        {
            using var stop = new Statement(_connection, "UPDATE run SET running_since = 0 WHERE id = 1");
            stop.ChangeOneRow();
        }
        catch (SqliteException e)
        {
            throw new StoreException($"The usage file could not be written ({e.Message}).", e);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _statements.Dispose();
        _connection.Dispose();
    }

    private static void Prepare(SqliteConnection connection, uint now)
    {
        using (var version = new Statement(connection, "PRAGMA user_version"))
        {
            using var row = version.Read();
            if (row.Read() && row.GetInt64(0) == UsageSchema.Version)
            {
                row.Close();
                using var rotation = new Statement(connection, UsageSchema.Rotation);
                rotation.Execute();
                return;
            }
        }

        using var transaction = connection.BeginTransaction(deferred: false);
        foreach (var table in Tables(connection, transaction))
        {
            Execute(connection, transaction, $"DROP TABLE {table}");
        }

        foreach (var table in UsageSchema.Tables)
        {
            Execute(connection, transaction, table);
        }

        using (var begin = new Statement(connection, "INSERT INTO run (id, counting_since, running_since, written, off_since) VALUES (1, @now, 0, 0, 0)", ("@now", DbType.Int64)))
        {
            begin.In(transaction).With((long)now).ChangeOneRow();
        }

        Execute(connection, transaction, $"PRAGMA user_version = {UsageSchema.Version}");
        transaction.Commit();
    }

    private static List<string> Tables(SqliteConnection connection, DbTransaction transaction)
    {
        using var select = new Statement(connection, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB '[a-z]*' AND name NOT GLOB 'sqlite*'");
        using var row = select.In(transaction).Read();
        var names = new List<string>();
        while (row.Read())
        {
            names.Add($"\"{row.GetString(0).Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
        }

        return names;
    }

    private static void Execute(SqliteConnection connection, DbTransaction transaction, string sql)
    {
        using var statement = new Statement(connection, sql);
        statement.In(transaction).Execute();
    }

    /// <summary>Finds the gap that lies behind, sets the marks of this run, and reads what there is.</summary>
    private UsageContent Enter(uint now, bool counting, bool lateUse)
    {
        using var transaction = _connection.BeginTransaction(deferred: false);
        var (countingSince, runningSince, written, offSince) = ReadRun(transaction);
        if (runningSince > 0)
        {
            SaveGap(transaction, new(Math.Max(runningSince, written), now, GapReason.UncleanStop));
        }

        if (offSince > 0)
        {
            SaveGap(transaction, new(offSince, now, GapReason.CountingOff));
        }

        if (!lateUse)
        {
            Execute(_connection, transaction, "DELETE FROM late_use");
            Execute(_connection, transaction, "DELETE FROM tombstone");
        }

        using (var run = new Statement(
            _connection, "UPDATE run SET running_since = @running, off_since = @off WHERE id = 1", ("@running", DbType.Int64), ("@off", DbType.Int64)))
        {
            run.In(transaction).With(counting ? (long)now : 0, counting ? 0L : now).ChangeOneRow();
        }

        var content = new UsageContent { CountingSince = countingSince };
        UsageRows.Read(_connection, transaction, content);
        transaction.Commit();
        return content;
    }

    private (uint CountingSince, uint RunningSince, uint Written, uint OffSince) ReadRun(DbTransaction transaction)
    {
        using var select = new Statement(_connection, "SELECT counting_since, running_since, written, off_since FROM run WHERE id = 1");
        using var row = select.In(transaction).Read();
        return row.Read() ? (row.Second(0), row.Second(1), row.Second(2), row.Second(3)) : throw new InvalidDataException("Its first row is missing.");
    }

    private void SaveGap(DbTransaction transaction, UsageGap gap)
    {
        var batch = new UsageBatch { At = gap.Ended };
        batch.Gaps.Add(gap);
        _statements.Save(transaction, batch);
    }
}
