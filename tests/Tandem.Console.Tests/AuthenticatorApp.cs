using System.Globalization;
using System.Security.Cryptography;

namespace Tandem.Console.Tests;

/// <summary>A phone with an authenticator app, written from RFC 6238 and RFC 4648 and not from the server's code.</summary>
internal sealed class AuthenticatorApp
{
    private readonly byte[] _secret;
    private readonly TimeProvider _time;

    /// <param name="typed">The secret as the page shows it.</param>
    /// <param name="time">The phone's clock.</param>
    public AuthenticatorApp(string typed, TimeProvider time)
    {
        var bits = string.Concat(typed.Where(char.IsAsciiLetterOrDigit)
            .Select(c => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        _secret = [.. bits.Chunk(8).Where(b => b.Length == 8).Select(b => Convert.ToByte(new string(b), 2))];
        _time = time;
    }

    /// <summary>What it shows now.</summary>
    public string Code()
    {
        var counter = BitConverter.GetBytes(_time.GetUtcNow().ToUnixTimeSeconds() / 30).Reverse().ToArray();
#pragma warning disable CA5350 // The RFC's own algorithm.
        var hash = HMACSHA1.HashData(_secret, counter);
#pragma warning restore CA5350
        var at = hash[19] & 15;
        var number = ((hash[at] & 127) << 24) | (hash[at + 1] << 16) | (hash[at + 2] << 8) | hash[at + 3];
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }
}
