using Microsoft.AspNetCore.Http;

namespace Tandem.Server.Console;

/// <summary>
/// The console's cookies. Over TLS each is a <c>__Host-</c> cookie: from this host alone, for this host alone, never over plain HTTP. Always
/// hidden from scripts, and never sent along by another site's request, not even by a link.
/// </summary>
internal static class ConsoleCookies
{
    public const string Session = "tandem";
    public const string Device = "tandem-device";
    public const string Note = "tandem-note";

    /// <summary>The value; null when it was not sent.</summary>
    public static string? Read(HttpContext http, string name) => http.Request.Cookies[NameOf(http, name)];

    /// <summary>Sets it: for so long, or with null until the browser is closed.</summary>
    public static void Write(HttpContext http, string name, string value, TimeSpan? lasts = null)
    {
        var cookie = Options(http);
        cookie.MaxAge = lasts;
        http.Response.Cookies.Append(NameOf(http, name), value, cookie);
    }

    /// <summary>Removes it.</summary>
    public static void Delete(HttpContext http, string name) => http.Response.Cookies.Delete(NameOf(http, name), Options(http));

    private static string NameOf(HttpContext http, string name) => http.Request.IsHttps ? $"__Host-{name}" : name;

    private static CookieOptions Options(HttpContext http) =>
        new() { Path = "/", HttpOnly = true, Secure = http.Request.IsHttps, SameSite = SameSiteMode.Strict, IsEssential = true };
}
