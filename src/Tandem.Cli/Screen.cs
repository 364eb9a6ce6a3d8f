using System.Globalization;
using System.Text;
using Tandem.Client;

namespace Tandem.Cli;

/// <summary>A text and the colour that it is shown in: a number of the escape sequence SGR, 0 for none.</summary>
internal readonly record struct Tinted(string Text, int Colour = 0)
{
    public static implicit operator Tinted(string text) => new(text);
}

/// <summary>
/// Standard output or standard error as this program writes to it. Every text passes here, whatever its source, and control characters do not: neither
/// a server's answer nor a child's output nor a file can send a sequence to the terminal. This program's own sequences have a way of their own.
/// </summary>
internal sealed class Screen(TextWriter inner) : TextWriter
{
    /// <summary>Standard output.</summary>
    public static Screen Out { get; } = new(Console.Out);

    /// <summary>Standard error.</summary>
    public static Screen Error { get; } = new(Console.Error);

    public override Encoding Encoding => inner.Encoding;

    /// <summary>From here on the console is written to through these.</summary>
    public static void Install()
    {
        Console.SetOut(Out);
        Console.SetError(Error);
    }

    /// <summary>Sends an escape sequence of this program's own.</summary>
    public void Send(string sequence) => inner.Write(sequence);

    /// <summary>Writes texts in their colours.</summary>
    public void Show(params ReadOnlySpan<Tinted> parts)
    {
        var line = new StringBuilder();
        foreach (var (text, colour) in parts)
        {
            var clean = WireText.Lines(text);
            _ = colour == 0 || text.Length == 0 ? line.Append(clean) : line.Append(CultureInfo.InvariantCulture, $"\e[{colour}m").Append(clean).Append("\e[0m");
        }

        inner.Write(line.ToString());
    }

    public override void Write(char value) => inner.Write(WireText.Lines(value.ToString()));

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(ReadOnlySpan<char> buffer) => Write(new string(buffer));

    public override void Write(string? value) => inner.Write(value is null ? null : WireText.Lines(value));

    public override void WriteLine(string? value) => inner.WriteLine(value is null ? null : WireText.Lines(value));

    public override void Flush() => inner.Flush();
}
