using System.Net;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

public sealed class TrustedProxyTests
{
    [Theory]
    [InlineData("127.0.0.0/8", "https", "203.0.113.7")]
    [InlineData("10.0.0.0/8", "http", "127.0.0.1")]
    [InlineData(null, "http", "127.0.0.1")]
    public async Task Forwarded_headers_count_from_trusted_networks_alone(string? network, string scheme, string source)
    {
        var store = new StoreDouble();
        await using var tandem = await TestTandem.StartAsync(new()
        {
            Services = store.Replace,
            Options = o => o with { TrustedProxies = network is null ? [] : [IPNetwork.Parse(network)] },
        });
        var answer = await tandem.SendAsync("POST", Calls.Secondary, r => r
            .With("X-Forwarded-For", "198.51.100.1, 203.0.113.7").With("X-Forwarded-Proto", "http, https"));
        Assert.Equal($"{scheme}://{tandem.Address.Authority}/v1/AuthTokens/Secondary", answer.Text("url"));
        Assert.Equal(source, store.Audits[^1].Context.Source);
    }
}
