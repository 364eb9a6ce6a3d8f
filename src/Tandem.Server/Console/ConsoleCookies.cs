using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Tandem.Server.Console;

/// <summary>
/// The console's cookies. Over TLS each is a <c>__Host-</c> cookie: from this host alone, for this host alone, never over plain HTTP. Always
/// hidden from scripts, and never sent along by another site's request, not even by a link.
/// </summary>
internal static class ConsoleCookies
{
    public const string Session = "tandem";
    public const string Device = "tandem-device";
    public const string Form = "tandem-form";
    public const string Note = "tandem-note";

    /// <summary>
    /// Whether the browser reaches the console over TLS: on this connection, by the word of a trusted proxy, or because the public address says so.
    /// </summary>
    public static bool IsSecure(HttpContext http) =>
        http.Request.IsHttps || http.RequestServices.GetRequiredService<TandemOptions>().PublicUrl is { Scheme: "https" };

    /// <summary>
    /// The value; null when it was not sent, and when it was sent twice: then another site of the same domain has set one of them. The
    /// framework's own collection ignores case, and some browsers guard the prefix in its usual case only.
    /// </summary>
    public static string? Read(HttpContext http, string name)
    {
        var start = $"{NameOf(http, name)}=";
        var sent = http.Request.Headers.Cookie
            .SelectMany(static header => header!.Split(';'))
            .Select(static cookie => cookie.Trim(' '))
            .Where(cookie => cookie.StartsWith(start, StringComparison.Ordinal))
            .Take(2)
            .ToList();
        return sent is [var one] ? one[start.Length..] : null;
    }

    /// <summary>Sets it: for so long, or with null until the browser is closed.</summary>
    public static void Write(HttpContext http, string name, string value, TimeSpan? lasts = null)
    {
        var cookie = Options(http);
        cookie.MaxAge = lasts;
        http.Response.Cookies.Append(NameOf(http, name), value, cookie);
    }

    /// <summary>Removes it.</summary>
    public static void Delete(HttpContext http, string name) => http.Response.Cookies.Delete(NameOf(http, name), Options(http));

    private static string NameOf(HttpContext http, string name) => IsSecure(http) ? $"__Host-{name}" : name;

    private static CookieOptions Options(HttpContext http) =>
        new() { Path = "/", HttpOnly = true, Secure = IsSecure(http), SameSite = SameSiteMode.Strict, IsEssential = true };
}
