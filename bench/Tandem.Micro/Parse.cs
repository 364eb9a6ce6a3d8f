using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Primitives;
using Tandem.Server;

namespace Tandem.Micro;

/// <summary>Reading the <c>Authorization</c> header.</summary>
public class Parse
{
    private readonly StringValues _credential = Sample.Header(AccountSid.Create());
    private readonly StringValues _malformed = Sample.Header(AccountSid.Create())[..^1] + " ";

    [Benchmark]
    public bool Credential() => IsRead(_credential);

    [Benchmark]
    public bool Malformed() => IsRead(_malformed);

    private static bool IsRead(StringValues header)
    {
        Span<byte> buffer = stackalloc byte[BasicCredential.SizeLimit];
        return BasicCredential.Read(header, buffer, out _) == BasicForm.Read;
    }
}
