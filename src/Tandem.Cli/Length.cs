using System.Globalization;

namespace Tandem.Cli;

/// <summary>A length of time as people write it: whole seconds, minutes, hours or days.</summary>
internal static class Length
{
    /// <summary>Reads <c>30s</c>, <c>10m</c>, <c>2h</c> or <c>7d</c>.</summary>
    public static bool TryParse(string text, out TimeSpan length)
    {
        var unit = text.Length < 2 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86_400, _ => 0 };
        uint number = 0;
        var read = unit > 0 && uint.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out number);
        length = TimeSpan.FromSeconds((double)number * unit);
        return read;
    }
}
