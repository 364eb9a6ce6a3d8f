using System.Globalization;

namespace Tandem.Server.Api;

/// <summary>Twilio's two spellings of a time. Clients fail on a fraction of a second, on <c>+00:00</c> and on the other API's spelling.</summary>
internal static class TwilioDates
{
    /// <summary>On <c>/v1</c>: <c>2015-07-30T20:00:00Z</c>.</summary>
    public static string Iso(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>On <c>/2010-04-01</c>: <c>Thu, 30 Jul 2015 20:00:00 +0000</c>.</summary>
    public static string Rfc2822(DateTimeOffset time) =>
        time.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture);
}
