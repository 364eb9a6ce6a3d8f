using System.Globalization;
using System.Text;

namespace Tandem;

/// <summary>
/// What names, reasons and labels may be made of: characters that people see. Control characters disturb terminals and logs; characters that take no
/// room, or turn the direction of others, make two names look alike or a line say something else than it holds.
/// </summary>
public static class VisibleText
{
    /// <summary>The rule in words, for messages.</summary>
    public const string Rule = "no control characters and no invisible ones";

    /// <summary>Characters without a shape that Unicode counts as letters, marks or symbols.</summary>
    private static readonly int[] s_shapeless =
    [
        0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164, 0xFFA0,
    ];

    /// <summary>Whether people see every character of it.</summary>
    public static bool Is(string text) => text.EnumerateRunes().All(IsVisible) && !HasLoneSurrogate(text);

    /// <summary>The text with <c>U+FFFD</c> in the place of what people would not see; the same text when there is nothing to do.</summary>
    public static string Of(string text) => Is(text) ? text
        : string.Concat(text.EnumerateRunes().Select(static rune => IsVisible(rune) ? rune.ToString() : Rune.ReplacementChar.ToString()));

    private static bool IsVisible(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned => false,
        _ => Array.IndexOf(s_shapeless, rune.Value) < 0
            && rune.Value is not ((>= 0xFE00 and <= 0xFE0F) or (>= 0xE0100 and <= 0xE01EF)), // variation selectors
    };

    /// <summary>Half a character, which an enumeration of runes shows as the replacement character.</summary>
    private static bool HasLoneSurrogate(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]))
            {
                if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                {
                    return true;
                }

                i++;
            }
        }

        return false;
    }
}
