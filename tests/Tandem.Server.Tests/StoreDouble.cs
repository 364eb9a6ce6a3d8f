using Microsoft.Extensions.DependencyInjection;

namespace Tandem.Server.Tests;

/// <summary>Stands in front of the real store and behaves as told, for what that one does only on a bad day.</summary>
internal sealed class StoreDouble : IAccountStore
{
    private IAccountStore? _real;

    public Exception? Fault { get; set; }

    public bool Unavailable { get; set; }

    public bool ResiduePending { get; set; }

    public void Replace(IServiceCollection services)
    {
        _real = (IAccountStore)services.Last(s => s.ServiceType == typeof(IAccountStore)).ImplementationInstance!;
        services.AddSingleton<IAccountStore>(this);
    }

    public Task<Outcome<T>> ChangeAsync<T>(AccountSid account, Func<IAccountRows, Change<T>> decide)
        where T : class =>
        Fault is not null ? Task.FromException<Outcome<T>>(Fault)
        : Unavailable ? Task.FromResult<Outcome<T>>(ErrorKind.Unavailable)
        : _real!.ChangeAsync(account, decide);

    public Task<Account?> FindAsync(AccountSid sid, CancellationToken cancel = default) =>
        Fault is not null ? Task.FromException<Account?>(Fault) : _real!.FindAsync(sid, cancel);

    public Task<AccountPage> ListAsync(AccountQuery query, CancellationToken cancel = default) =>
        Fault is not null ? Task.FromException<AccountPage>(Fault) : _real!.ListAsync(query, cancel);
}
