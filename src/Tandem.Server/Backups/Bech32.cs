using System.Diagnostics.CodeAnalysis;

namespace Tandem.Server.Backups;

/// <summary>Reads the text form of age's keys: Bech32 (BIP 173), without its limit of 90 characters.</summary>
internal static class Bech32
{
    private const string Digits = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

    private static readonly uint[] s_generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

    /// <summary>Reads the bytes behind a prefix; false when the text has another prefix, or was mistyped.</summary>
    public static bool TryRead(string text, string prefix, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        var lower = text.ToLowerInvariant();
        if ((!text.Equals(lower, StringComparison.Ordinal) && !text.Equals(text.ToUpperInvariant(), StringComparison.Ordinal))
            || !lower.StartsWith(prefix + "1", StringComparison.Ordinal))
        {
            return false;
        }

        var values = new List<byte>();
        foreach (var digit in lower[(prefix.Length + 1)..])
        {
            var value = Digits.IndexOf(digit, StringComparison.Ordinal);
            if (value < 0)
            {
                return false;
            }

            values.Add((byte)value);
        }

        var check = Polymod([.. prefix.Select(c => (byte)(c >> 5)), 0, .. prefix.Select(c => (byte)(c & 31)), .. values]);
        return values.Count >= 6 && check == 1 && TryRegroup(values[..^6], out bytes);
    }

    private static bool TryRegroup(List<byte> values, [NotNullWhen(true)] out byte[]? bytes)
    {
        var (regrouped, held, bits) = (new List<byte>(), 0u, 0);
        foreach (var value in values)
        {
            (held, bits) = (((held << 5) | value) & 0xfff, bits + 5);
            if (bits >= 8)
            {
                bits -= 8;
                regrouped.Add((byte)(held >> bits));
            }
        }

        bytes = bits < 5 && (held & ((1u << bits) - 1)) == 0 ? [.. regrouped] : null;
        return bytes is not null;
    }

    private static uint Polymod(IEnumerable<byte> values)
    {
        var check = 1u;
        foreach (var value in values)
        {
            var top = check >> 25;
            check = ((check & 0x1ffffff) << 5) ^ value;
            for (var i = 0; i < s_generator.Length; i++)
            {
                check ^= ((top >> i) & 1) == 1 ? s_generator[i] : 0;
            }
        }

        return check;
    }
}
