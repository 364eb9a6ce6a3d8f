using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace Tandem;

/// <summary>
/// The address a call comes from, or the network around it. An IPv6 address is taken for its /64, which is what one machine is given; an
/// IPv4 address stands for itself unless widened.
/// </summary>
/// <remarks>
/// IPv4 addresses are not joined to networks by default: two programs of one subnet, with the same client and route, would count as one
/// consumer, and the one that has moved would hide the one that has not. Where addresses change with every deployment, consumers name
/// themselves (<c>X-Client-Name</c>), or the operator widens the network by a setting.
/// </remarks>
public readonly record struct ClientNetwork
{
    /// <summary>The whole IPv4 address.</summary>
    public const byte Ipv4Whole = 32;

    private const byte Ipv6Bits = 64;

    private readonly ulong _bits;
    private readonly byte _prefix;
    private readonly bool _isIpv6;

    private ClientNetwork(ulong bits, byte prefix, bool isIpv6) => (_bits, _prefix, _isIpv6) = (bits, prefix, isIpv6);

    /// <summary>Whether nothing is known: a local socket, or a named consumer, which is the same wherever it runs.</summary>
    public bool IsNone => _prefix == 0;

    /// <summary>The network of an address; none for null and for anything but IPv4 and IPv6. Allocates nothing.</summary>
    public static ClientNetwork Of(IPAddress? address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address is null || !address.TryWriteBytes(bytes, out var length))
        {
            return default;
        }

        if (length == 16 && address.IsIPv4MappedToIPv6)
        {
            bytes[12..].CopyTo(bytes);
            length = 4;
        }

        return length == 4
            ? new(BinaryPrimitives.ReadUInt32BigEndian(bytes), Ipv4Whole, isIpv6: false)
            : new(BinaryPrimitives.ReadUInt64BigEndian(bytes), Ipv6Bits, isIpv6: true);
    }

    /// <summary>The same with an IPv4 address widened to this prefix, 1 to 32.</summary>
    public ClientNetwork Widen(byte ipv4Prefix) =>
        _isIpv6 || _prefix <= ipv4Prefix ? this : new(_bits & (uint.MaxValue << (Ipv4Whole - ipv4Prefix)), ipv4Prefix, isIpv6: false);

    /// <summary>Reads the text form.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static ClientNetwork Parse(string text)
    {
        if (text.Length == 0)
        {
            return default;
        }

        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var network = Of(IPAddress.Parse(slash < 0 ? text : text[..slash]));
        return slash < 0 ? network
            : network.Widen(byte.Parse(text.AsSpan(slash + 1), CultureInfo.InvariantCulture));
    }

    /// <summary><c>192.0.2.7</c>, <c>192.0.2.0/24</c>, <c>2001:db8::/64</c>; nothing for none.</summary>
    public override string ToString()
    {
        if (IsNone)
        {
            return "";
        }

        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        if (_isIpv6)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes, _bits);
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)_bits);
        }

        var address = new IPAddress(_isIpv6 ? bytes : bytes[..4]);
        return !_isIpv6 && _prefix == Ipv4Whole ? address.ToString() : $"{address}/{_prefix}";
    }
}
