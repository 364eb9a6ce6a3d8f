namespace Tandem;

/// <summary>What a person may do in the console. Each role may all that the one before it may. The numbers are what is stored.</summary>
public enum UserRole : byte
{
    /// <summary>Sees everything but tokens, and changes nothing but the own password, second factor and sessions.</summary>
    Viewer = 2,

    /// <summary>Rotates tokens and decides about consumers.</summary>
    Operator = 3,

    /// <summary>Accounts, users and settings as well.</summary>
    Administrator = 4,
}

/// <summary>A person who signs in to the console. Not an account: accounts are what tokens belong to.</summary>
public sealed record User
{
    /// <summary>Characters of a name, at most.</summary>
    public const int NameLimit = 64;

    /// <summary>Its number in the store; 0 before it is stored.</summary>
    public long Id { get; init; }

    /// <summary>What the person signs in with and what audit entries say; see <see cref="IsName"/>.</summary>
    public required string Name { get; init; }

    /// <summary>What the person may do.</summary>
    public required UserRole Role { get; init; }

    /// <summary>The password's hash, as the framework's hasher writes it; empty when none was set yet.</summary>
    public string PasswordHash { get; init; } = "";

    /// <summary>The second factor; null when there is none.</summary>
    public SecondFactor? Factor { get; init; }

    /// <summary>The open invitation to set a password; null when there is none.</summary>
    public Invitation? Invitation { get; init; }

    /// <summary>When the user was added.</summary>
    public DateTimeOffset DateCreated { get; init; }

    /// <summary>When the person last signed in; null for never.</summary>
    public DateTimeOffset? LastSignIn { get; init; }

    /// <summary>Reads a name as people type it: blanks around it are cut and capitals are made small.</summary>
    public static string Normalise(string name) => name.Trim().ToLowerInvariant();

    /// <summary>
    /// Whether a user may be called so: 1 to <see cref="NameLimit"/> small letters, digits and <c>. _ - @ +</c>, a letter or digit first, so that
    /// an e-mail address is a name. Not <c>start</c>, which is what audit entries call the server's own start.
    /// </summary>
    public static bool IsName(string name) =>
        name is { Length: > 0 and <= NameLimit }
        && IsLetterOrDigit(name[0])
        && name.All(c => IsLetterOrDigit(c) || c is '.' or '_' or '-' or '@' or '+')
        && !string.Equals(name, "start", StringComparison.Ordinal);

    /// <summary>The name alone.</summary>
    public override string ToString() => Name;

    private static bool IsLetterOrDigit(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);
}

/// <summary>A second factor: codes by the clock (RFC 6238), and recovery codes for when the device is lost.</summary>
/// <param name="Sealed">The secret, sealed under a key of the store.</param>
/// <param name="LastStep">The time step of the last code taken; no code of it or of an earlier one is taken again.</param>
/// <param name="RecoveryCodes">The keyed digests of the recovery codes that are left, in hexadecimal.</param>
public sealed record SecondFactor(ReadOnlyMemory<byte> Sealed, long LastStep, IReadOnlyList<string> RecoveryCodes)
{
    /// <summary>Nothing of it.</summary>
    public override string ToString() => "SecondFactor";
}

/// <summary>A one-time link with which somebody sets the own password.</summary>
/// <param name="Hash">The hash of the link's secret (<see cref="OneTimeSecret.Hash"/>).</param>
/// <param name="Until">When it is no longer taken.</param>
public sealed record Invitation(string Hash, DateTimeOffset Until)
{
    /// <summary>How long a link is taken: it goes through a person's mailbox.</summary>
    public static readonly TimeSpan Lasts = TimeSpan.FromHours(24);

    /// <summary>Whether it is still taken; a clock that was set back gives it no more than its time again.</summary>
    public bool IsOpen(DateTimeOffset now) => SteadyTime.Apart(now, Until - Lasts) < Lasts;
}
