using Microsoft.Extensions.Logging;
using Tandem.Storage;

namespace Tandem.Server.Usage;

/// <summary>
/// Writes what was counted to the usage file. An error there stops nothing: counting goes on in memory, the same batch is tried again, and
/// a line is logged once a minute at most. For one thread at a time.
/// </summary>
internal sealed partial class UsageWriter(TandemOptions options, TimeProvider time, ILogger logger) : IDisposable
{
    /// <summary>Consumers written in one transaction: some ten milliseconds.</summary>
    private const int BatchLimit = 2000;

    /// <summary>How long a stop may write; the process has two seconds in all.</summary>
    private static readonly TimeSpan StopPatience = TimeSpan.FromMilliseconds(800);

    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    private UsageFile? _file;
    private UsageBatch? _unwritten;
    private long? _opened;
    private long? _logged;
    private long _errors;
    private volatile bool _failing;

    /// <summary>How often the file could not be opened, read or written.</summary>
    public long Errors => Volatile.Read(ref _errors);

    /// <summary>Whether the last attempt to open or write it failed; any thread may ask.</summary>
    public bool IsFailing => _failing;

    private uint Now => (uint)time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Opens the file and fills the ledger and the records of rotations from it, or begins with a gap when it cannot be read.</summary>
    public void Open(UsageLedger ledger, RotationRecords rotations)
    {
        try
        {
            if (TryOpen() is { } content)
            {
                ledger.Restore(content, Now);
                rotations.Restore(content.Rotations);
                return;
            }
        }
        catch (Exception e)
        {
            Failed(Describe(e));
        }

        ledger.Begin(Now);
        ledger.AddGap(new(Now, Now, GapReason.Unreadable));
    }

    /// <summary>
    /// Writes one batch of what has changed. <paramref name="take"/> is asked for it, unless an earlier one waits. False when nothing was written.
    /// </summary>
    public bool Write(Func<uint, int, UsageBatch> take)
    {
        if (_file is null && (_opened is null || time.GetElapsedTime(_opened.Value) < Quiet || TryOpen() is null))
        {
            return false;
        }

        var batch = _unwritten ?? take(Now, BatchLimit);
        if (batch.IsEmpty)
        {
            return false;
        }

        try
        {
            _file!.Write(batch);
            (_unwritten, _failing) = (null, false);
            return true;
        }
        catch (Exception e)
        {
            _unwritten = batch;
            Failed(Describe(e));
            if (e is not StoreException)
            {
                Dispose(); // of an unknown state: it is opened again in a minute
                _opened = time.GetTimestamp();
            }

            return false;
        }
    }

    /// <summary>Writes all that is left, as long as there is time, and closes the file.</summary>
    public void Close(Func<uint, int, UsageBatch> take)
    {
        var started = time.GetTimestamp();
        while (Write(take) && time.GetElapsedTime(started) < StopPatience)
        {
        }

        if (_file is { } file && _unwritten is null && (!options.CountUsage || take(Now, 1).IsEmpty))
        {
            try
            {
                file.MarkStopped();
            }
            catch (Exception e)
            {
                Failed(Describe(e));
            }
        }

        Dispose();
    }

    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
        _opened = null;
    }

    /// <summary>
    /// When it succeeds only later, what the file held before stays there and is of use to the next start; what was counted meanwhile is written.
    /// </summary>
    private UsageContent? TryOpen()
    {
        _opened = time.GetTimestamp();
        try
        {
            _file = UsageFile.Open(options.DataDirectory, Now, options.CountUsage, options.LateUse, out var content);
            _failing = _unwritten is not null;
            return content;
        }
        catch (Exception e)
        {
            Failed(Describe(e));
            return null;
        }
    }

    /// <summary>A fault's own message is not for the log: nobody has looked at what it may quote.</summary>
    private static string Describe(Exception e) => e is StoreException ? e.Message : $"An unexpected error ({e.GetType().Name}).";

    private void Failed(string reason)
    {
        Interlocked.Increment(ref _errors);
        _failing = true;
        if (_logged is { } at && time.GetElapsedTime(at) < Quiet)
        {
            return;
        }

        _logged = time.GetTimestamp();
        LogFailed(logger, reason);
    }

    [LoggerMessage(1, LogLevel.Warning, "usage_file: {Reason} Checks and rotations go on, and calls are counted in memory; verdicts of readiness count a gap after a restart. Free disk space or remove the file; it is tried again until it works.")]
    private static partial void LogFailed(ILogger logger, string reason);
}
