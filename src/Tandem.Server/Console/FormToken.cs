namespace Tandem.Server.Console;

/// <summary>
/// Shows that a form was given out by this console, to this browser and to this user: another site can neither read a token nor make one that
/// belongs to somebody else's cookie and name.
/// </summary>
internal static class FormToken
{
    /// <summary>The name of the field that holds it.</summary>
    public const string Field = "form-token";

    private const string Purpose = "form token";

    /// <summary>How long a page may be left open before its form is no longer accepted.</summary>
    private static readonly TimeSpan Lasts = TimeSpan.FromDays(7);

    /// <summary>Makes a token for the forms of one page, and marks the browser if it has no mark yet.</summary>
    public static string Create(PageRequest page)
    {
        var browser = BrowserOf(page);
        if (browser is null)
        {
            browser = OneTimeSecret.Create();
            ConsoleCookies.Write(page.Http, ConsoleCookies.Form, browser);
        }

        return Ticket.Create(page, Purpose, Holder(page, browser));
    }

    /// <summary>Whether the form that was sent holds a token of this browser and this user.</summary>
    public static bool IsValid(PageRequest page) =>
        BrowserOf(page) is { } browser
        && string.Equals(Ticket.Read(page, Purpose, page.Secret(Field), Lasts), Holder(page, browser), StringComparison.Ordinal);

    private static string? BrowserOf(PageRequest page) =>
        ConsoleCookies.Read(page.Http, ConsoleCookies.Form) is { Length: > 0 and < 100 } browser ? browser : null;

    private static string Holder(PageRequest page, string browser) => $"{browser} {(page.IsSignedIn ? page.SignedIn.User.Name : "")}";
}
