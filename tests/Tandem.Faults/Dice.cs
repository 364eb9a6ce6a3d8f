using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Xunit;

namespace Tandem.Faults;

/// <summary>Chance that repeats with its seed, which is printed.</summary>
[SuppressMessage("ApiDesign", "RS0030", Justification = "A run repeats with its seed.")]
internal sealed class Dice
{
    private readonly Random _random;

    public Dice()
    {
        var seed = Environment.GetEnvironmentVariable("TANDEM_TEST_SEED") is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : Environment.ProcessId;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed} (repeat with TANDEM_TEST_SEED={seed})");
        _random = new(seed);
    }

    /// <summary>A number from 0 on, below this.</summary>
    public int Below(int limit) => _random.Next(limit);

    /// <summary>Once in so many times.</summary>
    public bool OnceIn(int times) => _random.Next(times) == 0;

    /// <summary>In an order of its own.</summary>
    public void Shuffle<T>(Span<T> values) => _random.Shuffle(values);
}
