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

    [Fact]
    public async Task Rows_from_before_they_had_MACs_are_trusted_once_as_they_are()
    {
        var (sid, _) = await NewAccountAsync();
        var (users, sessions) = (new Users(Store.Accounts, Time), new Sessions(Store.Accounts, Time));
        await users.AddAsync(Operator, new() { Name = "ada", Role = UserRole.Operator, PasswordHash = "a hash" }, Some.Context);
        var session = (await sessions.BeginAsync(new((await Store.Users.FindUserAsync("ada", Cancel))!), "a browser", Some.Context)).Value!.SignedIn;
        await new ConsumerDecisions(Store.Accounts, Time).DecideAsync(Operator, sid, "0011223344556677", new("billing", 60), Some.Context);
        var decisions = await Store.Accounts.ReadDecisionsAsync(sid, Cancel);
        await Store.Opened.DisposeAsync();
        RawDatabase.Run(Store.Directory, ToSchema5);

        await RestartAsync(recoverable: false);

        Assert.Equal(session, await Store.Users.FindSessionAsync(session.Session.Id, Cancel));
        Assert.Equal(decisions, await Store.Accounts.ReadDecisionsAsync(sid, Cancel));
        await new Users(Store.Accounts, Time).SetRoleAsync(Operator, "ada", UserRole.Viewer, Some.Context);
        await RestartAsync(recoverable: false);

        await Store.Opened.DisposeAsync();
        RawDatabase.Run(Store.Directory, "UPDATE console_user SET role = 4");
        await Assert.ThrowsAsync<StoreException>(() => RestartAsync(recoverable: false));
    }

    /// <summary>Makes of a database of the newest schema one of schema 5, before rows had MACs.</summary>
    internal static string[] ToSchema5 { get; } =
    [
        "ALTER TABLE console_user DROP COLUMN mac", "ALTER TABLE console_session DROP COLUMN mac", "ALTER TABLE consumer_decision DROP COLUMN mac",
        "DROP INDEX account_by_owner_name", "DROP INDEX account_by_owner_status",
        "DELETE FROM schema_version WHERE version > 5",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Undoes the migrations after the first; the database looks as the first schema's program left it.</summary>
    private void TakeBackTo1() => RawDatabase.Run(
        Store.Directory,
        "DROP TABLE audit_start",
        "ALTER TABLE account DROP COLUMN promote_guard",
        "ALTER TABLE audit DROP COLUMN consumer",
        "ALTER TABLE audit DROP COLUMN detail",
        "DROP TABLE consumer_decision",
        "DROP TABLE console_user",
        "DROP TABLE console_session",
        "DELETE FROM schema_version WHERE version > 1");

    private static byte[] ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }
}
