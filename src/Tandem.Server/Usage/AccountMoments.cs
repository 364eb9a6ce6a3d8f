namespace Tandem.Server.Usage;

/// <summary>One account at one moment: its tokens, and what was counted and decided about exactly these tokens.</summary>
/// <param name="Account">The account.</param>
/// <param name="Report">What was counted.</param>
/// <param name="Decisions">What people decided, by <see cref="ConsumerKey.Id"/>.</param>
public sealed record AccountMoment(Account Account, UsageReport Report, IReadOnlyDictionary<string, ConsumerDecision> Decisions);

/// <summary>Reads account, counts and decisions so that they belong together, while rotations go on.</summary>
/// <param name="store">The accounts and decisions.</param>
/// <param name="index">Says when a change has reached the counting: a retirement is handed over to it before the index holds it.</param>
/// <param name="recorder">The counts.</param>
public sealed class AccountMoments(IAccountStore store, VerifierIndex index, UsageRecorder recorder)
{
    /// <summary>Each needs a change of the same account between two reads, so that a second is rare already.</summary>
    private const int Attempts = 1_000;

    /// <summary>The account now; null when there is none.</summary>
    public async Task<AccountMoment?> ReadAsync(AccountSid sid, CancellationToken cancel = default)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            if (await store.FindAsync(sid, cancel) is not { } account)
            {
                return null;
            }

            if (!index.TryGet(sid, out var entry) || entry.Generation != account.Generation)
            {
                continue; // durable, and on its way into the index
            }

            var decisions = await store.ReadDecisionsAsync(sid, cancel);
            var report = recorder.Report(sid);
            if (report.Usage is null || report.Usage.Marks.Generation <= account.Generation)
            {
                return new(account, report, decisions);
            }
        }

        throw new InvalidOperationException("The index does not follow the store.");
    }
}
