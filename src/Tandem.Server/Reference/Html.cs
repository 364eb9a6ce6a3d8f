using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;

namespace Tandem.Server.Reference;

/// <summary>A piece of a page. Text that is interpolated into one is encoded, so that no value becomes markup; other pieces are not.</summary>
internal readonly record struct Html
{
    private readonly string? _markup;

    private Html(string markup) => _markup = markup;

    /// <summary>A piece with values in it.</summary>
    public static Html Of(Pieces pieces) => new(pieces.ToString());

    /// <summary>What the program itself holds as markup.</summary>
    public static Html Constant(string markup) => new(markup);

    /// <summary>Pieces one after the other.</summary>
    public static Html Join(IEnumerable<Html> pieces) => new(string.Concat(pieces));

    /// <summary>Words: what stands between backticks as code.</summary>
    public static Html Words(string text) =>
        Join(text.Split('`').Select((part, i) => i % 2 == 0 ? Of($"{part}") : Of($"<code>{part}</code>")));

    /// <summary>Paragraphs between empty lines; lines that begin with <c>- </c> as a list.</summary>
    public static Html Prose(string text) =>
        Join(text.ReplaceLineEndings("\n").Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(block =>
            block.StartsWith("- ", StringComparison.Ordinal)
                ? Of($"<ul>{Join(block.Split('\n').Select(line => Of($"<li>{Words(line[2..])}</li>")))}</ul>\n")
                : Of($"<p>{Words(block)}</p>\n")));

    public override string ToString() => _markup ?? "";

    /// <summary>Takes the pieces of an interpolated text.</summary>
    [InterpolatedStringHandler]
    public readonly struct Pieces
    {
        private readonly StringBuilder _text;

        public Pieces(int literalLength, int formattedCount) => _text = new(literalLength + (formattedCount * 16));

        public void AppendLiteral(string text) => _text.Append(text);

        public void AppendFormatted(string? text) => _text.Append(HtmlEncoder.Default.Encode(text ?? ""));

        public void AppendFormatted(Html piece) => _text.Append(piece);

        public override string ToString() => _text.ToString();
    }
}
