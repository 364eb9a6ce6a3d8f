using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using Microsoft.AspNetCore.Html;
using RazorSlices;

namespace Tandem.Server.Console;

/// <summary>A page in the console's frame, and the small parts that pages are made of. Every text is encoded on its way into the markup.</summary>
/// <typeparam name="TModel">What it shows.</typeparam>
public abstract class Page<TModel> : RazorSlice<TModel>, IUsesLayout<Pages._Layout, PageModel>
    where TModel : PageModel
{
    /// <inheritdoc />
    public PageModel LayoutModel => Model;

    /// <summary>A moment: how long ago, with the exact time for whoever points at it or comes to it by keyboard.</summary>
    /// <param name="at">The moment.</param>
    protected IHtmlContent Time(DateTimeOffset at) => Parts.Time(at, Model.Frame.Now);

    /// <summary>A status by shape, word and colour.</summary>
    /// <param name="tone">The colour and the shape.</param>
    /// <param name="word">The word.</param>
    protected static IHtmlContent Status(Tone tone, string word) => Parts.Status(tone, word);

    /// <summary>What every form begins with.</summary>
    protected IHtmlContent FormToken() => Parts.FormToken(Model.Frame);

    /// <summary>A note before or among the contents.</summary>
    /// <param name="tone">How it stands.</param>
    /// <param name="text">The sentence.</param>
    protected static IHtmlContent Note(Tone tone, string text) => Parts.Note(tone, text);

    /// <summary>What is wrong with a field, below it; nothing when nothing is. The field names it with <c>aria-describedby</c>.</summary>
    /// <param name="field">The field's id.</param>
    /// <param name="wrong">What is wrong; null when nothing is.</param>
    protected static IHtmlContent Wrong(string field, string? wrong) => Parts.Wrong(field, wrong);

    /// <summary>A line of a terminal, with a button that copies it where the browser has scripts.</summary>
    /// <param name="line">The line.</param>
    protected static IHtmlContent Command(string line) => Parts.Command(line);
}

/// <summary>How something stands.</summary>
public enum Tone
{
    /// <summary>As it should be.</summary>
    Good,

    /// <summary>Needs an eye.</summary>
    Warn,

    /// <summary>Is broken, or will be.</summary>
    Bad,

    /// <summary>Nothing is known, or nothing goes on.</summary>
    Idle,
}

/// <summary>The parts, for whoever writes markup.</summary>
internal static class Parts
{
    /// <summary>Leaves letters of all scripts as they are and escapes what markup is made of.</summary>
    public static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    public static IHtmlContent Time(DateTimeOffset at, DateTimeOffset now)
    {
        return new HtmlString($"<time datetime=\"{at:yyyy-MM-dd'T'HH:mm:ss'Z'}\" title=\"{Exact(at)}\" tabindex=\"0\">{Relative(at, now)}</time>");
    }

    /// <summary><c>24 Nov 2026 09:00:00 UTC</c>.</summary>
    public static string Exact(DateTimeOffset at) => at.ToString("d MMM yyyy HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    public static IHtmlContent Status(Tone tone, string word)
    {
        var (kind, shape) = tone switch
        {
            Tone.Good => ("good", "●"),
            Tone.Warn => ("warn", "▲"),
            Tone.Bad => ("bad", "■"),
            _ => ("idle", "○"),
        };
        return new HtmlString($"<span class=\"status {kind}\"><span class=\"shape\" aria-hidden=\"true\">{shape}</span>{Encoder.Encode(word)}</span>");
    }

    public static IHtmlContent Note(Tone tone, string text)
    {
        var (kind, sign) = tone switch
        {
            Tone.Good => ("done", "✓"),
            Tone.Warn => ("warn", "▲"),
            Tone.Bad => ("bad", "■"),
            _ => ("", "i"),
        };
        var role = tone is Tone.Warn or Tone.Bad ? "alert" : "status";
        return new HtmlString($"<div class=\"note {kind}\" role=\"{role}\"><span class=\"sign\" aria-hidden=\"true\">{sign}</span><div>{Encoder.Encode(text)}</div></div>");
    }

    public static IHtmlContent Wrong(string field, string? wrong) =>
        wrong is null ? HtmlString.Empty : new HtmlString($"<p class=\"wrong\" id=\"{field}-wrong\"><span aria-hidden=\"true\">■ </span>{Encoder.Encode(wrong)}</p>");

    public static IHtmlContent FormToken(Frame frame) =>
        new HtmlString($"<input type=\"hidden\" name=\"{Console.FormToken.Field}\" value=\"{Encoder.Encode(frame.FormToken.Value)}\">");

    public static IHtmlContent Command(string line) =>
        new HtmlString($"<div class=\"copy\" data-copy><code>{Encoder.Encode(line)}</code></div>");

    /// <summary>In the largest unit that is at least two: <c>3 days ago</c>, <c>in 20 minutes</c>, <c>just now</c>.</summary>
    public static string Relative(DateTimeOffset at, DateTimeOffset now, string soon = "just now")
    {
        var span = (now - at).Duration();
        var amount = span < TimeSpan.FromSeconds(10) ? null : Spans.Text(span);
        return amount is null ? soon : at <= now ? $"{amount} ago" : $"in {amount}";
    }
}
