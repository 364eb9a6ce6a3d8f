using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

/// <summary>One account's reads wait for each other and are bounded; changes, checks and other accounts never notice.</summary>
public sealed class ReadTurnsTests
{
    [Fact]
    public async Task Beyond_the_limit_reads_are_refused_429_and_nobody_else_waits()
    {
        using var gate = new SemaphoreSlim(0);
        var store = new StoreDouble();
        await using var tandem = await TestTandem.StartAsync(new() { Services = store.Replace });
        var (sub, stranger) = (await tandem.CreateSubaccountAsync(), await tandem.CreateStrangerAsync());
        var under = 0;
        store.AfterFind = async () =>
        {
            Interlocked.Increment(ref under);
            await gate.WaitAsync();
        };

        // An account and its subaccounts are one.
        var reads = Enumerable.Range(0, ReadTurns.AtOnce + ReadTurns.Waiting + 8)
            .Select(i => tandem.SendAsync("GET", Calls.PathOf(sub), r => r.As(i % 2 == 0 ? sub : tandem.Account))).ToList();
        List<Task<TestAnswer>> refused = [];
        await Until.TrueAsync(() => (refused = [.. reads.Where(r => r.IsCompleted)]).Count == 8);
        Assert.Equal(ReadTurns.AtOnce, Volatile.Read(ref under));
        foreach (var answer in await Task.WhenAll(refused))
        {
            answer.IsError(429, 20429, "Too Many Requests");
            Assert.Equal("1", answer.Header("Retry-After"));
        }

        var own = await tandem.SendAsync("GET", $"/tandem/v1/accounts/{sub.Sid}/tokens");
        Assert.Equal((429, "throttled", "1"), (own.Status, own.Text("kind"), own.Header("Retry-After")));

        store.AfterFind = null;
        Assert.Equal(201, (await tandem.SendAsync("POST", Calls.Secondary)).Status);
        Assert.Equal(200, (await tandem.SendAsync("GET", "/auth/forward")).Status);
        Assert.Equal(200, (await tandem.SendAsync("GET", Calls.PathOf(stranger), r => r.As(stranger))).Status);
        Assert.Equal(200, (await tandem.SendToAdminAsync("GET", $"/tandem/v1/accounts/{sub.Sid}/tokens")).Status);

        gate.Release(reads.Count);
        Assert.All(await Task.WhenAll(reads.Except(refused)), answer => Assert.Equal(200, answer.Status));
        Assert.Equal(200, (await tandem.SendAsync("GET", Calls.PathOf(sub))).Status);
    }

    [Fact]
    public async Task A_client_that_goes_away_while_it_waits_leaves_its_place()
    {
        using var gate = new SemaphoreSlim(0);
        var store = new StoreDouble();
        await using var tandem = await TestTandem.StartAsync(new() { Services = store.Replace });
        var under = 0;
        store.AfterFind = async () =>
        {
            Interlocked.Increment(ref under);
            await gate.WaitAsync();
        };
        var running = Enumerable.Range(0, ReadTurns.AtOnce).Select(_ => tandem.SendAsync("GET", Calls.PathOf(tandem.Account))).ToList();
        await Until.TrueAsync(() => Volatile.Read(ref under) == ReadTurns.AtOnce);
        using (var impatient = new CancellationTokenSource(TimeSpan.FromMilliseconds(200)))
        {
            var account = new Uri(Calls.PathOf(tandem.Account), UriKind.Relative);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => tandem.Http.GetAsync(account, impatient.Token));
        }

        gate.Release(100);
        Assert.All(await Task.WhenAll(running), answer => Assert.Equal(200, answer.Status));
        Assert.Equal(200, (await tandem.SendAsync("GET", Calls.PathOf(tandem.Account))).Status);
    }

    [Theory]
    [InlineData("/2010-04-01/Accounts.json")]
    [InlineData("/tandem/v1/accounts/{sid}/audit")]
    public async Task A_read_that_the_store_refuses_is_503_with_a_time_to_try_again(string path)
    {
        var store = new StoreDouble();
        await using var tandem = await TestTandem.StartAsync(new() { Services = store.Replace });
        store.Fault = new StoreBusyException("Too many reads wait for the database.");
        var answer = await tandem.SendAsync("GET", path.Replace("{sid}", tandem.Account.Sid, StringComparison.Ordinal));
        Assert.Equal((503, "1"), (answer.Status, answer.Header("Retry-After")));
        var own = path.StartsWith("/tandem", StringComparison.Ordinal);
        Assert.Contains(own ? "\"kind\":\"unavailable\"" : "\"code\":20503", answer.Body, StringComparison.Ordinal);
    }
}
