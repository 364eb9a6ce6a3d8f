using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Xunit;

namespace Tandem.Tests;

/// <summary>These take every core, or measure the heap: nothing runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

[Collection(nameof(Alone))]
public sealed class VerifierIndexStressTests(ITestOutputHelper output)
{
    private const long Reads = 104_000_000;

    private static readonly (int FirstSize, int Accounts)[] Phases =
        [(0, 8), (1, 64), (63, 1_000), (0, 10_007), (97, 50_000), (0, 100_003), (1_021, 200_000), (0, 400_009)];

    /// <summary>TANDEM_TEST_SEED repeats a run's accounts and draws; how its threads interleave cannot be repeated.</summary>
    private readonly ulong _seed =
        ulong.TryParse(Environment.GetEnvironmentVariable("TANDEM_TEST_SEED"), CultureInfo.InvariantCulture, out var given)
            ? given
            : (ulong)RandomNumberGenerator.GetInt32(int.MaxValue);

    [Fact]
    public void A_hundred_million_reads_beside_a_writer_and_its_growths_are_all_right()
    {
        var started = Stopwatch.GetTimestamp();
        var total = default(Sightings);
        foreach (var (firstSize, accounts) in Phases)
        {
            total += new IndexTorture(new ShippedIndex(firstSize), _seed + (ulong)accounts, accounts, Reads / Phases.Length).Run();
        }

        Say($"{total} seed {_seed}, {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s");
        Assert.Equal(0, total.Faults);
        Assert.True(total.Reads >= 100_000_000);
        Assert.True(total.Growths >= 30, "The index hardly grew.");
        Assert.True(total.Overlapping >= 10_000, "Readers and writer hardly met.");
    }

    /// <summary>The same test must notice each of three faults.</summary>
    [Theory]
    [InlineData("WithoutRecheck", nameof(Sightings.Torn))]
    [InlineData("PublishedEmpty", nameof(Sightings.Missed))]
    [InlineData("DroppingUpdates", nameof(Sightings.Stale))]
    public void The_same_test_notices_a_broken_index(string mutant, string fault)
    {
        Func<IStressedIndex> create = mutant switch
        {
            "WithoutRecheck" => () => new Mutants.WithoutRecheck.VerifierIndex(),
            "PublishedEmpty" => () => new Mutants.PublishedEmpty.VerifierIndex(),
            _ => () => new Mutants.DroppingUpdates.VerifierIndex(),
        };
        var total = default(Sightings);
        for (ulong phase = 0; phase < 50 && total.Faults == 0; phase++)
        {
            total += new IndexTorture(create(), _seed + phase, 20_000, 4_000_000, stopAtFault: true).Run();
        }

        Say($"{mutant}: {total} seed {_seed}");
        var seen = fault switch { nameof(Sightings.Torn) => total.Torn, nameof(Sightings.Missed) => total.Missed, _ => total.Stale };
        Assert.True(seen > 0, $"{fault} reads of {mutant} were not noticed.");
    }

    [Fact]
    public void A_use_noted_while_the_index_grows_is_not_lost()
    {
        var (uses, lost, growths) = (0L, 0L, 0L);
        for (ulong phase = 0; phase < 20; phase++)
        {
            var seen = new UseTorture(new ShippedIndex(0), _seed + phase, 100_000).Run();
            (uses, lost, growths) = (uses + seen.Uses, lost + seen.Lost, growths + seen.Growths);
        }

        Say($"{uses} uses, {lost} lost, {growths} growths, seed {_seed}");
        Assert.Equal(0, lost);
        Assert.True(growths >= 100 && uses >= 100_000, "Recorders and growths hardly met.");
    }

    [Fact]
    public void The_same_test_notices_an_index_that_forgets_uses()
    {
        var lost = 0L;
        for (ulong phase = 0; phase < 100 && lost == 0; phase++)
        {
            lost = new UseTorture(new Mutants.ForgettingUses.VerifierIndex(), _seed + phase, 100_000).Run().Lost;
        }

        Assert.True(lost > 0, "Lost uses were not noticed.");
    }

    [Fact]
    public void A_million_accounts_take_at_most_128_bytes_each()
    {
        const int Million = 1_000_000;
        var accounts = new StressAccounts(_seed);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var index = new VerifierIndex(Million);
        for (var i = 0; i < Million; i++)
        {
            index.Apply(accounts.Make(i, 1), StressAccounts.Epoch(i, 1));
        }

        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)Million;
        Say($"{each:0.0} bytes an account");
        Assert.InRange(each, 90, 128);
        Assert.Equal(Million, index.Count);
        Assert.InRange(VerifierIndex.BytesPerAccount, each - 2, each + 2);
    }

    private void Say(FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
