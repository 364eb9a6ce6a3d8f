using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tandem.Client;

namespace Tandem.Cli;

/// <summary>How data is written to standard output.</summary>
internal enum OutputFormat
{
    /// <summary>Columns for people.</summary>
    Table,

    /// <summary>JSON; for what happens bit by bit, an object a line.</summary>
    Json,

    /// <summary>Values between tabs, a row a line, names in the first.</summary>
    Tsv,
}

/// <summary>The two options that choose the format, and what is written by it.</summary>
internal sealed class Output
{
    private readonly Option<string> _format = new("--output", "-o") { HelpName = "table|json|tsv", Description = "How the data on standard output is written. [default: table]" };
    private readonly Option<bool> _json = new("--json") { Description = "The same as -o json." };

    public Output() => _format.AcceptOnlyFromAmong("table", "json", "tsv");

    public void AddTo(Command command)
    {
        command.Add(_format);
        command.Add(_json);
    }

    public OutputFormat Of(ParseResult parsed) =>
        parsed.GetValue(_json) || parsed.GetValue(_format) is "json" ? OutputFormat.Json
        : parsed.GetValue(_format) is "tsv" ? OutputFormat.Tsv
        : OutputFormat.Table;

    /// <summary>Writes rows, the names of the columns first; or the value as JSON.</summary>
    public static void Write<T>(OutputFormat format, T value, JsonTypeInfo<T> type, IReadOnlyList<string[]> rows)
    {
        switch (format)
        {
            case OutputFormat.Json:
                Print.Json(value, type);
                break;
            case OutputFormat.Tsv:
                foreach (var row in rows)
                {
                    Print.TabbedLine(row);
                }

                break;
            default:
                Print.Table(rows);
                break;
        }
    }

    /// <summary>The same of what a server answered.</summary>
    public static void Write<T>(OutputFormat format, T answer, IReadOnlyList<string[]> rows) => Write(format, answer, TypeOf<T>(), rows);

    /// <summary>Writes one thing: for people a line for each of its values.</summary>
    public static void WriteOne<T>(OutputFormat format, T value, JsonTypeInfo<T> type, IReadOnlyList<(string Name, string Value)> fields)
    {
        if (format == OutputFormat.Table)
        {
            Print.Fields(fields);
            return;
        }

        Write(format, value, type, [[.. fields.Select(f => f.Name.ToUpperInvariant())], [.. fields.Select(f => f.Value)]]);
    }

    /// <summary>Writes how something ended that told of itself all the while: for people a sentence, and of JSON one more line.</summary>
    public static void WriteSentence<T>(OutputFormat format, T value, JsonTypeInfo<T> type, string sentence, IReadOnlyList<(string Name, string Value)> fields)
    {
        if (format == OutputFormat.Table)
        {
            Console.Out.WriteLine(sentence);
        }
        else if (format == OutputFormat.Json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(value, type));
        }
        else
        {
            WriteOne(format, value, type, fields);
        }
    }

    /// <summary>The same of what a server answered.</summary>
    public static void WriteOne<T>(OutputFormat format, T answer, IReadOnlyList<(string Name, string Value)> fields) => WriteOne(format, answer, TypeOf<T>(), fields);

    private static JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>)TandemJson.Default.GetTypeInfo(typeof(T))!;
}
