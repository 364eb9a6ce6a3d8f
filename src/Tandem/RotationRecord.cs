namespace Tandem;

/// <summary>How a rotation stands, as whoever runs it says. The numbers are what is stored.</summary>
public enum RotationProgress : byte
{
    /// <summary>It goes on right now.</summary>
    Running = 1,

    /// <summary>It was stopped, or failed, and can be gone on with.</summary>
    Stopped = 2,

    /// <summary>It is over: the old token is dead.</summary>
    Rotated = 3,

    /// <summary>It is over: it went back, and the old token is in force.</summary>
    Aborted = 4,
}

/// <summary>A place that a rotation delivers to, by its name; never what is in it.</summary>
/// <param name="Name">Its type and name: <c>dotenv /srv/billing/.env</c>.</param>
/// <param name="Progress">How far it is: <c>pending</c>, <c>delivering</c>, <c>delivered</c>, <c>rolled_back</c>, <c>tidied</c>.</param>
public sealed record RotationDestination(string Name, string Progress);

/// <summary>A step of a rotation.</summary>
/// <param name="Step">One of <see cref="RotationRecord.AllSteps"/>.</param>
/// <param name="Began">When this server was first told of it.</param>
public sealed record RotationStepTime(string Step, DateTimeOffset Began);

/// <summary>
/// What a rotation run elsewhere (<c>tandem rotate</c>) tells of itself, so that nobody begins another of the same account and people can
/// watch. It decides nothing: no change of a token looks at it. It holds no secret.
/// </summary>
public sealed record RotationRecord
{
    /// <summary>Heard nothing of for so long, a rotation that says it runs runs no more, and another may begin.</summary>
    public static readonly TimeSpan StaleAfter = TimeSpan.FromMinutes(2);

    /// <summary>The steps, in the words of the wire.</summary>
    public static readonly IReadOnlyList<string> AllSteps = ["creating", "delivering", "watching", "promoting", "settling", "verifying", "tidying", "rolling_back", "done"];

    /// <summary>What a destination may be, in the words of the wire.</summary>
    public static readonly IReadOnlyList<string> AllDestinationStates = ["pending", "delivering", "delivered", "rolled_back", "tidied"];

    /// <summary>Destinations of one rotation at most.</summary>
    public const int MostDestinations = 100;

    /// <summary>Characters of a text at most.</summary>
    public const int MostCharacters = 300;

    private const int MostSteps = 20;

    /// <summary>Tells it from another of the same account: 32 hexadecimal digits of its own choice.</summary>
    public required string Id { get; init; }

    /// <summary>By whom and where it is run: <c>ada@host</c>, as it says itself.</summary>
    public required string Owner { get; init; }

    /// <summary>When it was started, as it says itself.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>How it stands.</summary>
    public required RotationProgress Progress { get; init; }

    /// <summary>The step it is in.</summary>
    public required string Step { get; init; }

    /// <summary>The steps so far, the last one being where it is.</summary>
    public IReadOnlyList<RotationStepTime> Steps { get; init; } = [];

    /// <summary>The fingerprint of the token that it replaces; null when it does not say.</summary>
    public string? OldFingerprint { get; init; }

    /// <summary>The fingerprint of the token that it has made; null before.</summary>
    public string? NewFingerprint { get; init; }

    /// <summary>Where it delivers to.</summary>
    public IReadOnlyList<RotationDestination> Destinations { get; init; } = [];

    /// <summary>What it waits for, or why it was stopped: a line for people; null for nothing.</summary>
    public string? Message { get; init; }

    /// <summary>When it was last heard of.</summary>
    public DateTimeOffset Heard { get; init; }

    /// <summary>Whether it is over.</summary>
    public bool IsOver => Progress is RotationProgress.Rotated or RotationProgress.Aborted;

    /// <summary>Whether it runs: says so, and was heard of not long ago.</summary>
    public bool IsLive(DateTimeOffset now) => Progress == RotationProgress.Running && SteadyTime.Apart(now, Heard) < StaleAfter;

    /// <summary>Its approximate size in memory, in bytes.</summary>
    internal int Size =>
        500 + (2 * (Owner.Length + (Message?.Length ?? 0))) + (80 * Steps.Count) + Destinations.Sum(d => 100 + (2 * d.Name.Length));

    /// <summary>The same, heard of now: what it has told before of its steps is kept.</summary>
    internal RotationRecord After(RotationRecord? before, DateTimeOffset now)
    {
        var steps = before is not null && string.Equals(before.Id, Id, StringComparison.Ordinal) ? before.Steps : [];
        return this with
        {
            Heard = now,
            Steps = steps.Count > 0 && string.Equals(steps[^1].Step, Step, StringComparison.Ordinal) ? steps : [.. steps.TakeLast(MostSteps - 1), new(Step, now)],
        };
    }
}
