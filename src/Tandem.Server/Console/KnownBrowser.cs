using Tandem.Server.People;

namespace Tandem.Server.Console;

/// <summary>
/// Marks a browser that has signed in as a user before, or has opened the user's one-time link, so that strangers who guess at that name do not
/// make its owner wait. It proves nothing else: name and password are still asked for.
/// </summary>
internal static class KnownBrowser
{
    private const string Purpose = "known browser";

    private static readonly TimeSpan Lasts = TimeSpan.FromDays(180);

    /// <summary>An attempt to prove to be this user, from where the request comes. The user's own session is as good as a known browser.</summary>
    public static Attempt Attempt(PageRequest page, string name)
    {
        var kept = name.Length > User.NameLimit ? name[..User.NameLimit] : name;
        var isSignedIn = page.IsSignedIn && string.Equals(page.SignedIn.User.Name, kept, StringComparison.Ordinal);
        var device = isSignedIn ? $"session {page.SignedIn.Session.Id}" : Find(page, kept);
        return People.Attempt.From(page.Http.Connection.RemoteIpAddress, kept, device);
    }

    /// <summary>Remembers that this browser is the user's.</summary>
    public static void Remember(PageRequest page, string name)
    {
        var id = Find(page, name) ?? OneTimeSecret.Hash(OneTimeSecret.Create());
        ConsoleCookies.Write(page.Http, ConsoleCookies.Device, Ticket.Create(page, Purpose, $"{id} {name}"), Lasts);
    }

    private static string? Find(PageRequest page, string name) =>
        ConsoleCookies.Read(page.Http, ConsoleCookies.Device) is { Length: > 0 and < 1_000 } value
        && Ticket.Read(page, Purpose, value, Lasts)?.Split(' ', 2) is [var id, var known] && string.Equals(known, name, StringComparison.Ordinal)
            ? id
            : null;
}
