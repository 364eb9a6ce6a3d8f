using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Tandem.Server;

/// <summary>How many refused credentials are answered with the refusal itself before the answer is "too many".</summary>
/// <param name="Burst">At once, 1 to 1,000,000.</param>
/// <param name="PerSecond">And then so many a second, 1 to 1,000,000: a whole number, so that trying again after one second is never too early.</param>
public readonly record struct FailureBudget(int Burst, int PerSecond)
{
    private const int Largest = 1_000_000;

    /// <summary>Reads <c>300+1/s</c>: 300 at once, then one a second.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out FailureBudget budget)
    {
        var parts = (text ?? "").Split('+');
        budget = parts is [var burst, [.. var rate, '/', 's']] && Read(burst) is { } atOnce && Read(rate) is { } perSecond
            ? new(atOnce, perSecond)
            : default;
        return budget.Burst > 0;
    }

    /// <summary>As <see cref="TryParse"/> reads it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Burst}+{PerSecond}/s");

    private static int? Read(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= Largest ? number : null;
}
