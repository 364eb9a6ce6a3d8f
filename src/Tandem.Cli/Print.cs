using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tandem.Client;

namespace Tandem.Cli;

/// <summary>What goes to standard output, for people and for machines.</summary>
internal static class Print
{
    private static readonly TandemJson s_indented = new(new JsonSerializerOptions(TandemJson.Default.Options) { WriteIndented = true });

    /// <summary>One JSON document.</summary>
    public static void Json<T>(T value) =>
        Console.Out.WriteLine(JsonSerializer.Serialize(value, (JsonTypeInfo<T>)s_indented.GetTypeInfo(typeof(T))!));

    /// <summary>One JSON document on one line.</summary>
    public static void JsonLine<T>(T value) =>
        Console.Out.WriteLine(JsonSerializer.Serialize(value, (JsonTypeInfo<T>)TandemJson.Default.GetTypeInfo(typeof(T))!));

    /// <summary>One JSON document, less the token, which went elsewhere.</summary>
    public static void JsonWithoutToken<T>(T value)
    {
        var document = JsonSerializer.SerializeToNode(value, (JsonTypeInfo<T>)s_indented.GetTypeInfo(typeof(T))!)!.AsObject();
        document.Remove("auth_token");
        Console.Out.WriteLine(document.ToJsonString(s_indented.Options));
    }

    /// <summary>Columns two blanks apart, each as wide as its widest cell.</summary>
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
        var widths = Enumerable.Range(0, rows[0].Length).Select(i => rows.Max(r => r[i].Length)).ToArray();
        return rows.Select(row => string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
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
}
