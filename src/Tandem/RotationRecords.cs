namespace Tandem;

/// <summary>A record as it is stored.</summary>
/// <param name="Account">Of which account.</param>
/// <param name="Record">The record; null when it is to be deleted.</param>
public sealed record RotationRow(AccountSid Account, RotationRecord? Record);

/// <summary>
/// The last rotation of each account that somebody has told of: one at a time. Kept in memory, and written beside the counts; what is lost
/// is told again by whoever runs the rotation. Any thread may call it.
/// </summary>
/// <param name="time">Where the time comes from.</param>
public sealed class RotationRecords(TimeProvider time)
{
    /// <summary>For how long a record is kept after it was last heard of.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    private readonly Lock _lock = new();
    private readonly Dictionary<AccountSid, RotationRecord> _records = [];
    private readonly HashSet<AccountSid> _unwritten = [];
    private long _version;

    /// <summary>Grows with each change, for whoever waits for one.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>
    /// Takes in what a rotation tells of itself. <see cref="ErrorKind.RotationRunning"/> while another one of the account runs; one that was
    /// stopped, is over, or was not heard of for <see cref="RotationRecord.StaleAfter"/> gives way.
    /// </summary>
    public Outcome<RotationRecord> Tell(AccountSid account, RotationRecord told)
    {
        ArgumentNullException.ThrowIfNull(told);
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var before = _records.GetValueOrDefault(account);
            if (before?.IsLive(now) == true && !string.Equals(before.Id, told.Id, StringComparison.Ordinal))
            {
                return ErrorKind.RotationRunning;
            }

            var after = told.After(before, now);
            _records[account] = after;
            Changed(account);
            return after;
        }
    }

    /// <summary>The last rotation of an account that was told of; null for none.</summary>
    public RotationRecord? Find(AccountSid account)
    {
        lock (_lock)
        {
            return _records.GetValueOrDefault(account);
        }
    }

    /// <summary>Forgets it. False when there is none.</summary>
    public bool Forget(AccountSid account)
    {
        lock (_lock)
        {
            if (!_records.Remove(account))
            {
                return false;
            }

            Changed(account);
            return true;
        }
    }

    /// <summary>Those that run first, then those that were stopped, then those that are over; in each the last heard of first.</summary>
    /// <param name="most">At most so many.</param>
    public IReadOnlyList<(AccountSid Account, RotationRecord Record)> List(int most)
    {
        KeyValuePair<AccountSid, RotationRecord>[] all;
        lock (_lock)
        {
            all = [.. _records];
        }

        // Outside the lock: of a million accounts this takes a while.
        var now = time.GetUtcNow();
        return [.. all
            .OrderBy(r => r.Value.IsLive(now) ? 0 : r.Value.IsOver ? 2 : 1)
            .ThenByDescending(r => r.Value.Heard)
            .ThenBy(r => r.Key.ToString(), StringComparer.Ordinal)
            .Take(most)
            .Select(r => (r.Key, r.Value))];
    }

    /// <summary>What was stored, at the start. What was told meanwhile is newer.</summary>
    public void Restore(IEnumerable<RotationRow> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        lock (_lock)
        {
            foreach (var (account, record) in rows)
            {
                if (record is not null)
                {
                    _records.TryAdd(account, record);
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
            List<AccountSid> old = forget ? [.. _records.Where(r => r.Value.Heard < before).Select(r => r.Key)] : [];
            foreach (var account in old)
            {
                _records.Remove(account);
                Changed(account);
            }

            List<RotationRow> rows = [.. _unwritten.Take(most).Select(account => new RotationRow(account, _records.GetValueOrDefault(account)))];
            rows.ForEach(row => _unwritten.Remove(row.Account));
            return rows;
        }
    }

    private void Changed(AccountSid account)
    {
        _unwritten.Add(account);
        Interlocked.Increment(ref _version);
    }
}
