namespace Tandem;

/// <summary>A record as it is stored.</summary>
/// <param name="Account">Of which account.</param>
/// <param name="Record">The record; null when it is to be deleted.</param>
public sealed record RotationRow(AccountSid Account, RotationRecord? Record);

/// <summary>
/// The last rotation of each account that somebody has told of: one at a time. Kept in memory, and written beside the counts; what is lost
/// is reported again by the process that runs the rotation. Any thread may call it. Memory is limited for each top-level account and its subaccounts together.
/// </summary>
/// <param name="time">Where the time comes from.</param>
/// <param name="index">Says which top-level account an account belongs to.</param>
public sealed class RotationRecords(TimeProvider time, VerifierIndex index)
{
    /// <summary>The limit for the records of a top-level account and its subaccounts together, in bytes: thousands of the usual size.</summary>
    public const int OwnerLimit = 4 << 20;

    /// <summary>What is left when room is made, so that it is not made for every record that follows.</summary>
    private const int OwnerRest = OwnerLimit / 8 * 7;

    /// <summary>For how long a record is kept after it was last heard of.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    private readonly Lock _lock = new();
    private readonly Dictionary<AccountSid, Kept> _records = [];
    private readonly Dictionary<AccountSid, Owned> _owned = [];
    private readonly HashSet<AccountSid> _unwritten = [];
    private long _version;

    /// <summary>Grows with each change, for whoever waits for one.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>
    /// Takes in what a rotation tells of itself. <see cref="ErrorKind.RotationRunning"/> while another one of the account runs; one that was
    /// stopped, is over, or was not heard of for <see cref="RotationRecord.StaleAfter"/> gives way. Beyond <see cref="OwnerLimit"/> the records of
    /// the same owner that were not heard of for the longest time are forgotten; <see cref="ErrorKind.LimitReached"/> when all of them run.
    /// </summary>
    public Outcome<RotationRecord> Tell(AccountSid account, RotationRecord told)
    {
        ArgumentNullException.ThrowIfNull(told);
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var before = _records.GetValueOrDefault(account)?.Record;
            if (before?.IsLive(now) == true && !string.Equals(before.Id, told.Id, StringComparison.Ordinal))
            {
                return ErrorKind.RotationRunning;
            }

            var after = told.After(before, now);
            if (!MakeRoom(account, after.Size - (before?.Size ?? 0), now))
            {
                return ErrorKind.LimitReached;
            }

            Put(account, after);
            Changed(account);
            return after;
        }
    }

    /// <summary>The last rotation of an account that was told of; null for none.</summary>
    public RotationRecord? Find(AccountSid account)
    {
        lock (_lock)
        {
            return _records.GetValueOrDefault(account)?.Record;
        }
    }

    /// <summary>Forgets it. False when there is none.</summary>
    public bool Forget(AccountSid account)
    {
        lock (_lock)
        {
            return Remove(account);
        }
    }

    /// <summary>Those that run first, then those that were stopped, then those that are over; in each the last heard of first.</summary>
    /// <param name="most">At most so many.</param>
    public IReadOnlyList<(AccountSid Account, RotationRecord Record)> List(int most)
    {
        KeyValuePair<AccountSid, Kept>[] all;
        lock (_lock)
        {
            all = [.. _records];
        }

        // Outside the lock: of a million accounts this takes a while.
        var now = time.GetUtcNow();
        return [.. all
            .OrderBy(r => r.Value.Record.IsLive(now) ? 0 : r.Value.Record.IsOver ? 2 : 1)
            .ThenByDescending(r => r.Value.Record.Heard)
            .ThenBy(r => r.Key.ToString(), StringComparer.Ordinal)
            .Take(most)
            .Select(r => (r.Key, r.Value.Record))];
    }

    /// <summary>What was stored, at the start. What was told meanwhile is newer.</summary>
    public void Restore(IEnumerable<RotationRow> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        lock (_lock)
        {
            foreach (var (account, record) in rows)
            {
                if (record is null || _records.ContainsKey(account))
                {
                    continue;
                }

                if (MakeRoom(account, record.Size, time.GetUtcNow()))
                {
                    Put(account, record);
                }
                else
                {
                    Changed(account); // stored before there was a limit: it leaves the file as well
                }
            }
        }
    }

    /// <summary>What has changed since the last time, to be written.</summary>
    /// <param name="most">At most so many.</param>
    /// <param name="forget">Whether to forget what is older than <see cref="Lifetime"/> first: all of them are looked at for that.</param>
    public IReadOnlyList<RotationRow> Take(int most, bool forget = false)
    {
        lock (_lock)
        {
            var before = forget ? time.GetUtcNow() - Lifetime : DateTimeOffset.MinValue;
            List<AccountSid> old = forget ? [.. _records.Where(r => r.Value.Record.Heard < before).Select(r => r.Key)] : [];
            old.ForEach(account => Remove(account));

            List<RotationRow> rows =
                [.. _unwritten.Take(most).Select(account => new RotationRow(account, _records.GetValueOrDefault(account)?.Record))];
            rows.ForEach(row => _unwritten.Remove(row.Account));
            return rows;
        }
    }

    /// <summary>False when so many more bytes do not fit, whichever of the owner's records are forgotten. Holds the lock.</summary>
    private bool MakeRoom(AccountSid account, int more, DateTimeOffset now)
    {
        if (!_owned.TryGetValue(index.OwnerOf(account), out var owned) || owned.Bytes + more <= OwnerLimit)
        {
            return true;
        }

        var idle = owned.Accounts.Where(a => a != account && !_records[a].Record.IsLive(now)).OrderBy(a => _records[a].Record.Heard).ToList();
        foreach (var old in idle.TakeWhile(_ => owned.Bytes + more > OwnerRest))
        {
            Remove(old);
        }

        return owned.Bytes + more <= OwnerLimit;
    }

    private void Put(AccountSid account, RotationRecord record)
    {
        Take(account);
        var owner = index.OwnerOf(account);
        if (!_owned.TryGetValue(owner, out var owned))
        {
            _owned.Add(owner, owned = new());
        }

        owned.Bytes += record.Size;
        owned.Accounts.Add(account);
        _records[account] = new(owner, record);
    }

    private bool Remove(AccountSid account)
    {
        var had = Take(account);
        if (had)
        {
            Changed(account);
        }

        return had;
    }

    private bool Take(AccountSid account)
    {
        if (!_records.Remove(account, out var kept))
        {
            return false;
        }

        var owned = _owned[kept.Owner];
        owned.Bytes -= kept.Record.Size;
        owned.Accounts.Remove(account);
        if (owned.Accounts.Count == 0)
        {
            _owned.Remove(kept.Owner);
        }

        return true;
    }

    private void Changed(AccountSid account)
    {
        _unwritten.Add(account);
        Interlocked.Increment(ref _version);
    }

    private sealed record Kept(AccountSid Owner, RotationRecord Record);

    /// <summary>What a top-level account and its subaccounts have.</summary>
    private sealed class Owned
    {
        public HashSet<AccountSid> Accounts { get; } = [];

        public long Bytes { get; set; }
    }
}
