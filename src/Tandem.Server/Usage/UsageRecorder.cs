using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Tandem.Server.Usage;

/// <summary>
/// Counts who uses which token, off the answer's path: calls go into a bounded queue, and one worker takes them out and counts them in memory.
/// What has changed is written every few seconds, beside the counting, so that a slow disk does not let the queue fill up.
/// </summary>
public sealed partial class UsageRecorder : IHostedService, IAsyncDisposable, IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    /// <summary>Five seconds: thousands of busy consumers cost 35 ms a write, which at one a second was felt by the checks.</summary>
    private const int TicksBetweenWrites = 50;

    /// <summary>One second, for what comes seldom and cannot be counted again: retired tokens and gaps.</summary>
    private const int TicksBetweenUrgentWrites = 10;

    private const int TicksBetweenForgetting = 36_000; // an hour

    private readonly SightingQueue _accepted = new(32_768);
    private readonly SightingQueue _refused = new(4_096);
    private readonly ConcurrentQueue<Retirement> _retirements = new();
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly VerifierIndex _index;
    private readonly TandemOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly UsageLedger _ledger;
    private readonly UsageWriter _writer;
    private readonly QueueShares _shares;
    private readonly ConcurrentDictionary<AccountSid, long> _missed = new();
    private Task? _worker;
    private Task _writing = Task.CompletedTask;
    private bool _stopped;
    private bool _forget;
    private long _dropped;
    private long _refusedDropped;

    /// <param name="index">Takes the last use of each slot, and says which tokens an account has.</param>
    /// <param name="keys">Their tombstone key marks retired tokens.</param>
    /// <param name="options">What is counted, and where the file lies.</param>
    /// <param name="time">Where the time comes from.</param>
    /// <param name="logger">Told once a minute at most.</param>
    public UsageRecorder(VerifierIndex index, DataKeys keys, TandemOptions options, TimeProvider time, ILogger<UsageRecorder> logger)
    {
        (_index, _options, _time, _logger) = (index, options, time, logger);
        _ledger = new(index, options.LateUse ? keys.Tombstone : null, options.ConsumerNetwork);
        _writer = new(options, time, logger);
        _shares = new(_accepted, index);
        Rotations = new(time, index);
    }

    /// <summary>What rotations tell of themselves: written to the same file, and lost as easily.</summary>
    public RotationRecords Rotations { get; }

    /// <summary>Whether calls are counted, and the counts reach the usage file.</summary>
    public bool KeepsCounts => _options.CountUsage && !_writer.IsFailing;

    /// <summary>Whether the usage file could not be opened or written the last time.</summary>
    public bool IsFailing => _writer.IsFailing;

    /// <summary>How the counting itself fares, every call included that was recorded before.</summary>
    public UsageCounters Counters
    {
        get
        {
            lock (_lock)
            {
                Drain();
                return new(
                    _ledger.Consumers,
                    _ledger.NotToldApart,
                    Volatile.Read(ref _dropped),
                    Volatile.Read(ref _refusedDropped),
                    _writer.Errors,
                    _ledger.LateCalls);
            }
        }
    }

    private uint Now => (uint)_time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>
    /// Takes note of a call; any thread may call it. The slot's last use is noted at once and never lost; the rest is queued. When the queue is
    /// full, or its account has used up its share of a queue that fills up, the call is dropped and is a gap of that account alone. It neither waits
    /// nor, unless the call is dropped, allocates.
    /// </summary>
    public void Record(in Sighting sighting)
    {
        if (sighting.Slot is not { } slot)
        {
            // A queue of their own: a flood of guesses must not crowd out what readiness rests on.
            if (_options.LateUse && !_refused.TryAdd(sighting))
            {
                Interlocked.Increment(ref _refusedDropped);
            }

            return;
        }

        _index.RecordUse(sighting.Sid, slot, sighting.Generation, sighting.Second);
        if (_options.CountUsage && !(_shares.Admits(sighting.Sid) && _accepted.TryAdd(sighting)))
        {
            Missed(sighting.Sid);
        }
    }

    /// <summary>A call of an account could not be counted. It is a gap of that account.</summary>
    internal void Missed(AccountSid sid) => _missed.AddOrUpdate(sid, 1, static (_, calls) => calls + 1);

    /// <summary>The store's hook: a change that retired a token is durable, and not yet in the index.</summary>
    public void Retire(Retirement retirement) => _retirements.Enqueue(retirement);

    /// <summary>What was counted of an account, every call included that was recorded before.</summary>
    public UsageReport Report(AccountSid sid)
    {
        lock (_lock)
        {
            Drain();
            return new()
            {
                Usage = _ledger.Find(sid),
                LateUses = _ledger.FindLate(sid),
                Gaps = [.. _ledger.Gaps],
                CountingSince = _ledger.CountingSince,
                GapUntil = _options.CountUsage ? _ledger.GapUntil : Now,
                At = Now,
            };
        }
    }

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _writer.Open(_ledger, Rotations);
        }

        _worker = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Counts what is queued and writes it, within a second, whatever the host's own patience.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _stopped, true))
        {
            return;
        }

        await _stop.CancelAsync();
        if (_worker is not null)
        {
            await _worker;
        }

        await _writing;
        try
        {
            lock (_lock)
            {
                Drain();
                _writer.Close(Take);
            }
        }
        catch (Exception fault)
        {
            Report(fault); // the file is still marked as running, so the next start notes a gap
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        _writer.Dispose();
        _stop.Dispose();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        StopAsync(CancellationToken.None).GetAwaiter().GetResult();
        _writer.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Tick, _time);
        try
        {
            for (var tick = 1; await timer.WaitForNextTickAsync(_stop.Token); tick = tick == TicksBetweenForgetting ? 1 : tick + 1)
            {
                Step(tick);
            }
        }
        catch (OperationCanceledException)
        {
            // the stop writes what is left
        }
    }

    private void Step(int tick)
    {
        try
        {
            var write = tick % TicksBetweenWrites == 0;
            lock (_lock)
            {
                Drain();
                if (tick == TicksBetweenForgetting)
                {
                    _ledger.Forget(Now);
                    _forget = true;
                }

                write |= tick % TicksBetweenUrgentWrites == 0 && _ledger.IsUrgent;
            }

            if (write && _writing.IsCompleted)
            {
                _writing = Task.Run(Write, CancellationToken.None);
            }
        }
        catch (Exception fault)
        {
            Report(fault); // counting may fail; the server goes on, and the next tick tries again
        }
    }

    private void Write()
    {
        try
        {
            _writer.Write(Take);
        }
        catch (Exception fault)
        {
            Report(fault);
        }
    }

    private UsageBatch Take(uint now, int limit)
    {
        lock (_lock)
        {
            UsageBatch batch;
            try
            {
                batch = _ledger.Take(now, limit);
            }
            catch
            {
                _ledger.AddGap(new(now, now, GapReason.Dropped)); // what it had taken by then is not known
                throw;
            }

            (batch.Forget, _forget) = (_forget, false);
            foreach (var row in Rotations.Take(limit, batch.Forget))
            {
                batch.Rotations.Add(row);
            }

            return batch;
        }
    }

    /// <summary>Counts what waits. A call that cannot be counted is a gap of its account. Holds the lock.</summary>
    private void Drain()
    {
        var now = Now;
        while (_accepted.TryTake(out var sighting))
        {
            // Whoever was seen at a later generation was seen after its retirement had been handed over.
            TakeRetirements(now);
            Count(sighting);
        }

        _shares.Renew();
        TakeRetirements(now);
        while (_refused.TryTake(out var sighting))
        {
            TakeRetirements(now);
            Count(sighting);
        }

        foreach (var (sid, _) in _missed)
        {
            if (_missed.TryRemove(sid, out var calls))
            {
                Interlocked.Add(ref _dropped, calls);
                _ledger.Miss(sid, now);
            }
        }
    }

    private void Count(in Sighting sighting)
    {
        try
        {
            _ledger.Count(sighting);
        }
        catch (Exception fault)
        {
            Report(fault);
            Missed(sighting.Sid);
        }
    }

    private void TakeRetirements(uint now)
    {
        while (_retirements.TryDequeue(out var retirement))
        {
            try
            {
                _ledger.Retire(retirement, now);
            }
            catch (Exception fault)
            {
                Report(fault);
                _ledger.Miss(retirement.After.Sid, now, anew: true); // its counts may belong to a token that is retired
            }
        }
    }

    private void Report(Exception fault) => RepeatedWork.Report(_logger, fault, LogFault);

    [LoggerMessage(1, LogLevel.Error, "Counting failed; checks and rotations go on.")]
    private static partial void LogFault(ILogger logger, Exception fault);
}
