using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Tandem.Server.Backups;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

/// <summary>What an unexpected exception does to background work: it is logged, and the work goes on at its next time.</summary>
public sealed class BackgroundWorkTests
{
    [Fact]
    public void Work_that_fails_is_logged_and_done_again_at_its_next_time()
    {
        var time = new FakeTimeProvider();
        using var log = new CapturedLog();
        var runs = 0;
        using var timer = time.Repeat(
            () => throw new InvalidOperationException($"run {++runs}"), TimeSpan.FromMinutes(1), TimeSpan.FromHours(1), log.CreateLogger("work"));
        time.Advance(TimeSpan.FromMinutes(1));
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(2, runs);
        Assert.Equal(2, log.Lines.Count(l => l.StartsWith("Error work: Background work failed.", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_server_outlives_the_failing_of_what_it_does_by_itself()
    {
        var time = new FakeTimeProvider(Calls.Start);
        using var log = new FailingLog();
        await using var tandem = await TestTandem.StartAsync(new()
        {
            Time = time,
            Services = services => services.AddSingleton<ILoggerProvider>(log),
        });
        await tandem.CreateSecondaryAsync();
        Assert.Equal(401, (await tandem.SendAsync("GET", Calls.Accounts, r => r.As(tandem.Account with { Token = new string('0', 32) }))).Status);
        time.Later(TimeSpan.FromDays(8)); // so that the secondary counts as forgotten
        await Until.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromHours(1)); // what a timer's callback throws comes out here
            return log.Failed.Contains("ForgottenSecondaries") && log.Failed.Contains("RefusalLog");
        });

        Assert.Equal(200, (await tandem.SendAsync("GET", Calls.Accounts)).Status);
    }

    [Fact]
    public async Task A_backup_whose_copy_cannot_be_erased_does_not_stop_the_next_one()
    {
        await using var tandem = await TestTandem.StartAsync();
        var backup = tandem.Services.GetRequiredService<Backup>();
        FileStream? held = null;
        await Assert.ThrowsAnyAsync<IOException>(() => MakeAsync(copy =>
        {
            var path = ((FileStream)copy).Name;
            File.Delete(path);
            held = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None); // locked, so that nobody else can open it
            return Task.CompletedTask;
        }));
        await held!.DisposeAsync();
        Assert.Equal(ErrorKind.None, await MakeAsync(_ => Task.CompletedTask));

        Task<ErrorKind> MakeAsync(Func<Stream, Task> send) => backup
            .MakeAsync(Caller.Operator("ada"), [], new("test", "RQ1"), send)
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    /// <summary>A log that throws at what timers write.</summary>
    private sealed class FailingLog : ILoggerProvider
    {
        public ConcurrentBag<string> Failed { get; } = [];

        public ILogger CreateLogger(string categoryName) => new Logger(categoryName.Split('.')[^1], Failed);

        public void Dispose()
        {
        }

        private sealed class Logger(string category, ConcurrentBag<string> failed) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(
                LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                if (category is "ForgottenSecondaries" or "RefusalLog" or "Upkeep" or "UsageRecorder")
                {
                    failed.Add(category);
                    throw new InvalidOperationException("The log fails.");
                }
            }
        }
    }
}
