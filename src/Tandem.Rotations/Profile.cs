namespace Tandem.Rotations;

/// <summary>An account that somebody works with, and where its token is kept: <c>[profile.NAME]</c> in the user's configuration.</summary>
public sealed record Profile
{
    /// <summary>What it is called.</summary>
    public required string Name { get; init; }

    /// <summary>The file it stands in.</summary>
    public required string Source { get; init; }

    /// <summary>The account; null when the profile does not say.</summary>
    public string? AccountSid { get; init; }

    /// <summary>The address of the Tandem server, <c>twilio</c> for Twilio itself, or null.</summary>
    public string? Server { get; init; }

    /// <summary>Twilio's region; null for none.</summary>
    public string? Region { get; init; }

    /// <summary>Twilio's edge; null for none.</summary>
    public string? Edge { get; init; }

    /// <summary>A file with the token in force; null for none.</summary>
    public string? TokenFile { get; init; }

    /// <summary>A program that prints the token in force; null for none.</summary>
    public SecretProgram? TokenCommand { get; init; }
}
