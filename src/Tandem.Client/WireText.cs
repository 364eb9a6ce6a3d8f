using System.Buffers;

namespace Tandem.Client;

/// <summary>
/// Text from outside, made fit to be shown: no control character, no line separator and no bidirectional control is left in it, so that it can
/// neither move a terminal's cursor nor look like something else than it is.
/// </summary>
public static class WireText
{
    private const char Replacement = '\uFFFD';

    /// <summary>C0, DEL, C1; line and paragraph separator; the marks, embeddings, overrides and isolates of bidirectional text.</summary>
    private static readonly SearchValues<char> s_unfit = SearchValues.Create(
    [
        .. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7F, 0x21)).Concat([0x061C, 0x200E, 0x200F, 0x2028, 0x2029])
            .Concat(Enumerable.Range(0x202A, 5)).Concat(Enumerable.Range(0x2066, 4)).Select(c => (char)c),
    ]);

    /// <summary>The text on one line: white space of every kind is a blank, every other unfit character is U+FFFD.</summary>
    public static string Line(string text) => Clean(text, keepLines: false);

    /// <summary>Text for several lines: control characters are replaced, except line feeds and tabs.</summary>
    public static string Lines(string text) => Clean(text, keepLines: true);

    private static string Clean(string text, bool keepLines)
    {
        ArgumentNullException.ThrowIfNull(text);
        var first = text.AsSpan().IndexOfAny(s_unfit);
        return first < 0 ? text : string.Create(text.Length, (text, first, keepLines), static (into, from) =>
        {
            from.text.CopyTo(into);
            for (var i = from.first; i < into.Length; i++)
            {
                if (s_unfit.Contains(into[i]))
                {
                    into[i] = into[i] switch
                    {
                        '\n' or '\t' when from.keepLines => into[i],
                        '\n' or '\r' or '\t' => ' ',
                        _ => Replacement,
                    };
                }
            }
        });
    }
}
