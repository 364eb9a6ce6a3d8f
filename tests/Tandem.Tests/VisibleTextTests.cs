using System.Globalization;
using System.Text;
using Xunit;

namespace Tandem.Tests;

public sealed class VisibleTextTests
{
    /// <summary>Unicode's <c>Default_Ignorable_Code_Point</c>, and what else has no shape: controls, line separators, Braille's blank.</summary>
    private static readonly (int First, int Last)[] s_invisible =
    [
        (0x0000, 0x001F), (0x007F, 0x009F), (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5),
        (0x180B, 0x180F),
        (0x200B, 0x200F),
        (0x2028, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0),
        (0xFFF0, 0xFFFB),
        (0x1BCA0, 0x1BCA3),
        (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
    ];

    [Fact]
    public void No_character_that_people_do_not_see_passes()
    {
        foreach (var value in s_invisible.SelectMany(r => Enumerable.Range(r.First, r.Last - r.First + 1)))
        {
            var text = $"a{char.ConvertFromUtf32(value)}b";
            Assert.False(VisibleText.Is(text), $"U+{value:X4}");
            Assert.Equal("a\uFFFDb", VisibleText.Of(text));
        }
    }

    [Theory]
    [InlineData("Zoë & <co>")]
    [InlineData("Zoe\u0308")] // a mark of its own
    [InlineData("日本語 한국어 العربية עברית हिन्दी")]
    [InlineData("👍 100 €")]
    [InlineData("a\u00A0b\u3000c")] // wide and fixed spaces are seen
    [InlineData("\uFFFD")]
    [InlineData("")]
    public void What_people_see_passes(string text)
    {
        Assert.True(VisibleText.Is(text));
        Assert.Same(text, VisibleText.Of(text));
    }

    [Fact]
    public void Half_a_character_does_not_pass()
    {
        foreach (var text in new[] { "a\uD800b", "a\uDC00b", "b\uD83D" })
        {
            Assert.False(VisibleText.Is(text));
            Assert.Equal(text.Length, VisibleText.Of(text).Length);
            Assert.Contains('\uFFFD', VisibleText.Of(text));
        }
    }

    [Fact]
    public void Of_every_format_and_control_character_none_passes()
    {
        for (var value = 0; value <= 0x10FFFF; value++)
        {
            if (Rune.TryCreate(value, out var rune)
                && Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                    or UnicodeCategory.ParagraphSeparator)
            {
                Assert.False(VisibleText.Is(char.ConvertFromUtf32(value)), $"U+{value:X4}");
            }
        }
    }
}
