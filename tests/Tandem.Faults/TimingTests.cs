using System.Diagnostics.CodeAnalysis;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults;

/// <summary>
/// How long a refusal takes does not tell how near a token was, and tells no more of an account than where it lies in memory: Welch's t-test on single
/// calls in this process, each kind of refusal against a wrong token. The other way round it has to see a comparison that stops at the first difference.
/// </summary>
public sealed class TimingTests
{
    private const int Accounts = 16;

    /// <summary>The bound that dudect uses: above it a difference is not chance.</summary>
    private const double Bound = 4.5;

    /// <summary>Of two SIDs one may be found at the first look and one at the second: so many nanoseconds tell accounts apart, and say nothing of why.</summary>
    private const double PlaceInMemory = 50;

    /// <summary>Where the bytes of a sample lie moves it by a nanosecond; one branch taken the other way costs more than this.</summary>
    private const double Branch = 3;

    private const int Runs = 5;
    private const int Tries = 3;

    private static readonly int s_samples = LongRun.Of(20_000, 200_000);

    private readonly Dice _dice = Seeded.Dice();

    [Fact]
    public void Why_a_credential_is_refused_does_not_show_in_the_time_it_takes()
    {
        var kinds = Kinds();
        foreach (var kind in kinds[1..])
        {
            // Interruptions come in bursts and move a run, or several, either way; what is in the program moves them all.
            var tries = Enumerable.Range(0, Tries).Select(_ => Try(kinds[0], kind)).ToList();
            Assert.True(tries.Exists(t => Math.Abs(t.T) < Bound || Math.Abs(t.Nanoseconds) < (kind.IsOfThisAccount ? Branch : PlaceInMemory)), $"{kind.Name} takes another time");
        }
    }

    [Fact]
    [SuppressMessage("ApiDesign", "RS0030", Justification = "The fault that is to be seen.")]
    public void A_comparison_that_stops_early_is_seen()
    {
        var right = Encoding.ASCII.GetBytes(new string('a', 4096));
        var (early, late) = (Encoding.ASCII.GetBytes('b' + new string('a', 4095)), Encoding.ASCII.GetBytes(new string('a', 4095) + 'b'));
        var times = Measure([new("wrong in the first character", _ => { }, _ => early.AsSpan().SequenceEqual(right)), new("wrong in the last character", _ => { }, _ => late.AsSpan().SequenceEqual(right))]);
        var t = Compare(times).Single().T;
        TestContext.Current.TestOutputHelper!.WriteLine($"t = {t:F1}");
        Assert.True(Math.Abs(t) > Bound, $"t = {t:F1}");
    }

    /// <summary>Few accounts in a large index, so that each is found at the first look and lies as near to the processor as the others.</summary>
    private static Kind[] Kinds()
    {
        var index = new VerifierIndex(100 * Accounts);
        var verifier = new Verifier(index, new(Enum.GetValues<DataKeyPurpose>().Select(p => DataKey.Generate((long)p, p))));
        var (active, suspended, unknown) = (Sids(), Sids(), Sids());
        var tokens = Texts();
        Fill(index, verifier, active, tokens, AccountStatus.Active);
        Fill(index, verifier, suspended, tokens, AccountStatus.Suspended);
        return
        [
            new("a wrong token", verifier, active, Wrong(tokens, 16)),
            new("wrong in the first character", verifier, active, Wrong(tokens, 0)),
            new("wrong in the last character", verifier, active, Wrong(tokens, 31)),
            new("retired", verifier, active, Texts()),
            new("a suspended account's own token", verifier, suspended, [.. tokens]) { IsOfThisAccount = false },
            new("no such account", verifier, unknown, [.. tokens]) { IsOfThisAccount = false },
        ];
    }

    private static AccountSid[] Sids() => [.. Enumerable.Range(0, Accounts).Select(_ => AccountSid.Create())];

    private static byte[] Texts() => Encoding.ASCII.GetBytes(RandomNumberGenerator.GetHexString(32 * Accounts, lowercase: true));

