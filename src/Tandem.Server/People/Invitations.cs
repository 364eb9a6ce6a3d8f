namespace Tandem.Server.People;

/// <summary>One-time links with which somebody sets the own password.</summary>
internal static class Invitations
{
    /// <summary>Draws a link's secret, and what is kept of it.</summary>
    public static (Invitation Invitation, string Secret) Create(DateTimeOffset now)
    {
        var secret = OneTimeSecret.Create();
        return (new(OneTimeSecret.Hash(secret), now + Invitation.Lasts), secret);
    }

    /// <summary>The link. The secret is its fragment, which browsers send to nobody.</summary>
    public static string LinkOf(string origin, string secret) => $"{origin}/invitation#{secret}";
}
