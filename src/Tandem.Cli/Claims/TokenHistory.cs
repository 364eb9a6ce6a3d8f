namespace Tandem.Cli.Claims;

/// <summary>From when to when a call ran, as its client saw it.</summary>
internal readonly record struct Interval(long Start, long End);

/// <summary>A check with the token, and what it was answered.</summary>
internal readonly record struct Check(Interval When, bool IsAccepted);

/// <summary>
/// All that clients saw of one token: when it was created, when retired, and every check with it. If there is a moment within the create and a moment
/// within the retiring call such that every check is right before, between or after them, the history is linearizable; these two cuts are looked for
/// and not an order of all calls, which would take exponential time.
/// </summary>
internal sealed class TokenHistory
{
    private readonly Lock _lock = new();
    private readonly List<Check> _checks = [];

    /// <summary>The call that made it.</summary>
    public required Interval Created { get; init; }

    /// <summary>The call that retired it, with the one that told the outcome if its own answer was lost; null while it lives.</summary>
    public Interval? Retired { get; set; }

    public IReadOnlyList<Check> Checks => _checks;

    /// <summary>Notes a check. Any thread may call it.</summary>
    public void Note(Check check)
    {
        lock (_lock)
        {
            _checks.Add(check);
        }
    }

    /// <summary>What no pair of cuts explains; null when one does.</summary>
    public string? FindViolation()
    {
        // The cut of the create as late and that of the retirement as early as accepted checks let them be: that is best for every refused one.
        var (accepted, refused) = (_checks.Where(c => c.IsAccepted).ToList(), _checks.Where(c => !c.IsAccepted).ToList());
        var created = accepted.Select(c => c.When.End).Append(Created.End).Min();
        var retired = Retired is { } by ? accepted.Select(c => c.When.Start).Append(by.Start).Max() : long.MaxValue;
        return created < Created.Start ? "accepted before it was created"
            : Retired is { } ended && retired > ended.End ? "accepted after it was retired"
            : refused.Exists(c => c.When.Start >= created && c.When.End <= retired) ? "refused while it was valid"
            : null;
    }
}
