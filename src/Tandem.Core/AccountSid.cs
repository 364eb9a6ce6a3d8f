using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Tandem;

/// <summary>
/// The public identifier of an account: <c>AC</c> and 32 hexadecimal digits. Upper- and lower-case digits name the same
/// account, so that nothing (an index, a throttle, an audit row) ever counts one account as two; the text form is lower case.
/// </summary>
public readonly struct AccountSid : IEquatable<AccountSid>
{
    /// <summary>Characters in the text form.</summary>
    public const int TextLength = 34;

    /// <summary>Bytes in the binary form.</summary>
    public const int ByteLength = 16;

    internal AccountSid(ulong high, ulong low) => (High, Low) = (high, low);

    internal ulong High { get; }

    internal ulong Low { get; }

    /// <summary>Draws a new SID from the cryptographic generator.</summary>
    public static AccountSid Create()
    {
        Span<byte> bytes = stackalloc byte[ByteLength];
        RandomNumberGenerator.Fill(bytes);
        return FromBytes(bytes);
    }

    /// <summary>Reads the 16-byte form.</summary>
    public static AccountSid FromBytes(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, ByteLength);
        return new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
    }

    /// <summary>Reads the text form; false for anything but <c>AC</c> and 32 hexadecimal digits.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out AccountSid sid)
    {
        Span<byte> bytes = stackalloc byte[ByteLength];
        var ok = text.Length == TextLength && text[0] == 'A' && text[1] == 'C'
            && Convert.FromHexString(text[2..], bytes, out _, out _) == System.Buffers.OperationStatus.Done;
        sid = ok ? FromBytes(bytes) : default;
        return ok;
    }

    /// <summary>Reads the text form from ASCII bytes; false for anything but <c>AC</c> and 32 hexadecimal digits.</summary>
    public static bool TryParse(ReadOnlySpan<byte> ascii, out AccountSid sid)
    {
        Span<byte> bytes = stackalloc byte[ByteLength];
        var ok = ascii.Length == TextLength && ascii[0] == (byte)'A' && ascii[1] == (byte)'C'
            && Convert.FromHexString(ascii[2..], bytes, out _, out _) == System.Buffers.OperationStatus.Done;
        sid = ok ? FromBytes(bytes) : default;
        return ok;
    }

    /// <summary>Reads the text form of configuration and arguments.</summary>
    /// <exception cref="FormatException">The text is no Account SID.</exception>
    public static AccountSid Parse(string text) =>
        TryParse(text.AsSpan(), out var sid) ? sid : throw new FormatException("An Account SID is AC and 32 hexadecimal digits.");

    /// <summary>Writes the 16-byte form.</summary>
    public void WriteTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Low);
    }

    /// <summary>The 16-byte form in a new array.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[ByteLength];
        WriteTo(bytes);
        return bytes;
    }

    /// <inheritdoc />
    public bool Equals(AccountSid other) => High == other.High && Low == other.Low;

    /// <inheritdoc />
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is AccountSid other && Equals(other);

    /// <inheritdoc />
    public override int GetHashCode() => High.GetHashCode();

    /// <summary><c>AC</c> and 32 lower-case hexadecimal digits.</summary>
    public override string ToString() => $"AC{High:x16}{Low:x16}";

    /// <summary>Whether both name the same account.</summary>
    public static bool operator ==(AccountSid left, AccountSid right) => left.Equals(right);

    /// <summary>Whether they name different accounts.</summary>
    public static bool operator !=(AccountSid left, AccountSid right) => !left.Equals(right);
}
