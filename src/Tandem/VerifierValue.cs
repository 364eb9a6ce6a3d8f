using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Tandem;

/// <summary>The keyed hash of a credential, all 32 bytes: what the database holds in place of a token.</summary>
[InlineArray(Size)]
public struct VerifierValue
{
    /// <summary>Bytes.</summary>
    public const int Size = 32;

    private byte _first;

    /// <summary>Copies 32 bytes.</summary>
    public static VerifierValue FromBytes(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Size);
        VerifierValue value = default;
        bytes.CopyTo(value);
        return value;
    }

    /// <summary>Compares all 32 bytes in a time that does not depend on where they differ.</summary>
    public readonly bool FixedTimeEquals(in VerifierValue other) => CryptographicOperations.FixedTimeEquals(this, other);

    /// <summary>A mask: nobody needs to read a verifier.</summary>
    public override readonly string ToString() => "[VerifierValue]";
}
