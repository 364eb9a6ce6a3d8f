using Xunit;

namespace Tandem.Tests.Store;

public abstract class PauseSpec<TStore> : StoreSpec<TStore>
    where TStore : ITestStore, new()
{
    private static readonly TimeSpan Minute = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_pause_needs_a_secondary_and_ends_by_itself()
    {
        var (sid, primary) = await NewAccountAsync();
        Assert.Equal(ErrorKind.NoSecondary, (await Rotation.PausePrimaryAsync(With(sid, primary), sid, Minute, Some.Context)).Error);
        var secondary = await NewSecondaryAsync(sid, primary);

        Assert.NotNull((await Rotation.PausePrimaryAsync(With(sid, primary), sid, Minute, Some.Context)).Value);
        Assert.True(IsPaused(sid, primary));
        Assert.False(IsPaused(sid, secondary));
        Assert.Equal(Slot.Primary, Check(sid, primary)); // valid still: it may end the pause, or promote
        Time.Advance(Minute);
        Assert.False(IsPaused(sid, primary));
        Assert.Equal(ErrorKind.NotPaused, (await Rotation.ResumePrimaryAsync(With(sid, primary), sid, Some.Context)).Error);
    }

    [Theory]
    [InlineData("resume")]
    [InlineData("promote")]
    [InlineData("delete")]
    [InlineData("restart")]
    [InlineData("close")]
    public async Task It_ends_before_its_time_at(string what)
    {
        var (sid, primary) = await NewAccountAsync();
        await NewSecondaryAsync(sid, primary);
        await Rotation.PausePrimaryAsync(Operator, sid, Rotation.LongestPause, Some.Context);
        switch (what)
        {
            case "resume":
                await Rotation.ResumePrimaryAsync(With(sid, primary), sid, Some.Context);
                break;
            case "promote":
                (await Rotation.PromoteAsync(With(sid, primary), sid, Some.Context)).Value!.Dispose();
                break;
            case "delete":
                await Rotation.DeleteSecondaryAsync(Operator, sid, Some.Context);
                break;
            case "close":
                await Lifecycle.UpdateAsync(Operator, sid, null, AccountStatus.Closed, Some.Context);
                break;
            default:
                await RestartAsync(recoverable: false);
                break;
        }

        Assert.Null((await FindAsync(sid)).PrimaryPausedUntil);
        Assert.True(Store.Index.TryGet(sid, out var entry));
        Assert.Equal(0U, entry.PrimaryPausedUntil);
        Assert.False(IsPaused(sid, primary));
    }

    [Fact]
    public async Task Both_ends_asked_for_are_audited_and_no_token_changes()
    {
        var (sid, primary) = await NewAccountAsync();
        await NewSecondaryAsync(sid, primary);
        await Rotation.PausePrimaryAsync(With(sid, primary), sid, Minute, Some.Context);
        await Rotation.ResumePrimaryAsync(Operator, sid, Some.Context);

        var entries = (await Store.Accounts.ReadAuditAsync(new(2), TestContext.Current.CancellationToken)).Select(e => (e.Entry.Action, e.Entry.Detail, e.Generation));
        Assert.Equal([(AuditAction.PrimaryResumed, null, 2), (AuditAction.PrimaryPaused, "60 s", 2L)], entries);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(301)]
    public async Task It_is_short(int seconds)
    {
        var (sid, primary) = await NewAccountAsync();
        await NewSecondaryAsync(sid, primary);
        var outcome = await Rotation.PausePrimaryAsync(Operator, sid, TimeSpan.FromSeconds(seconds), Some.Context);
        Assert.Equal(ErrorKind.InvalidInput, outcome.Error);
    }

    [Theory]
    [InlineData(-365 * 24)]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(365 * 24)]
    public async Task It_lasts_as_long_as_it_was_meant_to_whatever_the_calendar_is_set_to(int hours)
    {
        var (sid, primary) = await NewAccountAsync();
        await NewSecondaryAsync(sid, primary);
        await Rotation.PausePrimaryAsync(Operator, sid, Minute, Some.Context);

        Time.Set(TimeSpan.FromHours(hours));
        Time.Advance(Minute / 2);
        Assert.True(IsPaused(sid, primary));
        Assert.Equal(Time.GetUtcNow() + (Minute / 2), Time.ToCalendar((await FindAsync(sid)).PrimaryPausedUntil));

        Time.Advance(Minute / 2);
        Assert.False(IsPaused(sid, primary));
        Assert.Null(Time.ToCalendar((await FindAsync(sid)).PrimaryPausedUntil));
        Assert.Equal(ErrorKind.NotPaused, (await Rotation.ResumePrimaryAsync(Operator, sid, Some.Context)).Error);
    }

    private bool IsPaused(AccountSid sid, string token) => Verifier.Verify(sid, System.Text.Encoding.ASCII.GetBytes(token)).IsPaused(Time);
}

public sealed class SqlitePause : PauseSpec<SqliteTestStore>;
