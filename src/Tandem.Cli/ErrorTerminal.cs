using System.CommandLine;

namespace Tandem.Cli;

/// <summary>Standard error as people see it: whether it is a terminal, how wide, and whether it may be coloured.</summary>
internal sealed class ErrorTerminal(bool noColor)
{
    private bool _lineIsOpen;

    public static Option<bool> NoColorOption() => new("--no-color") { Description = "No colours. NO_COLOR, and TERM=dumb, do the same." };

    public bool IsTerminal { get; } = !Console.IsErrorRedirected;

    private bool IsColoured { get; } = MayColour(Console.IsErrorRedirected, noColor);

    /// <summary>Whether colours are wanted on a stream.</summary>
    /// <param name="isRedirected">Whether the stream is no terminal.</param>
    /// <param name="noColor">Whether the command line says that they are not.</param>
    public static bool MayColour(bool isRedirected, bool noColor) => !noColor
        && Environment.GetEnvironmentVariable("NO_COLOR") is null or ""
        && (Environment.GetEnvironmentVariable("FORCE_COLOR") is { Length: > 0 }
            || (!isRedirected && Environment.GetEnvironmentVariable("TERM") is not "dumb"));

    /// <summary>A line that stays.</summary>
    public void Line(string text)
    {
        Clear();
        Console.Error.WriteLine(text);
    }

    /// <summary>A line that the next one replaces; on no terminal it is a line like any other.</summary>
    public void Passing(string text)
    {
        if (!IsTerminal || Environment.GetEnvironmentVariable("TERM") is "dumb")
        {
            Console.Error.WriteLine(text);
            return;
        }

        Clear();
        var width = Math.Max(20, Width() - 1);
        Console.Error.Write(text.Length <= width ? text : text[..(width - 1)] + "…");
        _lineIsOpen = true;
    }

    /// <summary>Takes a passing line away.</summary>
    public void Clear()
    {
        if (_lineIsOpen)
        {
            Console.Error.Write("\r\u001b[K");
            _lineIsOpen = false;
        }
    }

    public string Good(string text) => Colour(text, 32);

    public string Bad(string text) => Colour(text, 31);

    public string Doubtful(string text) => Colour(text, 33);

    public string Quiet(string text) => Colour(text, 2);

    /// <summary>Columns of the terminal; 120 where there is none.</summary>
    public static int Width() => TerminalWidth.OfError ?? 120;

    private string Colour(string text, int code) => IsColoured ? $"\u001b[{code}m{text}\u001b[0m" : text;
}
