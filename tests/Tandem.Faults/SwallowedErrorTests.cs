using Microsoft.Data.Sqlite;
using Xunit;

namespace Tandem.Faults;

/// <summary>
/// The control of <see cref="IoErrorTests"/>: a driver that is handed several statements in one command reports no error of the later ones once the
/// first has returned a row, and a COMMIT among them may fail unheard. The same fault through the transaction object is heard.
/// </summary>
public sealed class SwallowedErrorTests : IDisposable
{
    private const int Attempts = 8;

    private readonly string _directory = Directory.CreateTempSubdirectory("tandem-").FullName;

    private string Database => Path.Combine(_directory, "control.db");

    [Fact]
    public async Task Several_statements_in_one_command_acknowledge_what_was_not_kept()
    {
        var lost = await CountFalseAcknowledgementsAsync((connection, value) =>
        {
            using var all = connection.CreateCommand();
            all.CommandText = $"BEGIN; UPDATE item SET value = {value} RETURNING value; COMMIT";
            using var row = all.ExecuteReader();
            row.Read();
        });
        TestContext.Current.TestOutputHelper!.WriteLine($"{lost} of {Attempts} acknowledged and lost");
        Assert.InRange(lost, 1, Attempts);
    }

    [Fact]
    public async Task The_transaction_object_acknowledges_nothing_that_was_not_kept() => Assert.Equal(0, await CountFalseAcknowledgementsAsync((connection, value) =>
    {
        using var transaction = connection.BeginTransaction();
        using var update = connection.CreateCommand();
        update.Transaction = transaction;
        update.CommandText = $"UPDATE item SET value = {value}";
        update.ExecuteNonQuery();
        transaction.Commit();
    }));

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>In each attempt another sync of the log fails; acknowledged is what ended without an exception.</summary>
    private async Task<int> CountFalseAcknowledgementsAsync(Action<SqliteConnection, int> write)
    {
        using (var connection = Open())
        {
            Run(connection, "PRAGMA journal_mode = WAL");
            Run(connection, "CREATE TABLE item (value INTEGER) STRICT");
            Run(connection, "INSERT INTO item VALUES (0)");
        }

        var lost = 0;
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            var acknowledged = 0;
            using (var connection = Open())
            {
                Run(connection, "PRAGMA synchronous = FULL");
                await using (await Strace.AttachAsync(Environment.ProcessId, "-o", "/dev/null", "-P", Database + "-wal", "-e", "trace=fsync,fdatasync", "-e", $"inject=fsync,fdatasync:error=EIO:when={1 + (attempt % 2)}"))
                {
                    try
                    {
                        write(connection, attempt);
                        acknowledged = attempt;
                    }
                    catch (SqliteException)
                    {
                        // not acknowledged
                    }
                }
            }

            using var again = Open();
            using var read = again.CreateCommand();
            read.CommandText = "SELECT value FROM item";
            lost += acknowledged > 0 && (long)read.ExecuteScalar()! != acknowledged ? 1 : 0;
        }

        return lost;
    }

    private static void Run(SqliteConnection connection, string statement)
    {
        using var command = connection.CreateCommand();
        command.CommandText = statement;
        command.ExecuteNonQuery();
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Database, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }
}
