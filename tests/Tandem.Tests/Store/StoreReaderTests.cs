using Microsoft.Data.Sqlite;
using Tandem.Storage;
using Xunit;

namespace Tandem.Tests.Store;

/// <summary>The reader gives way to the writer, ends what takes too long, and refuses what is too much.</summary>
public sealed class StoreReaderTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly SqliteConnection _connection = new("Data Source=:memory:");
    private readonly StoreReader _reader;

    public StoreReaderTests()
    {
        _connection.Open();
        _reader = new(_connection, TimeProvider.System);
    }

    public void Dispose()
    {
        _reader.Dispose();
        _connection.Dispose();
    }

    [Fact]
    public async Task A_read_without_end_is_ended_and_refused_and_the_next_one_is_answered()
    {
        await Assert.ThrowsAsync<StoreBusyException>(() => Count(long.MaxValue).WaitAsync(Soon, TestContext.Current.CancellationToken));
        Assert.Equal(10, await Count(10).WaitAsync(Soon, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_writer_goes_before_the_read_that_runs_and_before_those_that_wait()
    {
        using var begun = new SemaphoreSlim(0);
        var running = Count(long.MaxValue, begun);
        await begun.WaitAsync(TestContext.Current.CancellationToken);

        Assert.True(_reader.TryKeepReadsOut(StoreReader.TimeLimit / 2)); // it gave way long before its own end
        var waiting = Count(10);
        Assert.False(waiting.IsCompleted || running.IsCompleted);
        _reader.LetReadsIn();

        await begun.WaitAsync(TestContext.Current.CancellationToken); // it has begun again
        await Assert.ThrowsAsync<StoreBusyException>(() => running.WaitAsync(Soon, TestContext.Current.CancellationToken));
        Assert.Equal(10, await waiting.WaitAsync(Soon, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_read_that_gave_way_again_and_again_comes_to_its_end()
    {
        var running = Count(300_000);
        var times = 0;
        for (; !running.IsCompleted; times++)
        {
            Assert.True(_reader.TryKeepReadsOut(Soon));
            _reader.LetReadsIn();
        }

        Assert.Equal(300_000, await running);
        Assert.True(times > 0);
    }

    [Fact]
    public async Task A_read_that_cannot_give_way_keeps_the_writer_waiting_no_longer_than_it_said()
    {
        using var begun = new SemaphoreSlim(0);
        using var end = new SemaphoreSlim(0);
        var stuck = _reader.ReadAsync(
            _ =>
            {
                begun.Release();
                end.Wait(); // as on a disk that hangs: SQLite is not asked
                return 1;
            },
            quick: true,
            TestContext.Current.CancellationToken);
        await begun.WaitAsync(TestContext.Current.CancellationToken);

        Assert.False(_reader.TryKeepReadsOut(TimeSpan.FromMilliseconds(50)));
        end.Release();
        Assert.Equal(1, await stuck);
        Assert.Equal(10, await Count(10).WaitAsync(Soon, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Quick_reads_go_before_long_ones()
    {
        Assert.True(_reader.TryKeepReadsOut(Soon));
        var first = Count(10); // at the door already
        var order = new List<string>();
        var reads = new[] { ("long", false), ("quick", true), ("long", false), ("quick", true) }.Select(read => _reader.ReadAsync(
            _ =>
            {
                order.Add(read.Item1);
                return read.Item1;
            },
            read.Item2,
            TestContext.Current.CancellationToken)).ToArray();
        _reader.LetReadsIn();
        await Task.WhenAll(reads);
        await first;
        Assert.Equal(["long", "long"], order.TakeLast(2));
    }

    [Fact]
    public async Task Beyond_the_limit_a_read_is_refused_at_once()
    {
        Assert.True(_reader.TryKeepReadsOut(Soon));
        var waiting = Enumerable.Range(0, StoreReader.Limit + 2).Select(_ => Count(1)).ToList();
        var refused = await Assert.ThrowsAsync<StoreBusyException>(() => waiting[^1]);
        Assert.Contains("Too many reads", refused.Message, StringComparison.Ordinal);
        _reader.LetReadsIn();
        Assert.Equal(1, await waiting[0].WaitAsync(Soon, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_read_ends_with_the_caller_that_goes_away()
    {
        using var begun = new SemaphoreSlim(0);
        using var gone = new CancellationTokenSource();
        var running = CountAsync(long.MaxValue, begun, gone.Token);
        await begun.WaitAsync(TestContext.Current.CancellationToken);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Soon, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Closing_refuses_those_that_wait()
    {
        using var begun = new SemaphoreSlim(0);
        var running = Count(long.MaxValue, begun);
        await begun.WaitAsync(TestContext.Current.CancellationToken);
        var waiting = Count(10);
        _reader.Dispose();
        await Assert.ThrowsAsync<StoreBusyException>(() => running);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Count(10));
    }

    private Task<long> Count(long rows, SemaphoreSlim? begun = null) => CountAsync(rows, begun, TestContext.Current.CancellationToken);

    private Task<long> CountAsync(long rows, SemaphoreSlim? begun, CancellationToken cancel) => _reader.ReadAsync(
        connection =>
        {
            begun?.Release();
            using var count = connection.CreateCommand();
            count.CommandText = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $rows) SELECT count(*) FROM n";
            count.Parameters.AddWithValue("$rows", rows);
            return (long)count.ExecuteScalar()!;
        },
        quick: false,
        cancel);
}
