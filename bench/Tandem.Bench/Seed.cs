using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Tandem.Server;

namespace Tandem.Bench;

/// <summary>
/// A data directory with many accounts. A few thousand are real, made as a client would make them, and get the load; the others are copies of
/// a row under SIDs of their own, there to fill the index. Both kinds are spread evenly, since SIDs are random.
/// </summary>
internal static class Seed
{
    /// <summary>Accounts that are asked for, at most.</summary>
    private const int Real = 5000;

    /// <summary>Fills a new directory and writes the Authorization values of the real accounts, one a line, to <paramref name="credentials"/>.</summary>
    public static async Task FillAsync(string directory, int accounts, string credentials)
    {
        await using (var startup = await TandemStartup.OpenAsync(new TandemOptions { DataDirectory = directory }, null, NullLoggerFactory.Instance))
        {
            var store = startup.Store;
            var verifier = new Verifier(store.Index, store.Keys);
            var lifecycle = new AccountLifecycle(store, verifier, new TokenSeal(store.Keys), TimeProvider.System);
            var lines = new List<string>();
            await Parallel.ForAsync(0, Math.Min(accounts, Real), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) =>
            {
                var outcome = await lifecycle.CreateAsync(Caller.Operator("bench"), null, null, new("bench", "bench"));
                using var created = outcome.Value!;
                var pair = Encoding.ASCII.GetBytes($"{created.Account.Sid}:{created.Token.Reveal()}");
                lock (lines)
                {
                    lines.Add($"Basic {Convert.ToBase64String(pair)}");
                }
            });
            await File.WriteAllLinesAsync(credentials, lines);
        }

        await CopyRowsAsync(Path.Combine(directory, "tandem.db"), accounts - Real);
    }

    private static async Task CopyRowsAsync(string database, int count)
    {
        if (count <= 0)
        {
            return;
        }

        await using var connection = new SqliteConnection($"Data Source={database};Pooling=False");
        await connection.OpenAsync();
        await using var transaction = (SqliteTransaction)await connection.BeginTransactionAsync();
        await using var columns = connection.CreateCommand();
        columns.Transaction = transaction;
        columns.CommandText = "SELECT group_concat(name, ', ') FROM pragma_table_info('account') WHERE name NOT IN ('id', 'sid', 'owner', 'primary_verifier')";
        var rest = (string)(await columns.ExecuteScalarAsync())!;
        await using var copy = connection.CreateCommand();
        copy.Transaction = transaction;
        copy.CommandText = string.Create(
            CultureInfo.InvariantCulture,
            $"INSERT INTO account (sid, owner, primary_verifier, {rest}) SELECT $sid, $sid, $verifier, {rest} FROM account WHERE id = 1");
        var sid = copy.Parameters.Add("$sid", SqliteType.Blob);
        var verifier = copy.Parameters.Add("$verifier", SqliteType.Blob);
        for (var i = 0; i < count; i++)
        {
            sid.Value = RandomNumberGenerator.GetBytes(16);
            verifier.Value = RandomNumberGenerator.GetBytes(32);
            await copy.ExecuteNonQueryAsync();
        }

        await transaction.CommitAsync();
    }
}
