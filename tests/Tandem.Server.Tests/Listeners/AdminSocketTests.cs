using System.Globalization;
using System.Net.Sockets;
using Tandem.Server.Listeners;
using Xunit;

namespace Tandem.Server.Tests.Listeners;

public sealed class AdminSocketTests
{
    [Fact]
    public async Task The_socket_is_the_owners_alone_and_tells_who_is_there()
    {
        await using var host = await ListenerHost.StartAsync();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(host.Addresses.AdminSocket));
        using var client = host.AdminClient();
        var answer = await client.GetStringAsync("/x", TestContext.Current.CancellationToken);
        Assert.StartsWith($"Admin {PeerUser.Own.ToString(CultureInfo.InvariantCulture)} HTTP/1.1", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET /tandem/v1/accounts HTTP/1.1\r\nHost: admin.sock\r\nConnection: close\r\n\r\n")]
    [InlineData("GET /tandem/v1/accounts HTTP/1.1\r\nHost: unix\r\nX-Listener: Admin\r\nX-Forwarded-Host: admin\r\nForwarded: for=unix:\r\nConnection: close\r\n\r\n")]
    [InlineData("GET http://unix:/admin.sock:/tandem/v1 HTTP/1.0\r\nHost: unix:\r\n\r\n")]
    public async Task Nothing_that_a_TCP_client_sends_makes_it_an_administrator(string request)
    {
        await using var host = await ListenerHost.StartAsync(o => o with { TrustedProxies = [System.Net.IPNetwork.Parse("127.0.0.0/8")] });
        var answer = await Wire.AskAsync(host.Addresses.Api[0], request);
        Assert.DoesNotContain("Admin", answer, StringComparison.Ordinal);
        Assert.True(answer.Contains("Api -", StringComparison.Ordinal) || answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal), answer);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_crash_left_behind_is_replaced_and_a_stop_leaves_nothing(bool socket)
    {
        using var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await using var host = await ListenerHost.StartAsync(before: directory =>
        {
            var path = AdminSocket.PathIn(directory.FullName);
            if (socket)
            {
                dead.Bind(new UnixDomainSocketEndPoint(path));
            }
            else
            {
                File.WriteAllText(path, "");
            }
        });
        using var client = host.AdminClient();
        Assert.StartsWith("Admin", await client.GetStringAsync("/", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await host.App.StopAsync(TestContext.Current.CancellationToken);
        Assert.False(File.Exists(host.Addresses.AdminSocket));
    }

    [Theory]
    [InlineData(1000, 1000, true)]
    [InlineData(0, 1000, true)]
    [InlineData(1001, 1000, false)]
    [InlineData(-2, 1000, false)]
    [InlineData(1000, 0, false)]
    [InlineData(null, 1000, false)]
    public void Only_the_servers_own_user_and_root_are_admitted(int? peer, int own, bool admitted) => Assert.Equal(admitted, AdminSocket.Admits(peer, own));

    [Fact]
    public async Task Forwarded_headers_are_not_believed_on_the_socket()
    {
        await using var host = await ListenerHost.StartAsync(o => o with { TrustedProxies = [System.Net.IPNetwork.Parse("127.0.0.0/8")] });
        using var client = host.AdminClient();
        client.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.7");
        Assert.DoesNotContain("203.0.113.7", await client.GetStringAsync("/", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}