    private static void Fill(VerifierIndex index, Verifier verifier, AccountSid[] sids, byte[] tokens, AccountStatus status)
    {
        for (var i = 0; i < Accounts; i++)
        {
            using var token = AuthToken.TryParse(tokens.AsSpan(32 * i, 32), out var read) ? read : throw new InvalidOperationException("No token.");
            index.Apply(sids[i], new() { OwnerSid = sids[i], Status = status, Generation = 3, Epoch = i + 1, PrimaryVerifier = verifier.Hash(sids[i], token) });
        }
    }

    private static byte[] Wrong(byte[] tokens, int at)
    {
        var wrong = (byte[])tokens.Clone();
        for (; at < wrong.Length; at += 32)
        {
            wrong[at] = wrong[at] == (byte)'0' ? (byte)'1' : (byte)'0';
        }

        return wrong;
    }

    /// <summary>Ticks of each call, kinds in random order, each time on another account.</summary>
    private (string Name, long[] Ticks)[] Measure(Kind[] kinds)
    {
        var ticks = kinds.Select(_ => new long[s_samples]).ToArray();
        var order = Enumerable.Range(0, kinds.Length).ToArray();
        for (var i = -s_samples / 10; i < s_samples; i++) // the first ones are not counted
        {
            _dice.Shuffle<int>(order);
            foreach (var kind in order)
            {
                var account = _dice.Below(Accounts);
                kinds[kind].Prepare(account);
                var from = Stopwatch.GetTimestamp();
                kinds[kind].Ask(account);
                var took = Stopwatch.GetTimestamp() - from;
                if (i >= 0)
                {
                    ticks[kind][i] = took;
                }
            }
        }

        return [.. kinds.Select((k, i) => (k.Name, ticks[i]))];
    }

    private (double T, double Nanoseconds) Try(Kind against, Kind kind)
    {
        var runs = Enumerable.Range(0, Runs).Select(_ => Compare(Measure([against, kind])).Single()).ToList();
        var (t, nanoseconds) = (Median(runs.Select(r => r.T)), Median(runs.Select(r => r.Nanoseconds)));
        TestContext.Current.TestOutputHelper!.WriteLine($"{kind.Name}: t = {t:F1}, {nanoseconds:F2} ns, medians of {Runs} runs of {s_samples} samples");
        return (t, nanoseconds);
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Runs / 2);

    /// <summary>Each against the first, without the slowest tenth: those were interrupted.</summary>
    private static IEnumerable<(string Name, double T, double Nanoseconds)> Compare((string Name, long[] Ticks)[] times)
    {
        var limit = times.SelectMany(t => t.Ticks).Order().ElementAt((int)(times.Sum(t => t.Ticks.LongLength) * 9 / 10));
        var (baseMean, baseError) = Moments(times[0].Ticks);
        foreach (var (name, ticks) in times[1..])
        {
            var (mean, error) = Moments(ticks);
            yield return (name, (mean - baseMean) / Math.Sqrt(baseError + error), (mean - baseMean) * 1e9 / Stopwatch.Frequency);
        }

        (double Mean, double SquaredError) Moments(long[] all)
        {
            var kept = all.Where(t => t < limit).ToArray();
            var mean = kept.Average();
            return (mean, kept.Sum(t => (t - mean) * (t - mean)) / (kept.Length - 1) / kept.Length);
        }
    }

    /// <summary>A kind of refusal, and how one is asked for.</summary>
    private sealed record Kind(string Name, Action<int> Prepare, Func<int, bool> Ask)
    {
        /// <summary>What is presented lies in the same place whatever it is.</summary>
        private static readonly byte[] s_presented = new byte[32];

        /// <summary>Whether it asks for the same accounts as the kind that all are held against.</summary>
        public bool IsOfThisAccount { get; init; } = true;

        public Kind(string name, Verifier verifier, AccountSid[] sids, byte[] tokens)
            : this(name, i => tokens.AsSpan(32 * i, 32).CopyTo(s_presented), i => verifier.Verify(sids[i], s_presented).IsValid)
        {
        }
    }
}
