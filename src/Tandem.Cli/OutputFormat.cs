using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

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
    private readonly Option<string> _format = new("--output", "-o") { HelpName = "table|json|tsv", Description = "How the data on standard output is written." };
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
                Console.Out.WriteLine(JsonSerializer.Serialize(value, type));
                break;
            case OutputFormat.Tsv:
                foreach (var row in rows)
                {
                    Console.Out.WriteLine(string.Join('\t', row.Select(cell => cell.ReplaceLineEndings(" ").Replace('\t', ' '))));
                }

                break;
            default:
                Print.Table(rows);
                break;
        }
    }
}
