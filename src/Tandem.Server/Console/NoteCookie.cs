using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Tandem.Server.Console;

/// <summary>What a page says before everything else: mostly what has just been done. Never a secret.</summary>
/// <param name="Tone">How it stands.</param>
/// <param name="Text">The sentence.</param>
public sealed record Note(Tone Tone, string Text)
{
    /// <summary>Something was done.</summary>
    public static Note Done(string text) => new(Tone.Good, text);

    /// <summary>Something needs an eye.</summary>
    public static Note Warn(string text) => new(Tone.Warn, text);
}

/// <summary>Carries a note over a redirect, in the browser and sealed, so that no link can make a page say something.</summary>
internal static class NoteCookie
{
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(1);

    public static void Write(HttpContext http, Note note) =>
        ConsoleCookies.Write(http, ConsoleCookies.Note, Protector(http).Protect($"{(int)note.Tone}{note.Text}"), Lasts);

    /// <summary>Reads the note that the browser brought, which is shown once.</summary>
    public static Note? Take(HttpContext http)
    {
        if (ConsoleCookies.Read(http, ConsoleCookies.Note) is not { Length: > 0 and < 2_000 } value)
        {
            return null;
        }

        ConsoleCookies.Delete(http, ConsoleCookies.Note);
        try
        {
            var text = Protector(http).Unprotect(value);
            return new((Tone)(text[0] - '0'), text[1..]);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static IDataProtector Protector(HttpContext http) => http.RequestServices.GetRequiredService<IDataProtectionProvider>().CreateProtector("note");
}
