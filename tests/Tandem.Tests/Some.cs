using System.Buffers.Binary;

namespace Tandem.Tests;

/// <summary>Values for tests that do not care which.</summary>
internal static class Some
{
    public static readonly DateTimeOffset Moment = new(2026, 3, 14, 15, 9, 26, TimeSpan.Zero);

    public static readonly ChangeContext Context = new("192.0.2.7", "RQ00000000000000000000000000000001");

    public static AccountSid Sid { get; } = AccountSid.Parse("AC0123456789abcdef0123456789abcdef");

    public static AccountSid OtherSid { get; } = AccountSid.Parse("ACfedcba9876543210fedcba9876543210");

    public static AuthToken Token(string text) =>
        AuthToken.TryParse(text, out var token) ? token : throw new ArgumentException("A token has 32 letters and digits.", nameof(text));

    /// <summary>Kept tokens that differ from one another by their number, for rules that never look inside.</summary>
    public static StoredToken Stored(int number)
    {
        VerifierValue verifier = default;
        BinaryPrimitives.WriteInt32BigEndian(verifier, number);
        return new(verifier, new Fingerprint((ushort)number), Moment.AddSeconds(number), null);
    }

    public static DataKeys Keys() => new(Enum.GetValues<DataKeyPurpose>().Select(p => DataKey.Generate((long)p, p)));

    /// <summary>An account in force with a primary of this text and, when given, a secondary.</summary>
    public static Account Account(Verifier verifier, AccountSid sid, string primary, string? secondary = null, AccountSid? owner = null) => new()
    {
        Sid = sid,
        OwnerSid = owner ?? sid,
        FriendlyName = "An account",
        Status = AccountStatus.Active,
        Generation = secondary is null ? 1 : 2,
        DateCreated = Moment,
        DateUpdated = Moment,
        Primary = Kept(verifier, sid, primary),
        Secondary = secondary is null ? null : Kept(verifier, sid, secondary),
    };

    private static StoredToken Kept(Verifier verifier, AccountSid sid, string text)
    {
        using var token = Token(text);
        return new(verifier.Hash(sid, token), Fingerprint.Of(sid, token), Moment, null);
    }
}
