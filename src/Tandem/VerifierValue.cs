using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Tandem;

/// <summary>The keyed hash of a credential, all 32 bytes: what the database holds in place of a token.</summary>
[InlineArray(Size)]
public struct VerifierValue : IEquatable<VerifierValue>
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

    /// <inheritdoc cref="FixedTimeEquals" />
    public readonly bool Equals(VerifierValue other) => FixedTimeEquals(other);

    /// <inheritdoc />
    /// <remarks>Written out because the built-in comparison of an inline array throws, and with it that of every record that holds one.</remarks>
    public override readonly bool Equals([NotNullWhen(true)] object? obj) => obj is VerifierValue other && FixedTimeEquals(other);

    /// <inheritdoc />
    public override readonly int GetHashCode() => BinaryPrimitives.ReadInt32LittleEndian(this);

    /// <summary>Whether both are the same.</summary>
    public static bool operator ==(in VerifierValue left, in VerifierValue right) => left.FixedTimeEquals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(in VerifierValue left, in VerifierValue right) => !left.FixedTimeEquals(right);

    /// <summary>A mask: nobody needs to read a verifier.</summary>
    public override readonly string ToString() => "[VerifierValue]";
}
