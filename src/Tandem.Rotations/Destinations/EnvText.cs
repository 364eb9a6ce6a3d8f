namespace Tandem.Rotations.Destinations;

/// <summary>One assignment of a key in an env file: where its parts lie.</summary>
/// <param name="Start">The first character of its line.</param>
/// <param name="ValueStart">The first of its value, a quote included.</param>
/// <param name="ValueEnd">The one behind its value.</param>
/// <param name="End">The one behind its line end.</param>
/// <param name="Quote">The quote around the value; <c>'\0'</c> for none.</param>
/// <param name="IsExported">Whether it begins with <c>export</c>.</param>
/// <param name="Form">What parsers disagree on in it, a few words; null for nothing.</param>
internal readonly record struct EnvAssignment(int Start, int ValueStart, int ValueEnd, int End, char Quote, bool IsExported, string? Form);

/// <summary>
/// The text of an env file, changed only where a key of ours stands: what is around it stays to the byte. It knows the forms that npm dotenv,
/// node --env-file, python-dotenv and shells read, and a value in quotes that goes on over several lines.
/// </summary>
internal static class EnvText
{
    private const char ByteOrderMark = '\uFEFF';

    /// <summary>Every assignment of a key, in order: the last one is what parsers take.</summary>
    public static IReadOnlyList<EnvAssignment> Find(string text, string key)
    {
        var found = new List<EnvAssignment>();
        for (var at = 0; at < text.Length;)
        {
            if (Read(text, at, out var name) is not { } assignment)
            {
                at = EndOfLine(text, at);
                continue;
            }

            if (string.Equals(name, key, StringComparison.Ordinal))
            {
                found.Add(assignment);
            }

            at = assignment.End;
        }

        return found;
    }

    /// <summary>The value of an assignment, without its quotes.</summary>
    public static string ValueOf(string text, EnvAssignment at) =>
        at.Quote == '\0' ? text[at.ValueStart..at.ValueEnd] : text[(at.ValueStart + 1)..(at.ValueEnd - 1)];

    /// <summary>Whether every parser reads a value as itself and as nothing else, in every kind of quotes and in none.</summary>
    public static bool IsPlain(string value) => value.All(char.IsAsciiLetterOrDigit);

    /// <summary>Sets every assignment of a key; one that is not there is added: behind the last line of <paramref name="neighbour"/>, or at the end.</summary>
    /// <exception cref="RotationException">A parser could read more, or something else, than the value.</exception>
    public static string Set(string text, string key, string value, string? neighbour)
    {
        if (!IsPlain(value))
        {
            throw new RotationException(RotationFailure.Destination,
                $"The value for {key} holds other characters than letters and digits, which parsers may read as something else. It was not written.");
        }

        var all = Find(text, key);
        if (all.Count == 0)
        {
            return Add(text, key, value, neighbour is null ? [] : Find(text, neighbour));
        }

        foreach (var at in all.Reverse())
        {
            var quote = at.Quote == '\0' ? "" : at.Quote.ToString();
            text = $"{text[..at.ValueStart]}{quote}{value}{quote}{text[at.ValueEnd..]}";
        }

        return text;
    }

    /// <summary>Takes every line of a key out.</summary>
    public static string Remove(string text, string key)
    {
        foreach (var at in Find(text, key).Reverse())
        {
            text = text[..at.Start] + text[at.End..];
        }

        return text;
    }

    /// <summary>Puts the lines of a key back as they are in a copy of the file.</summary>
    public static string Restore(string text, string copy, string key)
    {
        var now = Find(text, key);
        List<string> lines = [.. Find(copy, key).Select(at => copy[at.Start..at.End])];
        if (now.Count == 0)
        {
            return lines.Aggregate(text, (soFar, line) => Splice(soFar, soFar.Length, soFar.Length, line));
        }

        for (var i = now.Count - 1; i >= 0; i--)
        {
            text = Splice(text, now[i].Start, now[i].End, now.Count == lines.Count ? lines[i] : i == 0 ? string.Concat(lines) : "");
        }

        return text;
    }

