using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Tandem.Storage;

/// <summary>
/// The one reader. Reads run one after the other on a thread and a connection of their own, quick ones first. The writer's checkpoint goes before
/// all of them: no read begins while it waits, and the one that runs gives way. So no read, however many wait, delays a promote by more than <see
/// cref="TimeLimit"/>, and by a fraction of a millisecond as a rule.
/// </summary>
internal sealed class StoreReader : IDisposable
{
    /// <summary>Reads that may wait. Each holds a caller's request open.</summary>
    public const int Limit = 4096;

    /// <summary>For how long a read may run; one that takes longer is ended and refused.</summary>
    public static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(1);

    /// <summary>How often a read gives way and begins again; then it runs to its end, so that steady promotes never starve it.</summary>
    private const int Yields = 3;

    /// <summary>Steps of SQLite's machine between two looks at the clock and the writer: some tens of rows.</summary>
    private const int StepsBetweenLooks = 1000;

    private const int Interrupted = 9;

    private readonly SqliteConnection _connection;
    private readonly TimeProvider _time;
    private readonly Thread _thread;
    private readonly Lock _lock = new();
    private readonly Queue<Read> _quick = [];
    private readonly Queue<Read> _long = [];
    private readonly SemaphoreSlim _waiting = new(0);
    private readonly object _turn = new(); // for Monitor.Wait, which Lock has not
    private bool _closed;
    private bool _running;
    private volatile bool _wanted;
    private Read? _current;

    public StoreReader(SqliteConnection connection, TimeProvider time)
    {
        (_connection, _time) = (connection, time);
        raw.sqlite3_progress_handler(connection.Handle!, StepsBetweenLooks, _ => MustEnd() ? 1 : 0, null);
        _thread = new(Run) { Name = "tandem reader", IsBackground = true };
        _thread.Start();
    }

    /// <summary>
    /// Runs a read. It must fill memory and close its statement before it returns, and bear to be run again from its beginning, since it may
    /// give way to the writer.
    /// </summary>
    /// <param name="read">The read.</param>
    /// <param name="quick">Whether it finds a row or a few by a key: then it goes before those that look through many.</param>
    /// <param name="cancel">Ends it, also while it runs.</param>
    /// <exception cref="StoreBusyException">Too many wait, or it took longer than <see cref="TimeLimit"/>.</exception>
    public Task<T> ReadAsync<T>(Func<SqliteConnection, T> read, bool quick, CancellationToken cancel)
    {
        var waiting = new Read<T>(read, cancel);
        lock (_lock)
        {
            if (_closed)
            {
                return Task.FromException<T>(new ObjectDisposedException(nameof(SqliteAccountStore)));
            }

            if (_quick.Count + _long.Count >= Limit)
            {
                return Task.FromException<T>(new StoreBusyException("Too many reads wait for the database."));
            }

            (quick ? _quick : _long).Enqueue(waiting);
            _waiting.Release();
        }

        return waiting.Done;
    }

    /// <summary>
    /// Keeps reads out until <see cref="LetReadsIn"/>, once the one that runs has ended; false when it did not end in time, and then they go
    /// on.
    /// </summary>
    public bool TryKeepReadsOut(TimeSpan patience)
    {
        lock (_turn)
        {
            _wanted = true;
            while (_running)
            {
                if (!Monitor.Wait(_turn, patience))
                {
                    LetReadsIn();
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Lets them go on.</summary>
    public void LetReadsIn()
    {
        lock (_turn)
        {
            _wanted = false;
            Monitor.PulseAll(_turn);
        }
    }

    /// <summary>Ends the read that runs and refuses those that wait. The connection stays the caller's to close.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
        }

        _waiting.Release();
        _thread.Join();
        _waiting.Dispose();
    }

    private void Run()
    {
        while (Take(out var read))
        {
            if (!read.IsCancelled)
            {
                RunToEnd(read);
            }
        }
    }

    private bool Take([NotNullWhen(true)] out Read? read)
    {
        _waiting.Wait();
        lock (_lock)
        {
            if (_closed)
            {
                foreach (var left in _quick.Concat(_long))
                {
                    left.Fail(new ObjectDisposedException(nameof(SqliteAccountStore)));
                }

                read = null;
                return false;
            }

            read = _quick.Count > 0 ? _quick.Dequeue() : _long.Dequeue();
            return true;
        }
    }

    private void RunToEnd(Read read)
    {
        for (read.Yields = Yields; ; read.Yields--)
        {
            lock (_turn)
            {
                while (_wanted)
                {
                    Monitor.Wait(_turn);
                }

                (_running, _current, read.Began) = (true, read, _time.GetTimestamp());
            }

            try
            {
                read.Run(_connection);
                return;
            }
            catch (SqliteException e) when (e.SqliteErrorCode == Interrupted)
            {
                if (read.IsCancelled || read.Ended)
                {
                    read.Fail(new StoreBusyException("A read of the database took too long and was ended."));
                    return;
                }
            }
            catch (Exception fault)
            {
                read.Fail(fault);
                return;
            }
            finally
            {
                lock (_turn)
                {
                    (_running, _current) = (false, null);
                    Monitor.PulseAll(_turn);
                }
            }
        }
    }

    /// <summary>Asked by SQLite on the reader's thread while a statement runs.</summary>
    private bool MustEnd()
    {
        if (_current is not { } read)
        {
            return false; // a setting, before the first read
        }

        read.Ended = _closed || read.IsCancelled || _time.GetElapsedTime(read.Began) > TimeLimit;
        return read.Ended || (_wanted && read.Yields > 0);
    }

    /// <summary>A read on its way.</summary>
    private abstract class Read(CancellationToken cancel)
    {
        public bool Ended { get; set; }

        public int Yields { get; set; }

        public long Began { get; set; }

        /// <summary>Whether its caller has gone; the caller then knows.</summary>
        public abstract bool IsCancelled { get; }

        protected CancellationToken Cancel { get; } = cancel;

        public abstract void Run(SqliteConnection connection);

        public abstract void Fail(Exception fault);
    }

    private sealed class Read<T>(Func<SqliteConnection, T> read, CancellationToken cancel) : Read(cancel)
    {
        // Callers go on elsewhere: the reader's thread is for reading.
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Done => _done.Task;

        public override bool IsCancelled => Cancel.IsCancellationRequested && (_done.TrySetCanceled(Cancel) || _done.Task.IsCanceled);

        public override void Run(SqliteConnection connection) => _done.TrySetResult(read(connection));

        public override void Fail(Exception fault) => _done.TrySetException(fault);
    }
}
