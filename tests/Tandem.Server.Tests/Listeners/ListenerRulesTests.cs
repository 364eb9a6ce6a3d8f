using System.Net;
using Tandem.Server.Listeners;
using Xunit;

namespace Tandem.Server.Tests.Listeners;

public sealed class ListenerRulesTests
{
    private static readonly TandemOptions s_loopback = new() { DataDirectory = "/srv/tandem" };
    private static readonly IPEndPoint s_everywhere = new(IPAddress.Any, 7420);

    public static TheoryData<string, TandemOptions> Good => new()
    {
        { "loopback in clear", s_loopback },
        { "IPv6 loopback in clear", s_loopback with { Listen = [new(IPAddress.IPv6Loopback, 1), new(IPAddress.Parse("127.9.9.9"), 2)] } },
        { "TLS", s_loopback with { Listen = [s_everywhere], TlsCertificateFile = "c", TlsKeyFile = "k" } },
        { "behind a proxy", s_loopback with { Listen = [s_everywhere], TrustedProxies = [IPNetwork.Parse("10.0.0.0/8")] } },
        { "in clear on purpose", s_loopback with { Listen = [s_everywhere], TwilioProxy = s_everywhere, PlainHttp = true } },
        { "public address", s_loopback with { PublicUrl = new("https://tandem.example:8443/") } },
        { "the proxy on loopback", s_loopback with { TwilioProxy = new(IPAddress.Loopback, 0) } },
        { "a path of 107 bytes", s_loopback with { DataDirectory = "/" + new string('d', 95) } },
    };

    public static TheoryData<string, TandemOptions> Bad => new()
    {
        { "cross the network in clear", s_loopback with { Listen = [new(IPAddress.Loopback, 1), s_everywhere] } },
        { "cross the network in clear", s_loopback with { Listen = [new(IPAddress.IPv6Any, 1)] } },
        { "--tls-key", s_loopback with { TlsCertificateFile = "c" } },
        { "--tls-cert", s_loopback with { TlsKeyFile = "k" } },
        { "Twilio proxy at 0.0.0.0:7420", s_loopback with { TwilioProxy = s_everywhere } },
        { "Twilio proxy", s_loopback with { TwilioProxy = s_everywhere, TrustedProxies = [IPNetwork.Parse("10.0.0.0/8")] } },
        { "Twilio proxy", s_loopback with { TwilioProxy = s_everywhere, TlsCertificateFile = "c", TlsKeyFile = "k" } },
        { "--public-url", s_loopback with { PublicUrl = new("ftp://tandem.example") } },
        { "--public-url", s_loopback with { PublicUrl = new("/tandem", UriKind.Relative) } },
        { "--public-url", s_loopback with { PublicUrl = new("https://tandem.example/path") } },
        { "--public-url", s_loopback with { PublicUrl = new("https://tandem.example/?a=b") } },
        { "--public-url", s_loopback with { PublicUrl = new("https://tandem.example/#a") } },
        { "--public-url", s_loopback with { PublicUrl = new("https://user:password@tandem.example/") } },
        { "path of 108 bytes", s_loopback with { DataDirectory = "/" + new string('d', 96) } },
        { "path of 208 bytes", s_loopback with { DataDirectory = "/" + new string('ü', 98) } },
        { "--listen", s_loopback with { Listen = [] } },
    };

    [Theory]
    [MemberData(nameof(Good))]
    public void Good_settings_break_no_rule(string what, TandemOptions options) =>
        Assert.True(ListenerRules.Check(options, _ => null) is [], what);

    [Theory]
    [MemberData(nameof(Bad))]
    public void A_broken_rule_is_one_sentence_that_names_the_way_out(string sentence, TandemOptions options)
    {
        var broken = Assert.Single(ListenerRules.Check(options, _ => null));
        Assert.Contains(sentence, broken, StringComparison.Ordinal);
        Assert.EndsWith(".", broken, StringComparison.Ordinal);
        Assert.DoesNotContain("password", broken, StringComparison.Ordinal);
    }

    [Fact]
    public void All_broken_rules_are_told_at_once()
    {
        var broken = ListenerRules.Check(
            s_loopback with { Listen = [s_everywhere], TwilioProxy = s_everywhere, PublicUrl = new("ftp://x") },
            name => name.StartsWith("ASPNETCORE_", StringComparison.Ordinal) ? "true" : null);
        Assert.Equal(4, broken.Count);
    }

    [Theory]
    [InlineData("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "true", 1)]
    [InlineData("DOTNET_FORWARDEDHEADERS_ENABLED", "True", 1)]
    [InlineData("FORWARDEDHEADERS_ENABLED", "1", 1)]
    [InlineData("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "false", 0)]
    [InlineData("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "", 0)]
    public void The_switch_that_trusts_everybody_is_refused(string name, string value, int broken) =>
        Assert.Equal(broken, ListenerRules.Check(s_loopback, n => string.Equals(n, name, StringComparison.Ordinal) ? value : null).Count);

    [Fact]
    public async Task A_host_with_a_broken_rule_is_not_built()
    {
        var refused = await Assert.ThrowsAsync<ListenerException>(() => ListenerHost.StartAsync(o => o with { Listen = [new(IPAddress.Any, 0)] }));
        Assert.Contains("--plain-http", refused.Message, StringComparison.Ordinal);
    }
}
