namespace Tandem.Storage;

/// <summary>
/// The tables of the usage file. It holds what may be lost, so it has no migrations: when its version is another, it is begun anew.
/// </summary>
internal static class UsageSchema
{
    /// <summary>Kept as SQLite's user_version.</summary>
    public const long Version = 1;

    public static readonly string[] Tables =
    [
        // One row: since when counting runs (0 when it does not), what is known to be written, and since when it is turned off.
        "CREATE TABLE run (id INTEGER PRIMARY KEY CHECK (id = 1), counting_since INTEGER NOT NULL, running_since INTEGER NOT NULL, "
            + "written INTEGER NOT NULL, off_since INTEGER NOT NULL) STRICT",
        "CREATE TABLE account_usage (account BLOB PRIMARY KEY CHECK (length(account) = 16), generation INTEGER NOT NULL, primary_from INTEGER NOT NULL, "
            + "promoted_after INTEGER NOT NULL, retired_at INTEGER NOT NULL, gap_until INTEGER NOT NULL, "
            + "primary_control BLOB NOT NULL, secondary_control BLOB NOT NULL) STRICT, WITHOUT ROWID",
        "CREATE TABLE consumer (account BLOB NOT NULL CHECK (length(account) = 16), id TEXT NOT NULL, route TEXT NOT NULL, network TEXT NOT NULL, "
            + "client INTEGER NOT NULL, name TEXT NOT NULL, last INTEGER NOT NULL, straggle INTEGER NOT NULL, primary_use BLOB, secondary_use BLOB, "
            + "PRIMARY KEY (account, id)) STRICT, WITHOUT ROWID",
        "CREATE TABLE tombstone (account BLOB NOT NULL CHECK (length(account) = 16), mark BLOB NOT NULL CHECK (length(mark) = 8), "
            + "fingerprint INTEGER NOT NULL, retired INTEGER NOT NULL, PRIMARY KEY (account, mark)) STRICT, WITHOUT ROWID",
        "CREATE TABLE late_use (account BLOB NOT NULL, mark BLOB NOT NULL, id TEXT NOT NULL, route TEXT NOT NULL, network TEXT NOT NULL, "
            + "client INTEGER NOT NULL, name TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, calls INTEGER NOT NULL, "
            + "PRIMARY KEY (account, mark, id)) STRICT, WITHOUT ROWID",
        "CREATE TABLE gap (began INTEGER NOT NULL, ended INTEGER NOT NULL, reason INTEGER NOT NULL, calls INTEGER NOT NULL, "
            + "PRIMARY KEY (began, reason)) STRICT, WITHOUT ROWID",
        Rotation,
    ];

    /// <summary>It came later: a file without it gets it, and keeps its counts.</summary>
    public const string Rotation =
        "CREATE TABLE IF NOT EXISTS rotation (account BLOB PRIMARY KEY CHECK (length(account) = 16), record TEXT NOT NULL) STRICT, WITHOUT ROWID";

    public const string SaveRotation =
        "INSERT INTO rotation (account, record) VALUES (@account, @record) ON CONFLICT (account) DO UPDATE SET record = excluded.record";

    public const string SaveAccount =
        "INSERT INTO account_usage (account, generation, primary_from, promoted_after, retired_at, gap_until, primary_control, secondary_control) "
        + "VALUES (@account, @generation, @primary, @promoted, @retired, @gap, @pcontrol, @scontrol) ON CONFLICT (account) DO UPDATE SET "
        + "generation = excluded.generation, primary_from = excluded.primary_from, promoted_after = excluded.promoted_after, "
        + "retired_at = excluded.retired_at, gap_until = excluded.gap_until, primary_control = excluded.primary_control, "
        + "secondary_control = excluded.secondary_control";

    public const string SaveConsumer =
        "INSERT INTO consumer (account, id, route, network, client, name, last, straggle, primary_use, secondary_use) "
        + "VALUES (@account, @id, @route, @network, @client, @name, @last, @straggle, @primary, @secondary) ON CONFLICT (account, id) DO UPDATE SET "
        + "last = excluded.last, straggle = excluded.straggle, primary_use = excluded.primary_use, secondary_use = excluded.secondary_use";

    public const string SaveTombstone =
        "INSERT INTO tombstone (account, mark, fingerprint, retired) VALUES (@account, @mark, @fingerprint, @retired) ON CONFLICT DO NOTHING";

    public const string SaveLateUse =
        "INSERT INTO late_use (account, mark, id, route, network, client, name, first, last, calls) "
        + "VALUES (@account, @mark, @id, @route, @network, @client, @name, @first, @last, @calls) ON CONFLICT (account, mark, id) DO UPDATE SET "
        + "first = excluded.first, last = excluded.last, calls = excluded.calls";

    public const string SaveGap =
        "INSERT INTO gap (began, ended, reason, calls) VALUES (@began, @ended, @reason, @calls) ON CONFLICT (began, reason) DO UPDATE SET "
        + "ended = excluded.ended, calls = excluded.calls";
}
