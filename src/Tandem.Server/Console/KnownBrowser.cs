using System.Globalization;
using Tandem.Server.People;

namespace Tandem.Server.Console;

/// <summary>
/// Marks a browser that has signed in as a user before, so that strangers who guess at that name do not make its owner wait. It proves nothing
/// else: name and password are asked for all the same.
/// </summary>
internal static class KnownBrowser
{
    private const string Purpose = "known browser";

    private static readonly TimeSpan Lasts = TimeSpan.FromDays(180);

    /// <summary>A try to sign in as this user, from where the request comes.</summary>
    public static Attempt Attempt(PageRequest page, string name)
    {
        var kept = name.Length > User.NameLimit ? name[..User.NameLimit] : name;
        return new(kept, Throttle.SourceOf(page.Http.Connection.RemoteIpAddress).ToString(CultureInfo.InvariantCulture), Find(page, kept));
    }

    /// <summary>Remembers that this browser has signed in as this user.</summary>
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
