using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Tandem.Server.Listeners;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Listeners;

public sealed class ConnectionGateTests
{
    private static readonly ConnectionLimits s_limits = new(Total: 20, Proxy: 10, Others: 10, Source: 4, Administration: 3);

    private readonly List<TaskCompletionSource> _held = [];

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7", 4)]
    [InlineData("203.0.113.7", "::ffff:203.0.113.7", 4)]
    [InlineData("203.0.113.7", "203.0.113.8", 8)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::2", 4)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", 8)]
    [InlineData("127.0.0.1", "127.0.0.1", 10)]
    [InlineData("127.0.0.1", "127.0.0.2", 20)]
    [InlineData("::1", "::1", 10)]
    [InlineData("10.1.2.3", "10.1.2.3", 10)]
    [InlineData("10.1.2.3", "::ffff:10.1.2.3", 10)]
    [InlineData("10.1.2.3", "10.9.9.9", 20)]
    public void A_source_holds_its_share_and_no_more(string one, string other, int held)
    {
        var gate = Gate();
        for (var i = 0; i < 50; i++)
        {
            Connect(gate, one);
            Connect(gate, other);
        }

        Assert.Equal(held, _held.Count);
        Assert.Equal(100 - held, gate.Refused.Source + gate.Refused.Full);
        Assert.NotNull(gate.TakeExample());
        Assert.Null(gate.TakeExample());
    }

    [Fact]
    public void Strangers_together_leave_half_of_all_connections_to_the_proxies()
    {
        var gate = Gate();
        for (var i = 1; i < 200; i++)
        {
            Connect(gate, $"203.0.113.{i}");
        }

        Assert.Equal(10, _held.Count);
        Assert.Equal(189, gate.Refused.Full);
        Assert.True(Connect(gate, "127.0.0.1"));
        Assert.True(Connect(gate, "10.0.0.1"));
    }

    [Fact]
    public void A_flood_from_a_proxy_leaves_room_for_strangers_and_another_proxy()
    {
        var gate = Gate();
        for (var i = 1; i < 200; i++)
        {
            Connect(gate, "127.0.0.1");
        }

        Assert.True(Connect(gate, "127.0.0.2"));
        Assert.True(Connect(gate, "203.0.113.1"));
    }

    [Fact]
    public void The_administration_socket_has_a_gate_of_its_own()
    {
        var gate = ConnectionGate.ForAdministration(s_limits);
        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => Connect(gate, null)));
    }

    /// <summary>Random comings and goings against a count by hand.</summary>
    [Fact]
    public void No_limit_is_exceeded_and_nothing_is_forgotten_whoever_comes_and_goes()
    {
        var dice = new Dice(Dice.TakeSeed(TestContext.Current.TestOutputHelper!.WriteLine));
        var gate = Gate();
        List<(string Source, TaskCompletionSource End)> open = [];
        string[] sources = ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4", "127.0.0.1", "127.0.0.2", "10.0.0.1"];
        for (var step = 0; step < 20_000; step++)
        {
            if (dice.OnceIn(2) && open.Count > 0)
            {
                var leaving = dice.Below(open.Count);
                open[leaving].End.SetResult();
                open.RemoveAt(leaving);
                continue;
            }

            var source = dice.Any(sources);
            var (isProxy, strangers) = (!source.StartsWith('2'), open.Count(o => o.Source.StartsWith('2')));
            var fits = open.Count(o => o.Source == source) < (isProxy ? 10 : 4) && open.Count < 20 && (isProxy || strangers < 10);
            Assert.Equal(fits, Connect(gate, source));
            if (fits)
            {
                open.Add((source, _held[^1]));
            }
        }
    }

    [Theory]
    [InlineData(16, 8, 4, 1)]
    [InlineData(256, 128, 64, 12)]
    [InlineData(1024, 768, 384, 76)]
    [InlineData(10_256, 10_000, 5_000, 1_000)]
    [InlineData(1_048_576, 10_000, 5_000, 1_000)]
    [InlineData(long.MaxValue, 10_000, 5_000, 1_000)]
    public void The_limits_follow_the_number_of_open_files(long files, int total, int proxy, int source)
    {
        var limits = ConnectionLimits.For(files);
        Assert.Equal((total, proxy, proxy, source), (limits.Total, limits.Proxy, limits.Others, limits.Source));
        Assert.InRange(limits.Total + limits.Administration, 1, files - 1);
    }

    private static ConnectionGate Gate() => new(s_limits, [IPNetwork.Parse("10.0.0.0/8")]);

    private bool Connect(ConnectionGate gate, string? address)
    {
        var end = new TaskCompletionSource();
        var entered = false;
        var connection = new DefaultConnectionContext
        {
            RemoteEndPoint = address is null ? new UnixDomainSocketEndPoint("/x") : new IPEndPoint(IPAddress.Parse(address), 1),
        };
        _ = gate.Before(_ =>
        {
            entered = true;
            _held.Add(end);
            return end.Task;
        })(connection);
        return entered;
    }
}
