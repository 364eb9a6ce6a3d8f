using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tandem.Client;

namespace Tandem.Cli;

/// <summary>What goes to standard output, for people and for machines.</summary>
internal static class Print
{
    /// <summary>One JSON document.</summary>
    public static void Json<T>(T value, JsonTypeInfo<T> type) => Document(writer => JsonSerializer.Serialize(writer, value, type));

    /// <summary>One JSON document on one line.</summary>
    public static void JsonLine<T>(T value) =>
        Console.Out.WriteLine(JsonSerializer.Serialize(value, (JsonTypeInfo<T>)TandemJson.Default.GetTypeInfo(typeof(T))!));

    /// <summary>One JSON document, less the token, which went elsewhere.</summary>
    public static void JsonWithoutToken<T>(T value)
    {
        var document = JsonSerializer.SerializeToNode(value, (JsonTypeInfo<T>)TandemJson.Default.GetTypeInfo(typeof(T))!)!.AsObject();
        document.Remove("auth_token");
        Document(writer => document.WriteTo(writer));
    }

    /// <summary>Values between tabs; what would break the line is a blank.</summary>
    public static void TabbedLine(IEnumerable<string> row) => Console.Out.WriteLine(string.Join('\t', row.Select(WireText.Line)));

    /// <summary>Columns two blanks apart, each as wide as its widest cell; on a terminal that is too narrow for them, a line for each value.</summary>
    public static void Table(IReadOnlyList<string[]> rows)
    {
        foreach (var line in Lines(rows))
        {
            Console.Out.WriteLine(line);
        }
    }

    /// <summary>The lines of such a table.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<string[]> rows)
    {
        var lines = Columns(rows).ToList();
        return rows.Count > 1 && lines.Max(l => l.Length) > (TerminalWidth.OfOutput ?? int.MaxValue) ? Blocks(rows) : lines;
    }

    /// <summary>A name and its value a line.</summary>
    public static void Fields(IReadOnlyList<(string Name, string Value)> fields)
    {
        foreach (var line in Columns([.. fields.Select(f => new[] { f.Name, f.Value })]))
        {
            Console.Out.WriteLine(line);
        }
    }

    /// <summary>A text in lines that fit the terminal behind so many blanks; of 120 columns where there is no terminal. Words stay whole.</summary>
    public static IEnumerable<string> Wrap(string text, int indent)
    {
        var width = Math.Max(24, (TerminalWidth.OfOutput ?? 120) - indent);
        var line = "";
        foreach (var word in WireText.Line(text).Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = "";
            }

            line += line.Length == 0 ? word : " " + word;
        }

        yield return line;
    }

    /// <summary>A span of time in its largest unit: <c>3 days</c>.</summary>
    public static string Span(TimeSpan span) => span switch
    {
        { TotalDays: >= 2 } => $"{(int)span.TotalDays} days",
        { TotalHours: >= 2 } => $"{(int)span.TotalHours} hours",
        { TotalMinutes: >= 2 } => $"{(int)span.TotalMinutes} minutes",
        { TotalSeconds: < 1.5 } => "1 second",
        _ => $"{(int)span.TotalSeconds} seconds",
    };

    /// <summary>How long ago something was: <c>3 days ago</c>.</summary>
    public static string Ago(DateTimeOffset then, DateTimeOffset now) => now - then < TimeSpan.FromSeconds(1) ? "just now" : $"{Span(now - then)} ago";

    /// <summary>A moment as people and machines read it.</summary>
    public static string Time(DateTimeOffset at) => $"{at:yyyy-MM-dd'T'HH:mm:ss'Z'}";

    private static IEnumerable<string> Columns(IReadOnlyList<string[]> rows)
    {
        var lines = rows.Select(row => row.Select(WireText.Line).ToArray()).ToList();
        var widths = Enumerable.Range(0, rows[0].Length).Select(i => lines.Max(r => r[i].Length)).ToArray();
        return lines.Select(row => string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
    }

    private static IEnumerable<string> Blocks(IReadOnlyList<string[]> rows)
    {
        var width = rows[0].Max(name => name.Length);
        for (var i = 1; i < rows.Count; i++)
        {
            if (i > 1)
            {
                yield return "";
            }

            foreach (var (name, cell) in rows[0].Zip(rows[i]))
            {
                yield return WireText.Line($"{name.PadRight(width)}  {cell}".TrimEnd());
            }
        }
    }

    private static void Document(Action<Utf8JsonWriter> write)
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text, new() { Indented = true }))
        {
            write(writer);
        }

        Console.Out.WriteLine(Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length));
    }
}
