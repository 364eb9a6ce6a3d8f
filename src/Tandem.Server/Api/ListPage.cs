using System.Globalization;
using Microsoft.AspNetCore.Http;
using Tandem.Server.Reference;
using static Tandem.Server.Api.TandemProblems;

namespace Tandem.Server.Api;

/// <summary>Which part of a list was asked for, so that no answer grows with what somebody has made: <c>limit</c> and <c>after</c>.</summary>
internal static class ListPage
{
    /// <summary>Entries of a list in one answer, at most.</summary>
    public const int MostAtOnce = 1000;

    private const int DefaultLimit = 100;

    /// <summary>What such a list takes, for the reference.</summary>
    public static readonly ParameterDescription[] Parameters =
    [
        Limit("entries"),
        new(
            ParameterPlace.Query,
            "after",
            "Where the page begins: `next_after` of the page before. Entries that have moved in between may be missing or come twice."),
    ];

    /// <summary>The description of <c>limit</c>.</summary>
    public static ParameterDescription Limit(string entries) =>
        ParameterDescription.Number("limit", 1, MostAtOnce, $"At most so many {entries}; {DefaultLimit} when left out.");

    /// <summary>How many entries were asked for.</summary>
    /// <exception cref="TandemRefusal">It is not a number that is allowed.</exception>
    public static int LimitOf(HttpContext http) => Number(http, "limit", 1, MostAtOnce) ?? DefaultLimit;

    /// <summary>The part of a list in memory that was asked for, and where the next begins; null after the last.</summary>
    /// <exception cref="TandemRefusal">A parameter is not one that is allowed.</exception>
    public static (IReadOnlyList<T> Entries, string? NextAfter) Of<T>(HttpContext http, IReadOnlyList<T> all)
    {
        var (limit, after) = (LimitOf(http), Number(http, "after", 0, int.MaxValue - MostAtOnce) ?? 0);
        return ([.. all.Skip(after).Take(limit)], after + limit < all.Count ? (after + limit).ToString(CultureInfo.InvariantCulture) : null);
    }

    private static int? Number(HttpContext http, string name, int least, int most)
    {
        var text = http.Request.Query[name].ToString();
        return text.Length == 0 ? null
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number
            : throw new TandemRefusal(Invalid(string.Create(CultureInfo.InvariantCulture, $"{name} is a number from {least} to {most}.")));
    }
}
