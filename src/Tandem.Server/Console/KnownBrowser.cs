using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Tandem.Server.People;

namespace Tandem.Server.Console;

/// <summary>
/// Marks a browser that has signed in as a user before, so that strangers who guess at that name do not make its owner wait. It proves nothing
/// else: name and password are asked for all the same.
/// </summary>
internal static class KnownBrowser
{
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
        var value = string.Create(CultureInfo.InvariantCulture, $"{page.Now.ToUnixTimeSeconds()} {id} {name}");
        ConsoleCookies.Write(page.Http, ConsoleCookies.Device, Protector(page).Protect(value), Lasts);
    }

    private static string? Find(PageRequest page, string name)
    {
        if (ConsoleCookies.Read(page.Http, ConsoleCookies.Device) is not { Length: > 0 and < 1_000 } value)
        {
            return null;
        }

        try
        {
            var parts = Protector(page).Unprotect(value).Split(' ', 3);
            var since = DateTimeOffset.FromUnixTimeSeconds(long.Parse(parts[0], CultureInfo.InvariantCulture));
            return page.Now - since < Lasts && string.Equals(parts[2], name, StringComparison.Ordinal) ? parts[1] : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static IDataProtector Protector(PageRequest page) => page.Get<IDataProtectionProvider>().CreateProtector("known browser");
}
