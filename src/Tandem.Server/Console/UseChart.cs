using System.Globalization;
using Tandem.Server.Usage;

namespace Tandem.Server.Console;

/// <summary>Calls in one period of a chart.</summary>
/// <param name="Start">When it began.</param>
/// <param name="Primary">Calls with the primary.</param>
/// <param name="Secondary">Calls with the secondary.</param>
public readonly record struct UseBar(DateTimeOffset Start, ulong Primary, ulong Secondary);

/// <summary>
/// Calls by token over time. The primary's bars grow upwards and the secondary's downwards from one line, so that they are told apart without
/// colours.
/// </summary>
/// <param name="Span">What it spans, as its link says it.</param>
/// <param name="Title">What it shows, in words.</param>
/// <param name="Bars">Every period, oldest first, those without calls too.</param>
public sealed record UseChart(string Span, string Title, IReadOnlyList<UseBar> Bars)
{
    private const int Half = 50;

    /// <summary>The spans there are, as the link says them and as people do.</summary>
    public static IReadOnlyList<(string Span, string Text)> Spans { get; } = [("hour", "Last hour"), ("days", "Last 2 days"), ("month", "Last 30 days")];

    /// <summary>Calls with the primary, all periods together.</summary>
    public ulong Primary => Bars.Aggregate(0UL, (sum, bar) => sum + bar.Primary);

    /// <summary>Calls with the secondary, likewise.</summary>
    public ulong Secondary => Bars.Aggregate(0UL, (sum, bar) => sum + bar.Secondary);

    /// <summary>The most calls of one token in one period.</summary>
    public ulong Most => Bars.Max(bar => Math.Max(bar.Primary, bar.Secondary));

    /// <summary>The length of a bar, of 50 at most; at least 2 when there was a call at all.</summary>
    /// <param name="calls">The calls it stands for.</param>
    public string Length(ulong calls) =>
        (calls == 0 ? 0 : Math.Max(2, Half * (double)calls / Most)).ToString("0.#", CultureInfo.InvariantCulture);

    /// <summary>Where the primary's bar begins, from above.</summary>
    /// <param name="calls">The calls it stands for.</param>
    public string Top(ulong calls) => (Half - double.Parse(Length(calls), CultureInfo.InvariantCulture)).ToString("0.#", CultureInfo.InvariantCulture);

    /// <summary>Draws up what was counted.</summary>
    internal static UseChart Of(UsageReport report, string? asked)
    {
        var (span, seconds, periods, title, window) = asked switch
        {
            "month" => ("month", 86_400u, 30u, "Calls by day, last 30 days", (Func<TokenUse, CountWindow>)(use => use.Days)),
            "days" => ("days", 3600u, 48u, "Calls by hour, last 2 days", use => use.Hours),
            _ => ("hour", 60u, 60u, "Calls by minute, last hour", use => use.Minutes),
        };
        var first = report.At - (report.At % seconds) - ((periods - 1) * seconds);
        var (primary, secondary) = (new ulong[periods], new ulong[periods]);
        foreach (var use in report.Usage?.Consumers ?? [])
        {
            Add(use.Primary, primary);
            Add(use.Secondary, secondary);
        }

        return new(span, title, [.. primary.Select((calls, i) => new UseBar(DateTimeOffset.FromUnixTimeSeconds(first + ((uint)i * seconds)), calls, secondary[i]))]);

        void Add(TokenUse? use, ulong[] bars)
        {
            foreach (var period in use is null ? [] : window(use).Counts)
            {
                if (period.Start >= first && (period.Start - first) / seconds < periods)
                {
                    bars[(period.Start - first) / seconds] += period.Calls;
                }
            }
        }
    }
}
