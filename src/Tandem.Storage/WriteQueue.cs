namespace Tandem.Storage;

/// <summary>
/// The mutations that wait for the one writer. Accounts take turns, so that one account's rotations never make another wait for more
/// than one of them; within an account they keep their order. Bounded: when full, a mutation is refused before it began.
/// </summary>
internal sealed class WriteQueue : IDisposable
{
    /// <summary>Waiting mutations, of all accounts. Each holds a caller's request open.</summary>
    public const int Limit = 4096;

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _waiting = new(0);
    private readonly Dictionary<AccountSid, Queue<WriteJob>> _byAccount = [];
    private readonly Queue<AccountSid> _turns = [];
    private int _count;
    private bool _closed;

    /// <summary>How many wait.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>False when the queue is full or closed.</summary>
    public bool TryAdd(WriteJob job)
    {
        lock (_lock)
        {
            if (_closed || _count >= Limit)
            {
                return false;
            }

            _count++;
            if (!_byAccount.TryGetValue(job.Account, out var jobs))
            {
                _byAccount.Add(job.Account, jobs = new());
                _turns.Enqueue(job.Account);
            }

            jobs.Enqueue(job);
        }

        _waiting.Release();
        return true;
    }

    /// <summary>The next mutation; null when none came within the time, or when the queue is closed and empty.</summary>
    public WriteJob? Take(TimeSpan wait, out bool ended)
    {
        var got = _waiting.Wait(wait);
        lock (_lock)
        {
            ended = _closed && _count == 0;
            if (!got || _count == 0)
            {
                return null;
            }

            _count--;
            var account = _turns.Dequeue();
            var jobs = _byAccount[account];
            var job = jobs.Dequeue();
            if (jobs.Count == 0)
            {
                _byAccount.Remove(account);
            }
            else
            {
                _turns.Enqueue(account);
            }

            return job;
        }
    }

    /// <summary>Lets whoever waits for the next one look up: there is something else to do.</summary>
    public void Wake() => _waiting.Release();

    /// <summary>Takes nothing more; what waits is still done.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
        }

        _waiting.Release();
    }

    public void Dispose() => _waiting.Dispose();
}
