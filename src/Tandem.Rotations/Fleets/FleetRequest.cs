namespace Tandem.Rotations.Fleets;

/// <summary>Rotations of many subaccounts of one parent.</summary>
public sealed record FleetRequest
{
    /// <summary>Who makes the tokens.</summary>
    public required Issuer Issuer { get; init; }

    /// <summary>The parent's token: it lists the subaccounts and, on Tandem, rotates those whose own token nobody holds.</summary>
    public required HeldToken Parent { get; init; }

    /// <summary>What the plan says of the subaccounts.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Labels { get; init; } = new Dictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);

    /// <summary>Which of them.</summary>
    public required FleetSelection Selection { get; init; }

    /// <summary>The rotation of one of them.</summary>
    public required Func<FleetMember, RotationRequest> RequestFor { get; init; }

    /// <summary>How many go first, one after the other; the others begin when these are done.</summary>
    public int Canary { get; init; } = 1;

    /// <summary>How many run at a time.</summary>
    public int Parallel { get; init; } = 4;

    /// <summary>The least time between two beginnings.</summary>
    public TimeSpan Pace { get; init; }

    /// <summary>Who starts it: <c>ada@host</c>.</summary>
    public required string StartedBy { get; init; }
}
