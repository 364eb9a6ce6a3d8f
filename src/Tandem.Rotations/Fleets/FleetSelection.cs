using System.IO.Enumeration;

namespace Tandem.Rotations.Fleets;

/// <summary>Which subaccounts: all terms must fit. A term is <c>KEY=PATTERN</c> or <c>KEY!=PATTERN</c>; the key is <c>sid</c>, <c>name</c> or a label, and <c>*</c> stands for anything.</summary>
public sealed class FleetSelection
{
    private readonly IReadOnlyList<(string Key, string Pattern, bool IsNot)> _terms;

    private FleetSelection(IReadOnlyList<(string Key, string Pattern, bool IsNot)> terms) => _terms = terms;

    /// <summary>Reads the terms.</summary>
    /// <param name="terms">As they were given.</param>
    /// <param name="labels">The labels that the plan knows: another name is a mistake.</param>
    /// <exception cref="RotationException">One makes no sense.</exception>
    public static FleetSelection Parse(IReadOnlyList<string> terms, IEnumerable<string> labels)
    {
        ArgumentNullException.ThrowIfNull(terms);
        var known = labels.ToHashSet(StringComparer.Ordinal);
        return new([.. terms.Select(term => Read(term, known))]);
    }

    /// <summary>Whether a subaccount is chosen.</summary>
    public bool Fits(FleetMember member)
    {
        ArgumentNullException.ThrowIfNull(member);
        return _terms.All(t => t.IsNot != FileSystemName.MatchesSimpleExpression(t.Pattern, ValueOf(member, t.Key)));
    }

    private static (string Key, string Pattern, bool IsNot) Read(string term, HashSet<string> labels)
    {
        var (key, pattern) = term.Split('=', 2) is [var left, var right] ? (left, right) : throw Wrong($"'{term}' selects nothing: KEY=PATTERN or KEY!=PATTERN.");
        var isNot = key.EndsWith('!');
        key = isNot ? key[..^1] : key;
        return key is "sid" or "name" || labels.Contains(key)
            ? (key, Escape(pattern), isNot)
            : throw Wrong($"'{key}' is neither sid nor name nor a label of a [[subaccount]] in the plan{(labels.Count == 0 ? "" : $" ({string.Join(", ", labels.Order(StringComparer.Ordinal))})")}.");
    }

    /// <summary>The star alone is special.</summary>
    private static string Escape(string pattern) => pattern.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("?", "\\?", StringComparison.Ordinal);

    private static string ValueOf(FleetMember member, string key) => key switch
    {
        "sid" => $"{member.Sid}",
        "name" => member.Name,
        _ => member.Labels.GetValueOrDefault(key) ?? "",
    };

    private static RotationException Wrong(string message) => new(RotationFailure.Usage, $"{message} Nothing was done.");
}
