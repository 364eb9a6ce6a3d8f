namespace Tandem;

/// <summary>What a call says about its caller. The numbers are what is stored.</summary>
public enum CallKind : byte
{
    /// <summary>A check by <c>/auth/*</c>: somebody uses the token in earnest. Only these decide readiness.</summary>
    Evidence = 2,

    /// <summary>A call on Twilio's paths or our own API, such as a rotation makes itself: counted apart.</summary>
    Control = 3,

    /// <summary>A check that was refused because the primary is paused: evidence like any, of somebody whom a promote would break.</summary>
    Paused = 4,
}

/// <summary>
/// One call with a credential, as it is handed to the counting. A value: passing it on costs no allocation. It never holds a token, and it
/// lives in memory alone.
/// </summary>
public readonly struct Sighting
{
    /// <summary>The account asked for.</summary>
    public AccountSid Sid { get; init; }

    /// <summary>Which token it was; null when the credential was refused.</summary>
    public Slot? Slot { get; init; }

    /// <summary>The account's generation when the token matched; 0 when it was refused.</summary>
    public long Generation { get; init; }

    /// <summary>
    /// The keyed hash of what was presented, so that late use of a retired token can be told; set for refusals alone.
    /// </summary>
    public VerifierValue Digest { get; init; }

    /// <summary>The caller's address, behind trusted proxies.</summary>
    public ClientNetwork Source { get; init; }

    /// <summary>The route or host as the proxy reports it; null when it reports none. Not a path: paths hold ids, and each would be a consumer.</summary>
    public string? Route { get; init; }

    /// <summary>Which client library, read from <c>User-Agent</c>.</summary>
    public ClientFamily Client { get; init; }

    /// <summary>What the caller calls itself (<c>X-Client-Name</c>); null when it does not.</summary>
    public string? ClientName { get; init; }

    /// <summary>Whether it is evidence or a control call.</summary>
    public CallKind Kind { get; init; }

    /// <summary>When, in whole seconds since 1970.</summary>
    public uint Second { get; init; }
}
