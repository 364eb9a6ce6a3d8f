namespace Tandem.Server.Console;

/// <summary>Which audit entries somebody looks for.</summary>
/// <param name="Account">Only those of this account; null for all.</param>
/// <param name="Action">Only those of this kind; null for all.</param>
/// <param name="From">Only those of this moment or later; null for all.</param>
/// <param name="To">Only those before this moment; null for all.</param>
public sealed record AuditFilter(AccountSid? Account = null, AuditAction? Action = null, DateTimeOffset? From = null, DateTimeOffset? To = null)
{
    /// <summary>Whether an entry is one of them.</summary>
    public bool Takes(AuditEntry entry) =>
        (Account is null || entry.Entry.Account == Account)
        && (Action is null || entry.Entry.Action == Action)
        && (From is null || entry.At >= From)
        && (To is null || entry.At < To);
}

/// <summary>A page of a scan, the newest first.</summary>
/// <param name="Entries">What was found.</param>
/// <param name="Before">From which number on to go on with the scan; null when there is nothing older.</param>
public sealed record AuditScanPage(IReadOnlyList<AuditEntry> Entries, long? Before);

/// <summary>
/// Looks through the audit in short reads, so that no filter makes the store hold a read open, and gives up after so many entries with the place to
/// go on from.
/// </summary>
internal static class AuditScan
{
    /// <summary>Entries in one read.</summary>
    public const int Chunk = 1_000;

    /// <summary>Reads for one page.</summary>
    private const int MostReads = 20;

    /// <summary>Entries are numbered in the order in which they came, so by time as well, but for a clock that was set.</summary>
    private static readonly TimeSpan ClockError = TimeSpan.FromDays(1);

    /// <summary>Reads the newest entries that the filter takes, below a number.</summary>
    public static async Task<AuditScanPage> ReadAsync(IAccountStore store, AuditFilter filter, long? before, int most, CancellationToken cancel)
    {
        before ??= filter.To is { } to ? await SeekAsync(store, to + ClockError, cancel) : null;
        var found = new List<AuditEntry>();
        for (var read = 0; read < MostReads; read++)
        {
            var entries = await store.ReadAuditAsync(new(Chunk, filter.Account, Before: before), cancel);
            foreach (var entry in entries)
            {
                if (filter.Takes(entry))
                {
                    found.Add(entry);
                    if (found.Count == most)
                    {
                        return new(found, entry.Epoch > 1 ? entry.Epoch : null);
                    }
                }
            }

            if (entries.Count < Chunk || entries[^1].At < filter.From - ClockError)
            {
                return new(found, null);
            }

            before = entries[^1].Epoch;
        }

        return new(found, before);
    }

    /// <summary>The number below which everything is not later than a moment; null for no bound.</summary>
    private static async Task<long?> SeekAsync(IAccountStore store, DateTimeOffset moment, CancellationToken cancel)
    {
        if (await store.ReadAuditAsync(new(1), cancel) is not [{ } newest] || newest.At <= moment)
        {
            return null;
        }

        var (earlier, later) = (0L, newest.Epoch);
        while (later - earlier > 1)
        {
            var middle = earlier + ((later - earlier) / 2);
            var isLater = await store.ReadAuditAsync(new(1, Before: middle + 1), cancel) is [{ } entry] && entry.At > moment;
            (earlier, later) = isLater ? (earlier, middle) : (middle, later);
        }

        return later;
    }
}
