using Microsoft.Extensions.Logging;
using Tandem.Storage;

namespace Tandem.Server;

/// <summary>
/// Everything between the settings and listening, in order: data directory, root key, store, first account. The program and the test kit
/// both begin here; <c>TandemHost.Build</c> goes on from it. Dispose it after the host: that empties the log and gives the directory back.
/// </summary>
public sealed class TandemStartup : IAsyncDisposable
{
    private TandemStartup(TandemOptions options, DataDirectory directory, SqliteAccountStore store, FirstAccount first) =>
        (Options, Directory, Store, FirstAccount) = (options, directory, store, first);

    /// <summary>The settings.</summary>
    public TandemOptions Options { get; }

    /// <summary>Where everything is kept.</summary>
    public DataDirectory Directory { get; }

    /// <summary>The open store.</summary>
    public SqliteAccountStore Store { get; }

    /// <summary>The account that the store began with, and its file. Register it with the host, so that its alarm is reported.</summary>
    public FirstAccount FirstAccount { get; }

    /// <summary>Whether the root key was made by this start.</summary>
    public bool RootKeyIsNew { get; private init; }

    /// <summary>What the operator should know, a sentence or two each.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>Opens what the settings name.</summary>
    /// <param name="options">The settings, checked.</param>
    /// <param name="import">An account to take over; null to create the first account of a new store.</param>
    /// <param name="loggers">Where warnings go.</param>
    /// <param name="time">Where the time comes from; null for the system's clock.</param>
    /// <param name="stop">Ends the process after an I/O error; null for <see cref="FailStop.Now"/>.</param>
    /// <exception cref="StartException">Directory, key or first account are in the way of a start.</exception>
    /// <exception cref="StoreException">The store cannot be opened.</exception>
    public static async Task<TandemStartup> OpenAsync(
        TandemOptions options, BootstrapAccount? import, ILoggerFactory loggers, TimeProvider? time = null, Action<string>? stop = null)
    {
        time ??= TimeProvider.System;
        var directory = DataDirectory.Open(options.DataDirectory);
        using var key = new RootKeyFile(directory, options.RootKeyFile).ReadOrCreate(out var keyIsNew);
        var first = new FirstAccount(directory.FirstAccount, loggers.CreateLogger<FirstAccount>(), time);
        var anchor = directory.AnchorFile(options.AnchorFile);
        var store = SqliteAccountStore.Open(
            new()
            {
                Directory = directory.Root,
                RootKey = key,
                Time = time,
                RecoverableTokens = options.RecoverableTokens,
                AnchorFile = anchor,
                RequireAnchor = options.RequireAnchor,
                AcceptRollback = options.AcceptRollback,
                Stop = stop ?? FailStop.Now,
                Retired = first.Retired,
            },
            loggers.CreateLogger<SqliteAccountStore>());
        try
        {
            directory.EraseUnfinished();
            var verifier = new Verifier(store.Index, store.Keys);
            var lifecycle = new AccountLifecycle(store, verifier, new(store.Keys), time, options.RecoverableTokens);
            var outdated = await first.SettleAsync(store, store.Index.Count == 0, verifier, lifecycle, import);
            var lies = options.RootKeyFile is not null ? null
                : $"The root key {directory.RootKey} lies beside the database that it protects: whoever copies the directory has both. Keep it elsewhere with TANDEM_ROOT_KEY_FILE=FILE.";
            return new(options, directory, store, first)
            {
                RootKeyIsNew = keyIsNew,
                Warnings = [.. new[] { directory.Warning, lies, directory.WarningOfAnchor(anchor), outdated }.OfType<string>(), .. store.Warnings],
            };
        }
        catch (Exception e)
        {
            await store.DisposeAsync();
            if (e is IOException or UnauthorizedAccessException)
            {
                throw new StartException($"The data directory {directory.Root} cannot be used ({e.Message}) The server did not start.", e);
            }

            throw;
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => Store.DisposeAsync();
}
