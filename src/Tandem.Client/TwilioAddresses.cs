namespace Tandem.Client;

/// <summary>Where the two halves of the API live that token changes need.</summary>
/// <param name="Accounts">Serves <c>/v1/AuthTokens</c>.</param>
/// <param name="Api">Serves <c>/2010-04-01/Accounts</c>.</param>
/// <param name="Serverless">Serves <c>/v1/Services</c>: variables of Twilio Functions; null where there are none.</param>
public sealed record TwilioAddresses(Uri Accounts, Uri Api, Uri? Serverless)
{
    /// <summary>
    /// Twilio itself, by its rule for regions and edges: <c>product.edge.region.twilio.com</c>, where an edge without a region is one of <c>us1</c>.
    /// </summary>
    /// <param name="region">A region such as <c>ie1</c>; null for the default.</param>
    /// <param name="edge">An edge such as <c>dublin</c>; null for the default.</param>
    /// <exception cref="ArgumentException">One of them is no plain name: it would become another host.</exception>
    public static TwilioAddresses Twilio(string? region = null, string? edge = null)
    {
        Check(region, nameof(region));
        Check(edge, nameof(edge));
        var middle = (edge, region) switch
        {
            (null, null) => "",
            (null, _) => $"{region}.",
            (_, null) => $"{edge}.us1.",
            _ => $"{edge}.{region}.",
        };
        return new(new($"https://accounts.{middle}twilio.com"), new($"https://api.{middle}twilio.com"), new($"https://serverless.{middle}twilio.com"));
    }

    /// <summary>A server that serves Twilio's paths at one address.</summary>
    public static TwilioAddresses At(Uri server) => new(server, server, null);

    private static void Check(string? name, string parameter)
    {
        if (name is not null && (name.Length is 0 or > 32 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')))
        {
            throw new ArgumentException($"'{name}' is no name of a {parameter}: letters, digits and hyphens.", parameter);
        }
    }
}
