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
    public void Waits_double_to_a_quarter_of_an_hour_and_the_hundredth_failure_is_a_day()
    {
        var attempt = new Attempt("ada", "1", null);
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
        var attempt = new Attempt("ada", "1", null);
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
    public void A_success_forgets_the_name_and_not_the_address()
    {
        for (var i = 0; i < 20; i++)
        {
            _delays.Failed(new($"user{i}", "1", null));
        }

        _delays.Succeeded(new("user0", "1", null));
        Assert.Equal(TimeSpan.FromSeconds(1), _delays.Wait(new("user0", "1", null)));
        Assert.Equal(TimeSpan.Zero, _delays.Wait(new("user0", "2", null)));
        _time.Advance(TimeSpan.FromHours(1));
        _delays.Failed(new("user0", "1", null));
        Assert.Equal(TimeSpan.Zero, _delays.Wait(new("user0", "1", null)));
    }

    [Fact]
    public void A_known_browser_has_a_count_of_its_own_and_it_grows_too()
    {
        for (var i = 0; i < 10; i++)
        {
            _delays.Failed(new("ada", $"{i}", null));
        }

        var known = new Attempt("ada", "1", "device");
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
            _delays.Failed(new("ada", $"a{i}", null));
        }

        for (var i = 0; i < 25_000; i++)
        {
            _delays.Failed(new($"made up {i}", $"b{i}", null));
        }

        Assert.Equal(TimeSpan.FromSeconds(8), _delays.Wait(new("ada", "c", null)));
    }
}
