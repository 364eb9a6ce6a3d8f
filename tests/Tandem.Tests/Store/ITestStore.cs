namespace Tandem.Tests.Store;

/// <summary>A store of some kind, new and empty, for one test. An interface because every database runs the same specification.</summary>
public interface ITestStore : IAsyncDisposable
{
    IAccountStore Accounts { get; }

    IUserStore Users { get; }

    VerifierIndex Index { get; }

    DataKeys Keys { get; }

    PendingSecondaries Pending { get; }

    /// <summary>The accounts that the store said had a token retired, in that order.</summary>
    IReadOnlyList<Account> Retired { get; }

    /// <summary>Closes the store and opens it again, as a restart does.</summary>
    Task ReopenAsync(bool recoverable);

    /// <summary>The audit table, read past the store.</summary>
    IReadOnlyList<AuditRow> ReadAudit();
}

/// <summary>A row of the audit table as it lies there.</summary>
public sealed record AuditRow(long Epoch, DateTimeOffset At, AccountSid Account, AuditAction Action, long Generation, string Actor, string Source, string RequestId, bool SuppressEmail, string Fingerprint, string Mac);
