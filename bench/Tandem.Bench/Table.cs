namespace Tandem.Bench;

/// <summary>Prints medians, and ratios as the median over rounds of the ratio within a round.</summary>
internal static class Table
{
    public static void Print(IReadOnlyList<Contestant> contestants, IReadOnlyList<(string Name, string Yardstick)> pairs)
    {
        Console.WriteLine();
        Console.WriteLine("| | answers/s | spread | p50 ms | p99 ms | CPU µs an answer | not 2xx | MB |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (var c in contestants)
        {
            var rates = c.Slices.Select(s => s.PerSecond).Order().ToList();
            Console.WriteLine(
                $"| {c.Name} | {Median(rates):N0} | {rates[0]:N0}–{rates[^1]:N0} | {Median(c.Slices.Select(s => s.P50)):F2} | {Median(c.Slices.Select(s => s.P99)):F2} | {Median(c.Slices.Select(s => s.CpuMicroseconds)):F1} | {c.Slices.Sum(s => s.Refused):N0} | {c.MemoryMegabytes():F0} |");
        }

        Console.WriteLine();
        Console.WriteLine("| compared | with | throughput | CPU an answer |");
        Console.WriteLine("| --- | --- | --- | --- |");
        var byName = contestants.ToDictionary(c => c.Name, StringComparer.Ordinal);
        foreach (var (name, yardstick) in pairs)
        {
            var rounds = byName[name].Slices.Zip(byName[yardstick].Slices).ToList();
            Console.WriteLine(
                $"| {name} | {yardstick} | {Median(rounds.Select(r => r.First.PerSecond / r.Second.PerSecond)):F2} | {Median(rounds.Select(r => r.First.CpuMicroseconds / r.Second.CpuMicroseconds)):F2} |");
        }
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
