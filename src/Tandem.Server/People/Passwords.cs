using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Tandem.Server.People;

/// <summary>
/// Passwords of people: hashed slowly by the framework (PBKDF2 with HMAC-SHA-512, 210,000 rounds, OWASP's figure), because people choose them.
/// Tokens need no such thing; no check ever comes here.
/// </summary>
internal sealed class Passwords
{
    /// <summary>Characters, at least: NIST's figure (SP 800-63B-4) for a password that may be the only factor.</summary>
    public const int Least = 15;

    /// <summary>Characters, at most: a bound on what is hashed, far above any password.</summary>
    public const int Most = 256;

    private readonly PasswordHasher<User> _hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = 210_000 }));
    private readonly User _nobody = new() { Name = "nobody", Role = UserRole.Viewer };
    private readonly string _nobodysHash;

    public Passwords() => _nobodysHash = _hasher.HashPassword(_nobody, OneTimeSecret.Create());

    /// <summary>What is wrong with a new password, as a sentence; null when it may be used. There are no rules on what characters it holds.</summary>
    public static string? Objection(string password, string name) => password switch
    {
        { Length: < Least } => $"A password has at least {Least} characters. A few words do.",
        { Length: > Most } => $"A password has at most {Most} characters.",
        _ when password.Distinct().Count() < 5 || IsSequence(password) => "This is too easy to guess: few different characters, or one after the other.",
        _ when password.Contains(name, StringComparison.OrdinalIgnoreCase) && password.Length - name.Length < Least / 2 => "This is little more than the name.",
        _ when CommonPasswords.Contain(password) => "This is one of the passwords that are tried first.",
        _ => null,
    };

    /// <summary>Hashes a new password; takes about a fifth of a second.</summary>
    public string Hash(string password) => _hasher.HashPassword(_nobody, password);

    /// <summary>Whether it is the user's password. As slow for nobody as for somebody.</summary>
    public bool Matches(User? user, string password)
    {
        var hash = user?.PasswordHash is { Length: > 0 } known ? known : null;
        var matches = password.Length <= Most
            && _hasher.VerifyHashedPassword(_nobody, hash ?? _nobodysHash, password) != PasswordVerificationResult.Failed;
        return matches && hash is not null;
    }

    /// <summary>Each character the one after, or before, its neighbour: <c>abcdefghijklmno</c>, <c>987654321…</c>.</summary>
    private static bool IsSequence(string password)
    {
        var steps = password.Zip(password.Skip(1), (a, b) => b - a).ToList();
        return steps.Count(s => s is 1 or -1) > steps.Count * 3 / 4;
    }
}

/// <summary>
/// The long ones among the passwords that lists of leaked passwords begin with, and the stems that long ones are made of. Shorter ones are
/// refused for their length.
/// </summary>
internal static class CommonPasswords
{
    private static readonly string[] Stems =
    [
        "password", "passwort", "passw0rd", "p@ssw0rd", "qwerty", "qwertz", "azerty", "asdfgh", "zxcvbn", "1q2w3e", "q1w2e3", "1qaz2wsx", "letmein",
        "welcome", "iloveyou", "admin", "administrator", "tandem", "twilio", "changeme", "default", "secret", "monkey", "dragon", "football", "princess",
        "sunshine", "123456", "654321", "abc123", "trustno1", "superman", "batman", "master", "login", "access", "hello", "test", "user", "root",
    ];

    private static readonly string[] Phrases =
        ["correcthorsebatterystaple", "correct horse battery staple", "thequickbrownfox", "tobeornottobe", "itsasecrettoeverybody", "mynameisinigomontoya"];

    /// <summary>Whether it is one, or little more than stems put together with digits and signs.</summary>
    public static bool Contain(string password)
    {
        var small = password.ToLowerInvariant();
        if (Phrases.Any(phrase => small.StartsWith(phrase, StringComparison.Ordinal) && small.Length - phrase.Length < 5))
        {
            return true;
        }

        foreach (var stem in Stems)
        {
            small = small.Replace(stem, "", StringComparison.Ordinal);
        }

        return small.Count(char.IsAsciiLetter) < 4 && small.All(char.IsAscii) && small.Length < password.Length;
    }
}
