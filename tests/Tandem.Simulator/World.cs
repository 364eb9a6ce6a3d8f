using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tandem.Storage;

namespace Tandem.Simulator;

/// <summary>A real store in a directory of its own, in memory where there is such a file system, with the domain composed on it and a clock that only the simulation moves.</summary>
internal sealed class World : IAsyncDisposable
{
    private readonly RootKey _rootKey = RootKey.Generate();
    private readonly TaskCompletionSource<string> _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _directory = NewDirectory();
    private SqliteAccountStore _store;

    public World()
    {
        _store = Open();
        Compose();
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 14, 15, 9, 26, TimeSpan.Zero));

    public IAccountStore Store => _store;

    public VerifierIndex Index => _store.Index;

    public Verifier Verifier { get; private set; } = null!;

    public Rotation Rotation { get; private set; } = null!;

    public AccountLifecycle Lifecycle { get; private set; } = null!;

    /// <summary>Bytes in the write-ahead log.</summary>
    public long LogBytes => new FileInfo(Path.Combine(_directory, "tandem.db-wal")) is { Exists: true } log ? log.Length : 0;

    /// <summary>What the check says.</summary>
    public Verdict Check(AccountSid sid, string token) => Verifier.Verify(sid, Encoding.ASCII.GetBytes(token));

    /// <summary>The answer of a call, unless the store has ended the process meanwhile.</summary>
    /// <exception cref="InvalidOperationException">It has.</exception>
    public async Task<T> AnswerAsync<T>(Task<T> call) =>
        await Task.WhenAny(call, _stopped.Task) == call ? await call : throw new InvalidOperationException(await _stopped.Task);

    /// <summary>Ends as a server does that is told to, and begins again.</summary>
    public async Task RestartAsync()
    {
        await _store.DisposeAsync();
        _store = Open();
        Compose();
    }

    /// <summary>Dies: goes on with what lies in the files at this moment.</summary>
    public async Task DieAsync()
    {
        var left = NewDirectory();
        foreach (var file in Directory.EnumerateFiles(_directory, "tandem.db*").Where(f => !f.EndsWith("-shm", StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Combine(left, Path.GetFileName(file)));
        }

        await _store.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
        _directory = left;
        _store = Open();
        Compose();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_stopped.Task.IsCompleted) // else its writer stands still for good
        {
            await _store.DisposeAsync();
        }

        _rootKey.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static string NewDirectory() =>
        Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"tandem-simulator-{RandomNumberGenerator.GetHexString(16)}")).FullName;

    private SqliteAccountStore Open() => SqliteAccountStore.Open(
        new()
        {
            Directory = _directory,
            RootKey = _rootKey,
            Time = Time,
            Stop = reason =>
            {
                _stopped.TrySetResult(reason);
                new ManualResetEvent(false).WaitOne(); // the process that is played here has ended
            },
        },
        NullLogger.Instance);

    private void Compose()
    {
        Verifier = new(_store.Index, _store.Keys);
        var seals = new TokenSeal(_store.Keys);
        Rotation = new(_store, Verifier, seals, Time);
        Lifecycle = new(_store, Verifier, seals, Time);
    }
}
