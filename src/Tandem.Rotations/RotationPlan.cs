using Tandem.Rotations.Destinations;

namespace Tandem.Rotations;

/// <summary>What must be known before the old token is ended.</summary>
public enum WatchRequirement
{
    /// <summary>Everyone who used the old token was seen on the new one since.</summary>
    All,

    /// <summary>Nobody is known to use the old token any more; who is merely silent does not count.</summary>
    Known,

    /// <summary>Nothing: it is ended when the soak is over.</summary>
    None,
}

/// <summary>When the old token may be ended.</summary>
public sealed record WatchPlan
{
    /// <summary>At least so long after the last delivery; null for the target's default: ten minutes on Twilio, nothing on Tandem, whose verdict has a quiet time of its own.</summary>
    public TimeSpan? Soak { get; init; }

    /// <summary>What must be known.</summary>
    public WatchRequirement Require { get; init; } = WatchRequirement.All;
}

/// <summary>A rotation as its owner has written it down: whose token, where it goes, when the old one may end.</summary>
public sealed record RotationPlan
{
    /// <summary>Where it was read, for messages; null when it was not read from a file.</summary>
    public string? Source { get; init; }

    /// <summary>The account; null when the plan does not say.</summary>
    public string? AccountSid { get; init; }

    /// <summary>The address of the Tandem server, <c>twilio</c> for Twilio itself, or null when the plan does not say.</summary>
    public string? Server { get; init; }

    /// <summary>A file with the token in force; null when the plan does not say.</summary>
    public string? TokenFile { get; init; }

    /// <summary>When the old token may be ended.</summary>
    public WatchPlan Watch { get; init; } = new();

    /// <summary>Where the new token goes, in this order.</summary>
    public IReadOnlyList<PlannedDestination> Destinations { get; init; } = [];

    /// <summary>What the plan says of subaccounts, by SID: labels to choose by, and to name places with.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Labels { get; init; } = new Dictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);

    /// <summary>An env file outside a plan: its <c>TWILIO_AUTH_TOKEN</c> gets the new token.</summary>
    public static PlannedDestination Dotenv(string path) => new(
        new DotenvDestination(new(Path.GetFullPath(path)), new Dictionary<string, TokenRole>(StringComparer.Ordinal) { ["TWILIO_AUTH_TOKEN"] = TokenRole.New }),
        after: null, verify: null, webhooks: null);
}
