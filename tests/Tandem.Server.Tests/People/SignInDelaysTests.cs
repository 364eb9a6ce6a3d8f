using System.Net;
using Tandem.Server.People;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.People;

public sealed class SignInDelaysTests
{
    private readonly SettableTime _time = new(Calls.Start);
    private readonly SignInDelays _delays;

    public SignInDelaysTests() => _delays = new(_time);

    [Fact]
    public void Waits_double_to_a_quarter_of_an_hour_and_the_hundredth_failure_of_a_network_is_a_day()
    {
        var attempt = new Attempt("ada", "1", "n", null);
        var waits = new List<double>();
        for (var failure = 1; failure <= 101; failure++)
        {
            _delays.Failed(attempt with { Source = $"{failure}" }); // each from another address
            var wait = _delays.Wait(attempt with { Source = "elsewhere" });
            waits.Add(wait.TotalSeconds);
            _time.Advance(wait);
            Assert.Equal(TimeSpan.Zero, _delays.Wait(attempt with { Source = "elsewhere" }));
        }

        Assert.Equal([0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900], waits.Take(16));
        Assert.All(waits.Take(99).Skip(14), w => Assert.Equal(900, w));
        Assert.All(waits.Skip(99), w => Assert.Equal(86_400, w));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(-365 * 24)]
    public void A_clock_that_is_set_makes_nobody_wait_longer_or_less(int hours)
    {
        var attempt = new Attempt("ada", "1", "1", null);
        for (var failure = 0; failure < 10; failure++)
        {
            _delays.Failed(attempt);
        }

        _time.Set(TimeSpan.FromHours(hours));
        Assert.Equal(TimeSpan.FromSeconds(32), _delays.Wait(attempt));
        _time.Advance(TimeSpan.FromSeconds(32));
        Assert.Equal(TimeSpan.Zero, _delays.Wait(attempt));
    }

    [Fact]
    public void However_often_other_networks_fail_at_a_name_its_owner_does_not_wait()
    {
        for (var i = 0; i < 5_000; i++)
        {
            _delays.Failed(new("ada", $"{i}", $"{i}", null));
        }

        Assert.Equal(TimeSpan.Zero, _delays.Wait(new("ada", "home", "home", null)));
    }

    [Fact]
    public void A_new_way_in_from_an_administrator_ends_the_waiting_in_every_network_and_for_codes()
    {
        Attempt[] attempts =
        [
            new("ada", "1", "n", null), new("ada", "2", "m", null), new("ada", "3", "o", SignInDelays.CodesOf("ada")),
            new("ada2", "4", "p", SignInDelays.CodesOf("ada2")),
        ];
        foreach (var attempt in attempts)
        {
            for (var i = 0; i < 10; i++)
            {
                _delays.Failed(attempt);
            }
        }

        _delays.Forget("ada");
        Assert.Equal([true, true, true, false], attempts.Select(a => _delays.Wait(a) == TimeSpan.Zero));
    }

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.250", true)]
    [InlineData("203.0.113.7", "203.0.112.7", false)]
    [InlineData("203.0.113.7", "::ffff:203.0.113.9", true)]
    [InlineData("2001:db8:1:2300::1", "2001:db8:1:23ff::2", true)]
    [InlineData("2001:db8:1:2300::1", "2001:db8:1:2400::1", false)]
    public void A_network_is_a_24_of_IPv4_and_a_56_of_IPv6(string one, string other, bool isSame) =>
        Assert.Equal(isSame, string.Equals(NetworkOf(one), NetworkOf(other), StringComparison.Ordinal));

    private static string NetworkOf(string address) => Attempt.From(IPAddress.Parse(address), "ada", null).Network;

    [Fact]
    public void A_success_forgets_the_name_and_not_the_address()
    {
        for (var i = 0; i < 20; i++)
        {
            _delays.Failed(new($"user{i}", "1", "n", null));
        }

        _delays.Succeeded(new("user0", "1", "n", null));
        Assert.Equal(TimeSpan.FromSeconds(1), _delays.Wait(new("user0", "1", "n", null)));
        Assert.Equal(TimeSpan.Zero, _delays.Wait(new("user0", "2", "n", null)));
        _time.Advance(TimeSpan.FromHours(1));
        _delays.Failed(new("user0", "1", "n", null));
        Assert.Equal(TimeSpan.Zero, _delays.Wait(new("user0", "1", "n", null)));
    }

    [Fact]
    public void A_known_browser_has_a_count_of_its_own_and_it_grows_too()
    {
        for (var i = 0; i < 10; i++)
        {
            _delays.Failed(new("ada", $"{i}", "n", null));
        }

        var known = new Attempt("ada", "1", "n", "device");
        Assert.Equal(TimeSpan.Zero, _delays.Wait(known));
        for (var i = 0; i < 5; i++)
        {
            _delays.Failed(known);
        }

        Assert.Equal(TimeSpan.FromSeconds(1), _delays.Wait(known));
        _delays.Succeeded(known);
        Assert.Equal(TimeSpan.Zero, _delays.Wait(known));
        Assert.NotEqual(TimeSpan.Zero, _delays.Wait(known with { Device = null }));
    }

    [Fact]
    public void A_flood_of_names_forgets_those_that_failed_least_and_never_grows()
    {
        for (var i = 0; i < 8; i++)
        {
            _delays.Failed(new("ada", $"a{i}", "n", null));
        }

        for (var i = 0; i < 25_000; i++)
        {
            _delays.Failed(new($"made up {i}", $"b{i}", $"n{i}", null));
        }

        Assert.Equal(TimeSpan.FromSeconds(8), _delays.Wait(new("ada", "c", "n", null)));
    }
}