    /// <summary>The numbers of the lines, from 1, that a copy of the file does not have.</summary>
    public static IReadOnlyList<int> LinesNotIn(string text, string copy)
    {
        var left = Lines(copy).GroupBy(l => l, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        return [.. Lines(text).Select((line, i) => (line, Number: i + 1)).Where(l => l.line.Length > 0 && !Take(l.line)).Select(l => l.Number)];

        bool Take(string line) => left.GetValueOrDefault(line) > 0 && left[line]-- > 0;
        static string[] Lines(string all) => all.ReplaceLineEndings("\n").Split('\n');
    }

    /// <summary>Puts whole lines into the place of others. A line without a line end gets one where another follows.</summary>
    private static string Splice(string text, int start, int end, string lines)
    {
        var before = lines.Length > 0 && start > 0 && text[start - 1] is not ('\n' or ByteOrderMark) ? "\n" : "";
        var after = lines.Length > 0 && !lines.EndsWith('\n') && end < text.Length ? "\n" : "";
        return $"{text[..start]}{before}{lines}{after}{text[end..]}";
    }

    private static string Add(string text, string key, string value, IReadOnlyList<EnvAssignment> neighbours)
    {
        var lineEnd = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        var at = neighbours is [.., var last] ? last.End : text.Length;
        var export = neighbours is [.., { IsExported: true }] ? "export " : "";
        var before = at > 0 && text[at - 1] != '\n' && !(at == 1 && text[0] == ByteOrderMark) ? lineEnd : "";
        return $"{text[..at]}{before}{export}{key}={value}{lineEnd}{text[at..]}";
    }

    /// <summary>Reads the assignment that begins at the line at <paramref name="start"/>; null when there is none.</summary>
    private static EnvAssignment? Read(string text, int start, out string name)
    {
        var at = start;
        name = "";
        string? form = null;
        if (at == 0 && text[0] == ByteOrderMark)
        {
            (at, form) = (1, "a byte order mark stands before it, which only npm dotenv overlooks");
        }

        at = SkipBlanks(text, at);
        var exported = string.CompareOrdinal(text, at, "export ", 0, 7) == 0;
        at = exported ? SkipBlanks(text, at + 7) : at;
        var nameStart = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '_' or '.' or '-'))
        {
            at++;
        }

        name = text[nameStart..at];
        var separator = SkipBlanks(text, at);
        if (name.Length == 0 || separator >= text.Length || text[separator] is not ('=' or ':')
            || (text[separator] == ':' && (separator + 1 >= text.Length || text[separator + 1] is not (' ' or '\t'))))
        {
            return null;
        }

        var valueStart = SkipBlanks(text, separator + 1);
        form = text[separator] == ':' ? "it is written with a colon, which only npm dotenv reads"
            : separator != at || valueStart != separator + 1 ? "blanks stand around its '=', which shells do not take" : form;
        var (valueEnd, quote) = ReadValue(text, valueStart);
        return new(start == 0 && text[0] == ByteOrderMark ? 1 : start, valueStart, valueEnd, EndOfLine(text, valueEnd), quote, exported, form);
    }

    private static (int End, char Quote) ReadValue(string text, int start)
    {
        if (start < text.Length && text[start] is '"' or '\'' or '`')
        {
            var closing = Closing(text, start);

            // A quote that nothing closes, or that something follows on its line, is a character like any other.
            if (closing > 0 && IsBlankOrComment(text, closing + 1))
            {
                return (closing + 1, text[start]);
            }
        }

        var end = start;
        while (end < text.Length && text[end] is not ('\n' or '\r') && !(text[end] == '#' && end > start && text[end - 1] is ' ' or '\t'))
        {
            end++;
        }

        while (end > start && text[end - 1] is ' ' or '\t')
        {
            end--;
        }

        return (end, '\0');
    }

    private static int Closing(string text, int opening)
    {
        for (var at = opening + 1; at < text.Length; at++)
        {
            if (text[at] == text[opening])
            {
                return at;
            }

            if (text[at] == '\\' && text[opening] == '"')
            {
                at++;
            }
        }

        return -1;
    }

    private static bool IsBlankOrComment(string text, int at)
    {
        var next = SkipBlanks(text, at);
        return next >= text.Length || text[next] is '\r' or '\n' || (text[next] == '#' && next > at);
    }

    private static int SkipBlanks(string text, int at)
    {
        while (at < text.Length && text[at] is ' ' or '\t')
        {
            at++;
        }

        return at;
    }

    /// <summary>Behind the end of the line.</summary>
    private static int EndOfLine(string text, int at)
    {
        var end = text.IndexOf('\n', at);
        return end < 0 ? text.Length : end + 1;
    }
}
