using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace Tandem.Server.Console;

/// <summary>A text that a browser keeps for us and gives back: unreadable and unalterable to it, for one purpose, and good for a while.</summary>
internal static class Ticket
{
    public static string Create(PageRequest page, string purpose, string text) =>
        Protector(page, purpose).Protect(string.Create(CultureInfo.InvariantCulture, $"{page.Now.ToUnixTimeSeconds()} {text}"));

    /// <summary>The text; null when the ticket is none of ours for this purpose, or older than <paramref name="lasts"/>.</summary>
    public static string? Read(PageRequest page, string purpose, string ticket, TimeSpan lasts)
    {
        try
        {
            var parts = Protector(page, purpose).Unprotect(ticket).Split(' ', 2);
            var since = DateTimeOffset.FromUnixTimeSeconds(long.Parse(parts[0], CultureInfo.InvariantCulture));
            return SteadyTime.Apart(page.Now, since) < lasts ? parts[1] : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static IDataProtector Protector(PageRequest page, string purpose) => page.Get<IDataProtectionProvider>().CreateProtector(purpose);
}
