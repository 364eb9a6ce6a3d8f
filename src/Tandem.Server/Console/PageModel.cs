namespace Tandem.Server.Console;

/// <summary>What a page shows. Each page has a record of its own that extends this one.</summary>
/// <param name="Title">Its heading, which is the window's title too. Never a secret.</param>
public abstract record PageModel(string Title)
{
    /// <summary>The window, as the server fills it in.</summary>
    public Frame Frame { get; internal set; } = Frame.Empty;

    /// <summary>A page of one form, in the middle of the window.</summary>
    public virtual bool IsNarrow => false;

    /// <summary>Where the browser goes on to by itself, at once; null for nowhere.</summary>
    public virtual string? Refresh => null;
}

/// <summary>What surrounds every page.</summary>
public sealed record Frame
{
    internal static readonly Frame Empty = new();

    /// <summary>When the page was made; relative times count from it.</summary>
    public DateTimeOffset Now { get; init; }

    /// <summary>The path asked for, for the entry of the navigation that is marked.</summary>
    public string Path { get; init; } = "/";

    /// <summary>Goes into every form: without it no POST is taken. Made when the first form asks for it.</summary>
    public Lazy<string> FormToken { get; init; } = new("");

    /// <summary>Who has signed in; null for nobody.</summary>
    public User? User { get; init; }

    /// <summary>The navigation's entries that the user may see; empty for who has not signed in.</summary>
    public IReadOnlyList<NavEntry> Nav { get; init; } = [];

    /// <summary>What is said before everything else; null for nothing.</summary>
    public Note? Note { get; init; }

    /// <summary>The server's alarms that are up.</summary>
    public IReadOnlyList<string> Alarms { get; init; } = [];

    /// <summary>Whether the user's role is enough.</summary>
    public bool May(UserRole needed) => User?.Role >= needed;
}

/// <summary>An entry of the navigation.</summary>
/// <param name="Path">Where it leads, and what paths below it belong to it.</param>
/// <param name="Text">What it says.</param>
/// <param name="Role">The least role that sees it.</param>
public sealed record NavEntry(string Path, string Text, UserRole Role = UserRole.Viewer);
