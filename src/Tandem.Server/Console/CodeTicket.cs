using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Tandem.Server.People;

namespace Tandem.Server.Console;

/// <summary>Says on the page for the code whose password was right a moment ago: sealed, for five minutes, and void with another password.</summary>
internal static class CodeTicket
{
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(5);

    public static string Create(PageRequest page, User user) =>
        Protector(page).Protect(string.Create(CultureInfo.InvariantCulture, $"{page.Now.ToUnixTimeSeconds()} {user.Name} {OneTimeSecret.Hash(user.PasswordHash)}"));

    /// <summary>Whose, and which password it was (<see cref="SignIn.ProveCodeAsync"/>); null when it is none, or too old.</summary>
    public static (string Name, string Password)? Read(PageRequest page, string ticket)
    {
        try
        {
            var parts = Protector(page).Unprotect(ticket).Split(' ', 3);
            var since = DateTimeOffset.FromUnixTimeSeconds(long.Parse(parts[0], CultureInfo.InvariantCulture));
            return page.Now - since < Lasts ? (parts[1], parts[2]) : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static IDataProtector Protector(PageRequest page) => page.Get<IDataProtectionProvider>().CreateProtector("code ticket");
}
