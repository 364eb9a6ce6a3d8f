using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Tandem.Testing;

/// <summary>Chance that repeats with its seed.</summary>
[SuppressMessage("ApiDesign", "RS0030", Justification = "A run repeats with its seed.")]
public sealed class Dice(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>The seed of this run, which it says: <c>TANDEM_TEST_SEED</c>, to repeat an earlier one, else a new one.</summary>
    public static int TakeSeed(Action<string> say)
    {
        ArgumentNullException.ThrowIfNull(say);
        var seed = Environment.GetEnvironmentVariable("TANDEM_TEST_SEED") is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : Environment.ProcessId;
        say($"seed {seed} (repeat with TANDEM_TEST_SEED={seed})");
        return seed;
    }

    /// <summary>A number from 0 on, below this.</summary>
    public int Below(int limit) => _random.Next(limit);

    /// <summary>Once in so many times.</summary>
    public bool OnceIn(int times) => _random.Next(times) == 0;

    /// <summary>One of them.</summary>
    public T Any<T>(IEnumerable<T> of)
    {
        var list = of as IReadOnlyList<T> ?? [.. of];
        return list[_random.Next(list.Count)];
    }

    /// <summary>In an order of its own.</summary>
    public void Shuffle<T>(Span<T> values) => _random.Shuffle(values);
}
