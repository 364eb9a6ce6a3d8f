using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tandem.Rotations;

/// <summary>
/// Seals the tokens of a state with AES-256-GCM, bound to the readable part beside them: neither can be changed, or paired with another's,
/// without being noticed. The key is a file's, made on first use, or comes from a passphrase.
/// </summary>
public sealed class StateSeal
{
    // OWASP's figure for PBKDF2 with SHA-256: a guess costs an attacker as much as it costs us, a tenth of a second or more.
    private const int Iterations = 600_000;
    private const int SaltLength = 16;

    private readonly byte[]? _key;
    private readonly string? _passphrase;

    /// <summary>The salt of everything that this process seals. Nonces are random, so one key serves more saves than a fleet makes.</summary>
    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(SaltLength);

    /// <summary>Keys of the passphrase by salt, each derived once: a fleet saves thousands of times.</summary>
    private readonly ConcurrentDictionary<string, Lazy<byte[]>> _derived = new(StringComparer.Ordinal);

    private StateSeal(byte[]? key, string? passphrase) => (_key, _passphrase) = (key, passphrase);

    /// <summary>With the key in a file of mode 0600, which is made when it is not there.</summary>
    /// <exception cref="RotationException">Others may read it, or it holds no key.</exception>
    public static StateSeal FromKeyFile(string path)
    {
        if (!File.Exists(path))
        {
            PrivateFile.Replace(path, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)) + "\n"));
        }

        using var file = new StreamReader(path, new FileStreamOptions { Access = FileAccess.Read });
        var owner = FileOwner.Of(((FileStream)file.BaseStream).SafeFileHandle);
        if (owner is { IsOursOrRoots: false })
        {
            throw new RotationException(RotationFailure.Precondition, $"{path} belongs to another user (user id {owner.Value.User}), who can open "
                + "what is sealed with it. Nothing was done. Name a directory of your own: --state DIR");
        }

        if (owner is { Mode: var mode } && (mode & ~PrivateFile.OwnerOnly) != UnixFileMode.None)
        {
            throw new RotationException(RotationFailure.Precondition, $"{path} may be read by others, and it opens the tokens of unfinished rotations. Nothing was done. Close it: chmod 600 {path}");
        }

        try
        {
            var key = Convert.FromHexString(file.ReadToEnd().Trim());
            return key.Length == 32 ? new(key, null) : throw new FormatException();
        }
        catch (FormatException e)
        {
            throw new RotationException(RotationFailure.Precondition, $"{path} holds no key: 64 hexadecimal digits. Nothing was done. If no rotation is unfinished, remove it and another is made.", e);
        }
    }

    /// <summary>With a key made of a passphrase.</summary>
    public static StateSeal FromPassphrase(string passphrase) => new(null, passphrase);

    internal string Seal(SealedTokens tokens, ReadOnlySpan<byte> beside)
    {
        var plain = JsonSerializer.SerializeToUtf8Bytes(tokens, SecretJson.Default.SealedTokens);
        Span<byte> nonce = stackalloc byte[12];
        RandomNumberGenerator.Fill(nonce);
        var cipher = new byte[plain.Length];
        Span<byte> tag = stackalloc byte[16];
        using (var aes = new AesGcm(Key(_salt), tag.Length))
        {
            aes.Encrypt(nonce, plain, cipher, tag, beside);
        }

        CryptographicOperations.ZeroMemory(plain);
        var kind = _passphrase is null ? "key" : string.Create(CultureInfo.InvariantCulture, $"pbkdf2-{Convert.ToHexStringLower(_salt)}");
        return $"{kind} {Convert.ToHexStringLower(nonce)} {Convert.ToBase64String([.. cipher, .. tag])}";
    }

    internal SealedTokens Open(string line, ReadOnlySpan<byte> beside, string path)
    {
        try
        {
            if (line.Split(' ') is not [var kind, var nonce, var body])
            {
                throw new FormatException();
            }

            if (string.Equals(kind, "key", StringComparison.Ordinal) != _passphrase is null)
            {
                throw new RotationException(RotationFailure.Precondition, _passphrase is null
                    ? $"{path} was sealed with a passphrase. Nothing was done. Give it: TANDEM_STATE_PASSPHRASE_FILE=FILE"
                    : $"{path} was sealed with the key file, and a passphrase was given. Nothing was done. Unset TANDEM_STATE_PASSPHRASE_FILE.");
            }

            var cipher = Convert.FromBase64String(body).AsSpan();
            var plain = new byte[cipher.Length - 16];
            using (var aes = new AesGcm(Key(_passphrase is null ? [] : Convert.FromHexString(kind["pbkdf2-".Length..])), 16))
            {
                aes.Decrypt(Convert.FromHexString(nonce), cipher[..^16], cipher[^16..], plain, beside);
            }

            try
            {
                return JsonSerializer.Deserialize(plain, SecretJson.Default.SealedTokens)!;
            }
            finally
            {
                CryptographicOperations.ZeroMemory(plain);
            }
        }
        catch (Exception e) when (e is CryptographicException or FormatException or ArgumentException or JsonException or OverflowException)
        {
            throw new RotationException(RotationFailure.Precondition,
                $"{path} does not open: it was changed, or sealed with another key or passphrase. Nothing was done. Both tokens of the account work as before; once the state is of no use to anyone, remove the file and begin anew.", e);
        }
    }

    private byte[] Key(byte[] salt) => _key ?? _derived.GetOrAdd(Convert.ToHexStringLower(salt), _ => new(() => Derive(_passphrase!, salt))).Value;

    private static byte[] Derive(string passphrase, byte[] salt)
    {
        // Pinned: the collector would leave copies behind where it moves an array.
        var key = GC.AllocateArray<byte>(32, pinned: true);
        Rfc2898DeriveBytes.Pbkdf2(passphrase, salt, key, Iterations, HashAlgorithmName.SHA256);
        return key;
    }
}
