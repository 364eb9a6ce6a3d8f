namespace Tandem.Server.Console;

/// <summary>
/// What a page shows that asks before something is done. The form it holds is sent to the same path as the page; a page with
/// <see cref="TypeThis"/> is answered by a handler that looks at it with <see cref="IsTyped"/>.
/// </summary>
/// <param name="Title">The question.</param>
/// <param name="Consequence">What will have changed, in a sentence or two.</param>
/// <param name="Button">The word on the button: what is done, never "OK".</param>
/// <param name="Back">Where "Cancel" leads.</param>
public sealed record ConfirmModel(string Title, string Consequence, string Button, string Back) : PageModel(Title)
{
    /// <summary>The name of the field in which <see cref="TypeThis"/> is typed.</summary>
    public const string TypedField = "typed";

    /// <inheritdoc />
    public override bool IsNarrow => true;

    /// <summary>Where the form goes; null for the page's own path.</summary>
    public string? Action { get; init; }

    /// <summary>Whether something stops working or is lost.</summary>
    public bool IsDanger { get; init; }

    /// <summary>Who or what is touched, a line each.</summary>
    public IReadOnlyList<ConfirmLine> Lines { get; init; } = [];

    /// <summary>What is to be typed before it is done; null when nothing is.</summary>
    public string? TypeThis { get; init; }

    /// <summary>Fields that go with the form.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Fields { get; init; } = [];

    /// <summary>The same in a terminal; null when there is no such verb.</summary>
    public string? Command { get; init; }

    /// <summary>What was wrong; null at first.</summary>
    public string? Wrong { get; init; }

    /// <summary>Whether what was to be typed was typed, capitals and blanks around it aside.</summary>
    internal static bool IsTyped(PageRequest page, string typeThis) =>
        page.Field(TypedField).Equals(typeThis.Trim(), StringComparison.OrdinalIgnoreCase);
}

/// <summary>Who or what is touched.</summary>
/// <param name="Tone">How hard.</param>
/// <param name="What">Its name.</param>
/// <param name="Effect">What will happen to it.</param>
public sealed record ConfirmLine(Tone Tone, string What, string Effect);
