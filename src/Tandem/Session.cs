namespace Tandem;

/// <summary>
/// A browser that somebody has signed in with. It lives in the store alone, so that it can be ended there; the browser holds a random secret,
/// and the store that secret's hash.
/// </summary>
/// <param name="Id">The hash of the secret (<see cref="OneTimeSecret.Hash"/>).</param>
/// <param name="UserId">Whose it is.</param>
public sealed record Session(string Id, long UserId)
{
    /// <summary>How long it lasts without a request.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromHours(1);

    /// <summary>How long it lasts at most.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(12);

    /// <summary>How long a proof of who is there is good for what cannot be undone.</summary>
    public static readonly TimeSpan ProofLasts = TimeSpan.FromMinutes(10);

    /// <summary>When it was last seen is written this seldom.</summary>
    public static readonly TimeSpan SeenEvery = TimeSpan.FromMinutes(5);

    /// <summary>When it began.</summary>
    public required DateTimeOffset DateCreated { get; init; }

    /// <summary>When the person last proved who they are: at sign-in, and when asked again.</summary>
    public required DateTimeOffset Proved { get; init; }

    /// <summary>When it was last seen, up to <see cref="SeenEvery"/> late.</summary>
    public required DateTimeOffset LastSeen { get; init; }

    /// <summary>The client's address at its beginning.</summary>
    public required string Source { get; init; }

    /// <summary>The browser, in words.</summary>
    public required string Browser { get; init; }

    /// <summary>Whether it is still taken. It outlives a restart, so it goes by the calendar: see <see cref="SteadyTime.Apart"/>.</summary>
    public bool IsAlive(DateTimeOffset now) => SteadyTime.Apart(now, LastSeen) < Idle && SteadyTime.Apart(now, DateCreated) < Longest;

    /// <summary>Whether the person proved a short while ago who they are.</summary>
    public bool IsFresh(DateTimeOffset now) => SteadyTime.Apart(now, Proved) < ProofLasts;
}

/// <summary>A session and whose it is, read at one moment.</summary>
/// <param name="Session">The session.</param>
/// <param name="User">The user.</param>
public sealed record SignedIn(Session Session, User User);
