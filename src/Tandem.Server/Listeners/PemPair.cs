using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Tandem.Server.Listeners;

/// <summary>The bytes of a certificate's PEM file and of its key's.</summary>
internal sealed class PemPair : IDisposable
{
    private readonly byte[] _certificate;
    private readonly byte[] _key;

    private PemPair(byte[] certificate, byte[] key)
    {
        (_certificate, _key) = (certificate, key);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(SHA256.HashData(certificate));
        hash.AppendData(SHA256.HashData(key));
        Identity = Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The same for the same contents: what tells a change, whatever links, clocks and mounts do to a file's date.</summary>
    public string Identity { get; }

    /// <summary>Reads both files; a sentence without an ending says why not.</summary>
    public static bool TryRead(string certificateFile, string keyFile, [NotNullWhen(true)] out PemPair? pair, [NotNullWhen(false)] out string? problem)
    {
        (pair, problem) = (null, null);
        var file = certificateFile;
        try
        {
            var certificate = File.ReadAllBytes(file);
            file = keyFile;
            pair = new(certificate, File.ReadAllBytes(file));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = e switch
            {
                UnauthorizedAccessException => $"{file} may not be read by this user.",
                FileNotFoundException or DirectoryNotFoundException => $"{file} does not exist.",
                _ => $"{file} could not be read: {e.Message}",
            };
            return false;
        }
    }

    /// <summary>The certificate with its key, followed by the rest of its chain; a sentence says why not.</summary>
    public bool TryParse([NotNullWhen(true)] out X509Certificate2Collection? chain, [NotNullWhen(false)] out string? problem)
    {
        (chain, problem) = (null, null);
        var keyText = Encoding.UTF8.GetChars(_key);
        try
        {
            var read = new X509Certificate2Collection();
            read.ImportFromPem(Encoding.UTF8.GetString(_certificate));
            if (read.Count == 0)
            {
                problem = "The certificate's file holds no PEM certificate.";
                return false;
            }

            var leaf = X509Certificate2.CreateFromPem(read[0].ExportCertificatePem(), keyText);
            read[0].Dispose();
            read[0] = leaf;
            chain = read;
            return true;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            problem = $"The certificate and the key do not make a pair, or the key is encrypted or no PEM: {e.Message}";
            return false;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(keyText.AsSpan()));
        }
    }

    /// <summary>Zeroes the key.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_key);
}
