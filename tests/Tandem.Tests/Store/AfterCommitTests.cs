using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tandem.Storage;
using Xunit;

namespace Tandem.Tests.Store;

/// <summary>Whatever follows a COMMIT has a stated policy for its failure, and none of them makes the answer an error.</summary>
public sealed class AfterCommitTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("tandem-test-").FullName;
    private readonly RootKey _rootKey = RootKey.Generate();
    private string? _stopped;

    public void Dispose()
    {
        _rootKey.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task File_work_that_throws_or_fails_is_logged_and_the_change_answered_as_done()
    {
        Func<Account, Task>[] hooks = [_ => throw new IOException("no such device"), _ => Task.FromException(new UnauthorizedAccessException())];
        foreach (var hook in hooks)
        {
            var log = new Collector();
            await using var store = Open(hook, log);
            await RetireAsync(store);
            Assert.Single(log.Lines, l => l.Contains("follows a retirement outside the database failed", StringComparison.Ordinal));
        }

        Assert.Null(_stopped);
    }

    [Fact]
    public async Task File_work_that_hangs_keeps_its_own_answer_waiting_and_nobody_elses()
    {
        var hanging = new TaskCompletionSource();
        AccountSid? slow = null;
        await using var store = Open(account => account.Sid == slow ? hanging.Task : Task.CompletedTask, NullLogger.Instance);
        var (rotation, lifecycle) = Compose(store);
        using var created = (await lifecycle.CreateAsync(Caller.Operator("test"), null, null, Some.Context)).Value!;
        slow = created.Account.Sid;
        using var secondary = (await rotation.CreateSecondaryAsync(Caller.Operator("test"), slow.Value, Some.Context)).Value;

        var waiting = rotation.DeleteSecondaryAsync(Caller.Operator("test"), slow.Value, Some.Context);
        await RetireAsync(store);
        Assert.False(waiting.IsCompleted);
        hanging.SetResult();
        Assert.Equal(ErrorKind.None, (await waiting).Error);
    }

    [Fact]
    public async Task A_logger_that_throws_stops_nothing()
    {
        await using var store = Open(_ => throw new IOException(), new Broken());
        await RetireAsync(store);
        Assert.Null(_stopped);
    }

    [Fact]
    public async Task A_listener_of_metrics_that_throws_stops_nothing()
    {
        var heard = 0;
        await using var store = Open(null, NullLogger.Instance);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (string.Equals(instrument.Name, "tandem.change.duration", StringComparison.Ordinal))
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) =>
        {
            Interlocked.Increment(ref heard);
            throw new InvalidOperationException("a listener of somebody else's");
        });
        listener.Start();
        await RetireAsync(store);
        var refused = await Compose(store).Rotation.DeleteSecondaryAsync(Caller.Operator("test"), AccountSid.Create(), Some.Context);
        Assert.Equal(ErrorKind.AccountNotFound, refused.Error);
        Assert.True(heard > 0);
        Assert.Null(_stopped);
    }

    [Fact]
    public async Task Counting_that_cannot_take_a_retirement_stops_the_process()
    {
        var stopped = new TaskCompletionSource<string>();
        var store = Open(null, NullLogger.Instance, reason =>
        {
            stopped.TrySetResult(reason);
            new ManualResetEventSlim().Wait(); // as after the end of the process: the writer does nothing more
        });
        store.Retiring = _ => throw new InvalidOperationException("no room");
        _ = RetireAsync(store);
        var why = await stopped.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Contains("while completing", why, StringComparison.Ordinal);
    }

    private static (Rotation Rotation, AccountLifecycle Lifecycle) Compose(SqliteAccountStore store)
    {
        var verifier = new Verifier(store.Index, store.Keys);
        return (new(store, verifier, new(store.Keys), TimeProvider.System), new(store, verifier, new(store.Keys), TimeProvider.System));
    }

    /// <summary>A promote of a new account, answered as done.</summary>
    private static async Task RetireAsync(SqliteAccountStore store)
    {
        var (rotation, lifecycle) = Compose(store);
        using var created = (await lifecycle.CreateAsync(Caller.Operator("test"), null, null, Some.Context)).Value!;
        using var secondary = (await rotation.CreateSecondaryAsync(Caller.Operator("test"), created.Account.Sid, Some.Context)).Value;
        using var promoted = (await rotation.PromoteAsync(Caller.Operator("test"), created.Account.Sid, Some.Context)).Value;
        Assert.Equal(3, promoted!.Account.Generation);
    }

    private SqliteAccountStore Open(Func<Account, Task>? retired, ILogger logger, Action<string>? stop = null) => SqliteAccountStore.Open(
        new() { Directory = _directory, RootKey = _rootKey, Retired = retired, Stop = stop ?? (why => _stopped = why) }, logger);

    private sealed class Broken : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => throw new IOException();

        public bool IsEnabled(LogLevel logLevel) => throw new IOException();

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new IOException();
    }

    private sealed class Collector : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (Lines)
            {
                Lines.Add(formatter(state, exception));
            }
        }
    }
}
