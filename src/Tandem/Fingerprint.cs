using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Tandem;

/// <summary>
/// Four hexadecimal digits by which people tell two tokens of one account apart: the first 16 bits of
/// SHA-256("tandem-fingerprint" ‖ SID ‖ token). The same in the console, in the CLI and against Twilio, because it needs no
/// key; too short to help anyone search for 128 random bits.
/// </summary>
/// <param name="Value">The 16 bits.</param>
public readonly record struct Fingerprint(ushort Value)
{
    /// <summary>Bytes in the binary form.</summary>
    public const int ByteLength = 2;

    /// <summary>Reads the two-byte form.</summary>
    public static Fingerprint FromBytes(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt16BigEndian(bytes));

    /// <summary>The two-byte form in a new array.</summary>
    public byte[] ToBytes() => [(byte)(Value >> 8), (byte)Value];

    /// <summary>The fingerprint of a token of an account.</summary>
    public static Fingerprint Of(AccountSid sid, AuthToken token)
    {
        Span<byte> message = stackalloc byte[18 + AccountSid.TextLength + AuthToken.Length];
        "tandem-fingerprint"u8.CopyTo(message);
        Encoding.ASCII.GetBytes(sid.ToString(), message[18..]);
        token.Bytes.CopyTo(message[(18 + AccountSid.TextLength)..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(message, hash);
        CryptographicOperations.ZeroMemory(message);
        return FromBytes(hash);
    }

    /// <summary>Four lower-case hexadecimal digits.</summary>
    public override string ToString() => $"{Value:x4}";
}
