using Tandem.Cli.Claims;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults.History;

/// <summary>The checker of histories, held against one that tries every order there is.</summary>
public sealed class TokenHistoryTests
{
    private static readonly int s_histories = LongRun.Of(20_000, 200_000);

    private readonly Dice _dice = Seeded.Dice();

    [Fact]
    public void It_answers_as_a_search_of_every_order_does()
    {
        var wrong = 0;
        for (var i = 0; i < s_histories; i++)
        {
            var history = Any();
            var violation = history.FindViolation();
            wrong += violation is null ? 0 : 1;
            Assert.True(IsExplained(history) == violation is null, $"{violation ?? "fine"}: created {history.Created}, retired {history.Retired}, {string.Join(", ", history.Checks)}");
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{s_histories} histories, {wrong} of them wrong ones, 0 disagreements");
        Assert.InRange(wrong, s_histories / 10, s_histories * 9 / 10);
    }

    /// <summary>A create, later perhaps a retirement, and up to five checks anywhere; each moment is another.</summary>
    private TokenHistory Any()
    {
        var checks = _dice.Below(6);
        var moments = Enumerable.Range(0, 4 + (2 * checks)).Select(m => (long)m).ToArray();
        _dice.Shuffle<long>(moments);
        var own = moments[..4].Order().ToArray();
        var history = new TokenHistory { Created = new(own[0], own[1]), Retired = _dice.OnceIn(4) ? null : new(own[2], own[3]) };
        foreach (var pair in moments[4..].Chunk(2))
        {
            history.Note(new(new(pair.Min(), pair.Max()), _dice.OnceIn(2)));
        }

        return history;
    }

    /// <summary>Whether any order of all calls, each somewhere between its start and its end, explains every answer.</summary>
    private static bool IsExplained(TokenHistory history)
    {
        var calls = history.Checks.Select(c => (c.When, State: c.IsAccepted ? "accepted" : "refused")).Append((history.Created, "create")).ToList();
        if (history.Retired is { } retired)
        {
            calls.Add((retired, "retire"));
        }

        return Search(calls, isValid: false);
    }

    private static bool Search(List<(Interval When, string State)> left, bool isValid)
    {
        if (left.Count == 0)
        {
            return true;
        }

        var firstEnd = left.Min(c => c.When.End);
        foreach (var call in left.Where(c => c.When.Start < firstEnd || c.When.End == firstEnd).ToList())
        {
            if (call.State is "accepted" && !isValid || call.State is "refused" && isValid)
            {
                continue;
            }

            if (Search([.. left.Where(c => c != call)], call.State switch { "create" => true, "retire" => false, _ => isValid }))
            {
                return true;
            }
        }

        return false;
    }
}
