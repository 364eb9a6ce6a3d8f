using Microsoft.Data.Sqlite;
using Tandem.Storage;
using Xunit;

namespace Tandem.Tests.Store;

/// <summary>A database that an earlier version wrote, brought up to date by the next start.</summary>
public sealed class SqliteMigrationTests : StoreSpec<SqliteTestStore>
{
    [Fact]
    public async Task From_the_first_schema_every_token_and_every_entry_is_carried_over_and_nothing_stays_behind()
    {
        var (sid, primary) = await NewAccountAsync();
        var (other, otherToken) = await NewAccountAsync(sid);
        var secondary = await NewSecondaryAsync(sid, primary);
        var (before, audit) = (await FindAsync(sid), Store.ReadAudit());
        await Store.Opened.DisposeAsync();
        TakeBackTo1();

        await RestartAsync(recoverable: false);
        var after = await FindAsync(sid);
        Assert.Equal(
            before with { Secondary = before.Secondary! with { Seal = null } },
            after with { Secondary = after.Secondary! with { Seal = null } });
        Assert.Equal(audit, Store.ReadAudit());
        Assert.Equal((Slot.Primary, Slot.Secondary, Slot.Primary), (Check(sid, primary), Check(sid, secondary), Check(other, otherToken)));

        var copy = Assert.Single(Directory.GetFiles(Store.Directory, "before-schema-*.db"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(copy));
        Assert.Equal(1, DatabaseAtRest.Examine(copy, Store.RootKey).Schema);

        using var promoted = (await Rotation.PromoteAsync(With(sid, primary), sid, Some.Context)).Value;
        Assert.Equal(secondary, promoted!.Token!.Reveal());
        var verifier = before.Primary!.Verifier;
        var retired = ((ReadOnlySpan<byte>)verifier).ToArray();
        Assert.All(
            Directory.GetFiles(Store.Directory, "tandem.db*"),
            file => Assert.Equal(-1, ReadShared(file).AsSpan().IndexOf(retired)));
    }

    /// <summary>Undoes the migrations after the first; the database looks as the first schema's program left it.</summary>
    private void TakeBackTo1()
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(Store.Directory, "tandem.db")};Pooling=False");
        connection.Open();
        foreach (var sql in new[]
            {
                "DROP TABLE audit_start", "ALTER TABLE account DROP COLUMN promote_guard", "ALTER TABLE audit DROP COLUMN consumer", "ALTER TABLE audit DROP COLUMN detail",
                "DROP TABLE consumer_decision", "DROP TABLE console_user", "DROP TABLE console_session", "DELETE FROM schema_version WHERE version > 1",
            })
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
    }

    private static byte[] ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }
}
