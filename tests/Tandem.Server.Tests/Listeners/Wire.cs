using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Xunit;

namespace Tandem.Server.Tests.Listeners;

/// <summary>A client that sends exactly the bytes it is told to.</summary>
internal static class Wire
{
    /// <summary>For everything that should happen at once.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    public static async Task<NetworkStream> ConnectAsync(Uri address)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Parse(address.Host.Trim('[', ']')), address.Port);
        return new(socket, ownsSocket: true);
    }

    /// <summary>Sends, and reads until the server closes.</summary>
    public static async Task<string> AskAsync(Uri address, string request)
    {
        await using var stream = await ConnectAsync(address);
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        return await ReadToEndAsync(stream);
    }

    public static async Task<string> ReadToEndAsync(Stream stream)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var all = new MemoryStream();
        try
        {
            await stream.CopyToAsync(all, limit.Token);
        }
        catch (IOException)
        {
            // Reset after the answer: what was read counts.
        }

        return Encoding.Latin1.GetString(all.ToArray());
    }

    /// <summary>Reads up to the blank line that ends an answer's headers.</summary>
    public static async Task<string> ReadHeadAsync(Stream stream)
    {
        using var limit = new CancellationTokenSource(Limit);
        var text = new StringBuilder();
        var one = new byte[1];
        while (!text.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one, limit.Token) == 1)
        {
            text.Append((char)one[0]);
        }

        return text.ToString();
    }

    /// <summary>Ends TLS as a client that trusts <paramref name="authority"/> alone.</summary>
    public static SslClientAuthenticationOptions Trusting(X509Certificate2 authority, string host) => new()
    {
        TargetHost = host,
        CertificateChainPolicy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { authority },
            RevocationMode = X509RevocationMode.NoCheck,
        },
    };

    /// <summary>Ends TLS as a client that takes any certificate, having had a look at what was sent.</summary>
    public static SslStream TrustingAnybody(Stream stream, Action<X509Chain>? look = null)
    {
#pragma warning disable CA5359 // What certificate is shown is what these tests ask; nothing is sent to it.
        return new(stream, leaveInnerStreamOpen: false, (_, _, chain, _) =>
        {
            look?.Invoke(chain!);
            return true;
        });
#pragma warning restore CA5359
    }

    /// <summary>Waits for something that must soon be so.</summary>
    public static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        var watch = Stopwatch.StartNew();
        while (!await isSo())
        {
            Assert.True(watch.Elapsed < Limit, "It did not come about in time.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Runs curl; its exit code and what it wrote.</summary>
    public static async Task<(int Code, string Output)> CurlAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("curl", ["--silent", "--max-time", "15", .. arguments]) { RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var name in start.Environment.Keys.Where(k => k.EndsWith("_PROXY", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name); // A proxy of the machine the tests run on.
        }

        using var curl = Process.Start(start)!;
        var output = await curl.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await curl.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (curl.ExitCode, output);
    }
}

/// <summary>Certificates for the tests.</summary>
internal static class Pem
{
    /// <summary>Writes a pair for <c>localhost</c> and 127.0.0.1; returns its certificate without the key.</summary>
    public static X509Certificate2 Write(string certificateFile, string keyFile, DateTimeOffset from, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(from, until);
        File.WriteAllText(certificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        return X509CertificateLoader.LoadCertificate(certificate.RawData);
    }

    /// <summary>Writes a certificate that an intermediate authority has signed, with that one behind it; returns the intermediate.</summary>
    public static X509Certificate2 WriteSigned(string certificateFile, string keyFile)
    {
        var now = TimeProvider.System.GetUtcNow();
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authorityRequest = new CertificateRequest("CN=authority", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rootRequest = new CertificateRequest("CN=root", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        using var root = rootRequest.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        using var unkeyed = authorityRequest.Create(root, now.AddDays(-1), now.AddDays(30), [2]);
        using var authority = unkeyed.CopyWithPrivateKey(authorityKey);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).Create(authority, now.AddDays(-1), now.AddDays(1), [1]);
        File.WriteAllText(certificateFile, leaf.ExportCertificatePem() + "\n" + authority.ExportCertificatePem() + "\n");
        File.WriteAllText(keyFile, key.ExportECPrivateKeyPem());
        return X509CertificateLoader.LoadCertificate(authority.RawData);
    }

    public static X509Certificate2 Write(string certificateFile, string keyFile)
    {
        var now = TimeProvider.System.GetUtcNow();
        return Write(certificateFile, keyFile, now.AddDays(-1), now.AddDays(30));
    }
}
