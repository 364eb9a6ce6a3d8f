using Microsoft.Extensions.DependencyInjection;

namespace Tandem.Server.Tests;

/// <summary>Stands in front of the real store and behaves as told, for what that one does only on a bad day.</summary>
internal sealed class StoreDouble : IAccountStore
{
    private IAccountStore? _real;

    public Exception? Fault { get; set; }

    public bool Unavailable { get; set; }

    /// <summary>After an entry of this action nothing can be stored.</summary>
    public AuditAction? UnavailableAfter { get; set; }

    public bool ResiduePending { get; set; }

    public bool RefusesChanges { get; set; }

    /// <summary>Comes between the reading of an account and whatever its reader does next.</summary>
    public Func<Task>? AfterFind { get; set; }

    /// <summary>What the mutations that went through said of themselves.</summary>
    public List<AuditDraft> Audits { get; } = [];

    public void Replace(IServiceCollection services)
    {
        _real = (IAccountStore)services.Last(s => s.ServiceType == typeof(IAccountStore)).ImplementationInstance!;
        services.AddSingleton<IAccountStore>(this);
    }

    public Task<Outcome<T>> ChangeAsync<T>(AccountSid account, Func<IAccountRows, Change<T>> decide)
        where T : class =>
        Fault is not null ? Task.FromException<Outcome<T>>(Fault)
        : Unavailable ? Task.FromResult<Outcome<T>>(ErrorKind.Unavailable)
        : _real!.ChangeAsync(account, rows =>
        {
            var change = decide(rows);
            if (change.Audit is { } audit)
            {
                Audits.Add(audit); // on the one writer's thread
                Unavailable |= audit.Action == UnavailableAfter;
            }

            return change;
        });

    public async Task<Account?> FindAsync(AccountSid sid, CancellationToken cancel = default)
    {
        if (Fault is not null)
        {
            throw Fault;
        }

        var found = await _real!.FindAsync(sid, cancel);
        await (AfterFind?.Invoke() ?? Task.CompletedTask);
        return found;
    }

    public Task<AccountPage> ListAsync(AccountQuery query, CancellationToken cancel = default) =>
        Fault is not null ? Task.FromException<AccountPage>(Fault) : _real!.ListAsync(query, cancel);

    public Task<AccountHits> SearchAsync(AccountSearch search, CancellationToken cancel = default) =>
        Fault is not null ? Task.FromException<AccountHits>(Fault) : _real!.SearchAsync(search, cancel);

    public Task<IReadOnlyDictionary<string, ConsumerDecision>> ReadDecisionsAsync(AccountSid account, CancellationToken cancel = default) =>
        _real!.ReadDecisionsAsync(account, cancel);

    public Task<IReadOnlyList<AuditEntry>> ReadAuditAsync(AuditQuery query, CancellationToken cancel = default) =>
        Fault is not null ? Task.FromException<IReadOnlyList<AuditEntry>>(Fault) : _real!.ReadAuditAsync(query, cancel);
}
