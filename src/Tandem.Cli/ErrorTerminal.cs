using System.CommandLine;
using Tandem.Client;

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
    public void Line(params ReadOnlySpan<Tinted> parts)
    {
        Clear();
        Screen.Error.Show([.. parts, "\n"]);
    }

    /// <summary>A line that the next one replaces; on no terminal it is a line like any other.</summary>
    public void Passing(params ReadOnlySpan<Tinted> parts)
    {
        if (!IsTerminal || Environment.GetEnvironmentVariable("TERM") is "dumb")
        {
            Line(parts);
            return;
        }

        Clear();
        var left = Math.Max(20, Width() - 1);
        foreach (var (text, colour) in parts)
        {
            var line = WireText.Line(text);
            var shown = line.Length <= left ? line : left > 0 ? line[..(left - 1)] + "…" : "";
            Screen.Error.Show(new Tinted(shown, colour));
            left -= shown.Length;
        }

        _lineIsOpen = true;
    }

    /// <summary>Takes a passing line away.</summary>
    public void Clear()
    {
        if (_lineIsOpen)
        {
            Screen.Error.Send("\r\e[K");
            _lineIsOpen = false;
        }
    }

    public Tinted Good(string text) => Colour(text, 32);

    public Tinted Bad(string text) => Colour(text, 31);

    public Tinted Doubtful(string text) => Colour(text, 33);

    public Tinted Quiet(string text) => Colour(text, 2);

    /// <summary>Columns of the terminal; 120 where there is none.</summary>
    public static int Width() => TerminalWidth.OfError ?? 120;

    private Tinted Colour(string text, int code) => new(text, IsColoured ? code : 0);
}
