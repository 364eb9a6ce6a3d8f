using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;

namespace Tandem.Server.People;

/// <summary>A second factor about to be set up: what is shown to the person, and what is kept.</summary>
/// <param name="Factor">What is kept.</param>
/// <param name="RecoveryCodes">The recovery codes, to be shown this once.</param>
internal sealed record NewFactor(SecondFactor Factor, IReadOnlyList<string> RecoveryCodes);

/// <summary>Makes second factors and looks at their codes. Secrets are sealed under the store's session key, by user; recovery codes kept as keyed digests.</summary>
internal sealed class SecondFactors(IDataProtectionProvider protection, DataKeys keys, TimeProvider time)
{
    private const int CodeCount = 10;

    /// <summary>Letters and digits that are not taken for one another.</summary>
    private const string CodeDigits = "abcdefghjkmnpqrstuvwxyz23456789";

    /// <summary>Draws a secret.</summary>
    public static byte[] CreateSecret() => RandomNumberGenerator.GetBytes(Totp.SecretSize);

    /// <summary>The factor with this secret, if the code is one of its: the person's app has it. Null when it is not.</summary>
    public NewFactor? Confirm(string name, byte[] secret, string code)
    {
        var step = Totp.Match(secret, Compact(code), time.GetUtcNow(), after: 0);
        if (step == 0)
        {
            return null;
        }

        var (codes, digests) = CreateRecoveryCodes(name);
        return new(new(Protector(name).Protect(secret), step, digests), codes);
    }

    /// <summary>Draws recovery codes: ten, of ten characters each (49 bits), to be shown once; and what is kept of them.</summary>
    public (IReadOnlyList<string> Codes, IReadOnlyList<string> Digests) CreateRecoveryCodes(string name)
    {
        var codes = Enumerable.Range(0, CodeCount).Select(static _ => RandomNumberGenerator.GetString(CodeDigits, 10)).ToList();
        return ([.. codes.Select(static c => $"{c[..5]}-{c[5..]}")], [.. codes.Select(c => Digest(name, c))]);
    }

    /// <summary>What a code proves of a user who has a second factor; null when it is none of theirs.</summary>
    public Proof? Check(User user, string code)
    {
        var (factor, given) = (user.Factor!, Compact(code));
        if (given.Length == Totp.Digits && given.All(char.IsAsciiDigit))
        {
            var secret = Protector(user.Name).Unprotect(factor.Sealed.ToArray());
            var step = Totp.Match(secret, given, time.GetUtcNow(), factor.LastStep);
            CryptographicOperations.ZeroMemory(secret);
            return step == 0 ? null : new(user, step);
        }

        var digest = Digest(user.Name, given);
        return factor.RecoveryCodes.Contains(digest, StringComparer.Ordinal) ? new(user, RecoveryCode: digest) : null;
    }

    private static string Compact(string code) => code.Replace(" ", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();

    private IDataProtector Protector(string name) => protection.CreateProtector($"second factor\0{name}");

    private string Digest(string name, string code) =>
        Convert.ToHexStringLower(keys.Session.Hmac(Encoding.UTF8.GetBytes($"recovery code\0{name}\0{code}")));
}
