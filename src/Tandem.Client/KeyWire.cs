using System.ComponentModel.DataAnnotations;

namespace Tandem.Client;

/// <summary>Which keys there are, and what rests on the older ones. Never a key.</summary>
public sealed record KeysInfo
{
    /// <summary>The file that the server reads the root key from.</summary>
    public required string RootKeyFile { get; init; }

    /// <summary>The id of the root key, which tells root keys apart: 16 hexadecimal digits.</summary>
    public required string RootKeyId { get; init; }

    /// <summary>The data keys in the database.</summary>
    public required IReadOnlyList<DataKeyInfo> DataKeys { get; init; }

    /// <summary>How many of them are wrapped under another root key than this one.</summary>
    public required int UnderOtherRootKeys { get; init; }

    /// <summary>How many tokens are sealed with an older seal key than the newest; the key lives until the last is promoted or deleted.</summary>
    public required int OldSeals { get; init; }

    /// <summary>Whose they are; a thousand at most.</summary>
    public required IReadOnlyList<OldSealInfo> OldSealAccounts { get; init; }
}

/// <summary>A wrapped data key.</summary>
public sealed record DataKeyInfo
{
    /// <summary>Its number.</summary>
    public required long Id { get; init; }

    /// <summary>What it is for.</summary>
    [AllowedValues("pepper", "seal", "tombstone", "audit", "session")]
    public required string Purpose { get; init; }

    /// <summary>The id of the root key that it is wrapped under.</summary>
    public required string RootKeyId { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset DateCreated { get; init; }
}

/// <summary>A token that is sealed with an older key.</summary>
public sealed record OldSealInfo
{
    /// <summary>The account.</summary>
    public required string AccountSid { get; init; }

    /// <summary>Which of its tokens.</summary>
    [AllowedValues("primary", "secondary")]
    public required string Slot { get; init; }

    /// <summary>The number of the seal key.</summary>
    public required long SealKey { get; init; }
}

/// <summary>How the root key is to be changed.</summary>
public sealed record KeyRotateRequest
{
    /// <summary>
    /// A file with the new root key, which the server can read and nobody else: for keys that are kept by something else. Null to have the server make
    /// one and put it into the place of its own file.
    /// </summary>
    public string? RootKeyFile { get; init; }
}

/// <summary>A root key has been changed.</summary>
public sealed record KeysRotatedInfo
{
    /// <summary>What there is now.</summary>
    public required KeysInfo Keys { get; init; }

    /// <summary>The id of the root key before.</summary>
    public required string FormerRootKeyId { get; init; }

    /// <summary>Whether the server's own file holds the new key, so that nothing is left to do.</summary>
    public required bool InPlace { get; init; }
}
