using BenchmarkDotNet.Attributes;
using Tandem.Server;
using Tandem.Server.Metrics;

namespace Tandem.Micro;

/// <summary>What counting adds to a check.</summary>
public class Count
{
    private readonly VerdictCounts _counts = new();

    [Benchmark]
    public void Verdict() => _counts.AddValid(Family.Forward, Slot.Primary);
}
