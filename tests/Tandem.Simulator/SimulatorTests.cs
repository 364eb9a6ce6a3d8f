using Tandem.Testing;
using Xunit;

namespace Tandem.Simulator;

/// <summary>The rules and the store, played against a model; and that a fault in either is found.</summary>
public sealed class SimulatorTests
{
    private const int SeedsAMutant = 3;
    private const int PromotesAMutant = 400;
    private const int RestartEvery = 100;

    private static readonly int s_worlds = Environment.ProcessorCount;

    private static readonly int s_promotes = LongRun.Of(10_000, 1_000_000);

    public static TheoryData<string> Mutants => [.. Mutant.All.Select(m => m.Name)];

    [Fact]
    public async Task Whatever_is_called_by_whomever_ends_as_the_model_says()
    {
        var output = TestContext.Current.TestOutputHelper!;
        var seed = Dice.TakeSeed(output.WriteLine);
        var plays = await Task.WhenAll(Enumerable.Range(0, s_worlds).Select(world =>
            Task.Run(() => Simulation.RunAsync(seed + world, s_promotes / s_worlds, restartEvery: 500))));
        output.WriteLine($"{plays.Sum(p => p.Promotes)} promotes in {plays.Sum(p => p.Steps)} steps, in {s_worlds} worlds at once");
        Assert.Empty(plays.Select(p => p.Violation).OfType<string>());
    }

    [Fact]
    public async Task What_finds_the_faults_finds_none_in_the_sources_as_they_are()
    {
        for (var seed = 1; seed <= SeedsAMutant; seed++)
        {
            Assert.Null((await Simulation.RunAsync(seed, PromotesAMutant, RestartEvery)).Violation);
        }
    }

    [Theory]
    [MemberData(nameof(Mutants))]
    public async Task A_fault_in_the_rules_is_found(string name)
    {
        var mutant = Mutant.All.Single(m => m.Name == name);
        string? found = null;
        for (var seed = 1; found is null && seed <= SeedsAMutant; seed++)
        {
            found = await MutantBuild.PlayAsync(mutant, seed, PromotesAMutant, RestartEvery);
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{found}");
        Assert.NotNull(found);
    }
}
