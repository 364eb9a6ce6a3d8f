using Microsoft.Extensions.Time.Testing;
using Tandem.Server.People;
using Xunit;

namespace Tandem.Server.Tests.People;

/// <summary>Whose attempt to sign in is looked at next.</summary>
public sealed class TurnsTests
{
    private readonly Turns _turns = new(new(new FakeTimeProvider(Calls.Start)));

    [Fact]
    public async Task A_known_browser_is_next_whatever_strangers_wait()
    {
        var strangers = Enumerable.Range(0, 150).Select(i => TakeAsync($"name{i}", $"net{i}")).ToList();
        Assert.Equal(1 + 100, strangers.Count(s => !s.IsCompleted || s.Result is null));
        Assert.Equal(49, strangers.Count(s => s.IsCompleted && s.Result is { State: ProofState.Busy }));
        var known = TakeAsync("ada", "net1", "browser");
        Assert.False(known.IsCompleted);
        _turns.End();
        Assert.Null(await known);
    }

    [Fact]
    public async Task A_new_network_is_the_next_stranger_although_the_line_is_full()
    {
        var flood = Enumerable.Range(0, 101).Select(i => TakeAsync($"name{i}", $"net{i % 10}")).ToList();
        for (var i = 0; i < 10; i++)
        {
            _turns.End(); // each network has had a turn
        }

        flood.AddRange(Enumerable.Range(0, 10).Select(i => TakeAsync($"more{i}", $"net{i}")));
        var fresh = TakeAsync("ada", "home");
        Assert.Equal(ProofState.Busy, (await await Task.WhenAny(flood.Skip(11)))!.State); // one made room
        _turns.End();
        Assert.Null(await fresh);
    }

    [Fact]
    public async Task The_network_that_waits_most_makes_room_and_each_keeps_a_share()
    {
        var flood = Enumerable.Range(0, 101).Select(i => TakeAsync($"name{i}", "flood")).ToList();
        var others = Enumerable.Range(0, 99).Select(i => TakeAsync($"other{i}", $"net{i}")).ToList();
        Assert.All(others, o => Assert.False(o.IsCompleted));
        Assert.All(await Task.WhenAll(flood.Skip(2)), f => Assert.Equal(ProofState.Busy, f!.State));
        Assert.False(flood[1].IsCompleted);
        Assert.Equal(ProofState.Busy, (await TakeAsync("again", "flood"))!.State);
    }

    [Fact]
    public async Task A_network_from_which_somebody_signed_in_goes_before_networks_that_are_merely_new()
    {
        Assert.Null(await TakeAsync("ada", "office"));
        _turns.Succeeded(new("ada", "office", "office", null));
        _turns.End();
        var strangers = Enumerable.Range(0, 101).Select(i => TakeAsync($"name{i}", $"net{i}")).ToList();
        var colleague = TakeAsync("bob", "office");
        Assert.Equal(ProofState.Busy, (await await Task.WhenAny(strangers.Skip(1)))!.State); // one made room
        _turns.End();
        Assert.Null(await colleague);
    }

    [Fact]
    public async Task Whoever_has_gone_away_takes_no_turn()
    {
        using var gone = new CancellationTokenSource();
        Assert.Null(await TakeAsync("first", "net1"));
        var left = _turns.TakeAsync(new("second", "net2", "net2", null), gone.Token);
        var stays = TakeAsync("third", "net3");
        await gone.CancelAsync();
        Assert.Equal(ProofState.Busy, (await left)!.State);
        _turns.End();
        Assert.Null(await stays);
    }

    private Task<ProofResult?> TakeAsync(string name, string network, string? device = null) =>
        _turns.TakeAsync(new(name, name, network, device), CancellationToken.None);
}
