using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Tandem.Cli.Claims;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults;

/// <summary>After COMMIT the answer is never an error: a checkpoint that is blocked from outside raises an alarm, and is done later.</summary>
public sealed class BlockedCheckpointTests
{
    [Fact]
    public async Task A_reader_from_outside_delays_the_erasure_but_neither_the_promote_nor_the_refusal_of_the_old_token()
    {
        await using var server = await ServerProcess.StartAsync();
        var caller = new TwilioCaller(server.Http);
        var (sid, token) = server.FirstAccount();
        var secondary = (await caller.CreateAsync(sid, token)).Text("secondary_auth_token");
        var residue = new Residue(token).WithRow(server.Data, sid).Except("secondary verifier");

        using (var outsider = new SqliteConnection($"Data Source={server.Data}/tandem.db;Pooling=False"))
        {
            outsider.Open();
            using var reading = outsider.BeginTransaction(deferred: true);
            using var command = outsider.CreateCommand();
            command.Transaction = reading;
            command.CommandText = "SELECT count(*) FROM account";
            command.ExecuteScalar();

            var watch = Stopwatch.StartNew();
            Assert.Equal(200, (await caller.PromoteAsync(sid, secondary)).Status);
            TestContext.Current.TestOutputHelper!.WriteLine($"answered after {watch.ElapsedMilliseconds} ms with the checkpoint blocked");

            Assert.Equal(401, await caller.CheckAsync(sid, token));
            Assert.Equal(200, await caller.CheckAsync(sid, secondary));
            Assert.Contains("residue_pending", await server.AlarmsAsync());
            Assert.NotEmpty(residue.FindIn(server.Data, "*-wal"));

            // Rotations go on meanwhile.
            Assert.Equal(201, (await caller.CreateAsync(sid, secondary)).Status);
            Assert.Equal(204, (await caller.DeleteAsync(sid, secondary)).Status);
        }

        await Until.TrueAsync(async () => !(await server.AlarmsAsync()).Contains("residue_pending", StringComparer.Ordinal));
        Assert.Empty(residue.FindIn(server.Data));
    }
}
