using System.Text;
using Tandem.Testing;

namespace Tandem.Tests.Store;

/// <summary>What every specification of the domain on a store begins with: a new store, and the domain composed on it.</summary>
public abstract class StoreSpec<TStore> : IAsyncDisposable
    where TStore : ITestStore, new()
{
    private readonly List<IDisposable> _held = [];

    protected StoreSpec() => Compose(recoverable: false);

    protected TStore Store { get; } = new();

    protected SettableTime Time { get; } = new(Some.Moment);

    protected Caller Operator { get; } = Caller.Operator("root");

    protected Verifier Verifier { get; private set; } = null!;

    protected TokenSeal Seals { get; private set; } = null!;

    protected Rotation Rotation { get; private set; } = null!;

    protected AccountLifecycle Lifecycle { get; private set; } = null!;

    public async ValueTask DisposeAsync()
    {
        _held.ForEach(h => h.Dispose());
        await Store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Restarts the server, with recoverable tokens or without.</summary>
    protected async Task RestartAsync(bool recoverable)
    {
        await Store.ReopenAsync(recoverable);
        Compose(recoverable);
    }

    protected async Task<(AccountSid Sid, string Token)> NewAccountAsync(AccountSid? parent = null)
    {
        using var created = (await Lifecycle.CreateAsync(Operator, parent, null, Some.Context)).Value!;
        return (created.Account.Sid, created.Token.Reveal());
    }

    /// <summary>Creates a secondary, by the account's primary when that is given, else by the operator.</summary>
    protected async Task<string> NewSecondaryAsync(AccountSid sid, string? primary = null)
    {
        var caller = primary is null ? Operator : With(sid, primary);
        using var created = (await Rotation.CreateSecondaryAsync(caller, sid, Some.Context)).Value!;
        return created.Token.Reveal();
    }

    /// <summary>A caller whose credential is valid at this moment.</summary>
    protected Caller With(AccountSid sid, string token)
    {
        var credential = Verifier.Admit(sid, Encoding.ASCII.GetBytes(token))
            ?? throw new InvalidOperationException("This credential is not valid.");
        _held.Add(credential);
        return Caller.With(credential);
    }

    /// <summary>Which token of the account this is to a check; null when it is refused.</summary>
    protected Slot? Check(AccountSid sid, string token) =>
        Verifier.Verify(sid, Encoding.ASCII.GetBytes(token)) is { IsValid: true } verdict ? verdict.Slot : null;

    protected async Task<Account> FindAsync(AccountSid sid) => (await Store.Accounts.FindAsync(sid))!;

    private void Compose(bool recoverable)
    {
        Verifier = new(Store.Index, Store.Keys);
        Seals = new(Store.Keys);
        Rotation = new(Store.Accounts, Verifier, Seals, Time, recoverable);
        Lifecycle = new(Store.Accounts, Verifier, Seals, Time, recoverable);
    }
}
