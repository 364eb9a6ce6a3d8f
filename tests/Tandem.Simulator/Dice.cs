using System.Diagnostics.CodeAnalysis;

namespace Tandem.Simulator;

/// <summary>Chance that repeats with its seed.</summary>
[SuppressMessage("ApiDesign", "RS0030", Justification = "A play repeats with its seed.")]
internal sealed class Dice(int seed)
{
    private readonly Random _random = new(seed);

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
}
