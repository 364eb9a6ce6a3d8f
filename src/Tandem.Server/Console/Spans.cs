using System.Globalization;

namespace Tandem.Server.Console;

/// <summary>Lengths of time in words.</summary>
internal static class Spans
{
    /// <summary>In the largest unit that is at least two: <c>90 seconds</c>, <c>20 minutes</c>, <c>36 hours</c>, <c>3 days</c>.</summary>
    public static string Text(TimeSpan span) => span switch
    {
        { TotalSeconds: < 120 } => Count((long)span.TotalSeconds, "second"),
        { TotalMinutes: < 120 } => Count((long)span.TotalMinutes, "minute"),
        { TotalHours: < 48 } => Count((long)span.TotalHours, "hour"),
        { TotalDays: < 730 } => Count((long)span.TotalDays, "day"),
        _ => Count((long)(span.TotalDays / 365.25), "year"),
    };

    /// <summary>The same for seconds.</summary>
    public static string Text(uint seconds) => Text(TimeSpan.FromSeconds(seconds));

    /// <summary><c>1 call</c>, <c>2 calls</c>.</summary>
    public static string Count(long number, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{number:N0} {what}{(number == 1 ? "" : "s")}");
}
