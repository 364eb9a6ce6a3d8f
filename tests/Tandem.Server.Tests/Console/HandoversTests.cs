using Microsoft.Extensions.Time.Testing;
using Tandem.Server.Console;
using Xunit;

namespace Tandem.Server.Tests.Console;

/// <summary>New tokens between the request that made them and the page that shows them.</summary>
public sealed class HandoversTests : IDisposable
{
    private static readonly string s_zeroes = new('\0', AuthToken.Length);

    private readonly FakeTimeProvider _time = new(Calls.Start);
    private readonly Handovers _handovers;

    public HandoversTests() => _handovers = new(_time);

    public void Dispose() => _handovers.Dispose();

    [Fact]
    public void A_busy_user_loses_the_oldest_of_their_own_tokens_and_never_another_user_s()
    {
        using var adas = AuthToken.Generate();
        var ada = _handovers.Put(By(1, "ada's session"), adas);
        var busy = Enumerable.Range(0, 2_000).Select(_ => AuthToken.Generate()).ToList();
        var ids = busy.Select(t => _handovers.Put(By(2, "bob's session"), t)).ToList();
        Assert.All(busy.SkipLast(20), t => Assert.Equal(s_zeroes, t.Reveal()));
        Assert.All(busy.TakeLast(20), t => Assert.NotEqual(s_zeroes, t.Reveal()));
        Assert.Null(_handovers.Take("bob's session", ids[0]));
        Assert.Same(busy[^1], _handovers.Take("bob's session", ids[^1]));
        Assert.Same(adas, _handovers.Take("ada's session", ada));
        Assert.Null(_handovers.Take("ada's session", ada));
    }

    [Fact]
    public void What_nobody_fetches_is_zeroed_after_two_minutes_by_itself()
    {
        using var token = AuthToken.Generate();
        var id = _handovers.Put(By(1, "session"), token);
        _time.Advance(TimeSpan.FromSeconds(119));
        Assert.NotEqual(s_zeroes, token.Reveal());
        Assert.Null(_handovers.Take("another session", id));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(s_zeroes, token.Reveal());
        Assert.Null(_handovers.Take("session", id));
    }

    [Fact]
    public void What_was_fetched_is_the_taker_s_and_the_end_of_the_server_zeroes_the_rest()
    {
        using var taken = AuthToken.Generate();
        using var left = AuthToken.Generate();
        var id = _handovers.Put(By(1, "session"), taken);
        _handovers.Put(By(1, "session"), left);
        Assert.Same(taken, _handovers.Take("session", id));
        _time.Advance(TimeSpan.FromMinutes(1));
        _handovers.Dispose();
        Assert.NotEqual(s_zeroes, taken.Reveal());
        Assert.Equal(s_zeroes, left.Reveal());
    }

    private static SignedIn By(long user, string session) => new(
        new(session, user) { DateCreated = Calls.Start, Proved = Calls.Start, LastSeen = Calls.Start, Source = "203.0.113.7", Browser = "A browser" },
        new() { Id = user, Name = $"user{user}", Role = UserRole.Operator });
}
