using System.Net;
using System.Net.Sockets;
using Tandem.Client;
using Xunit;

namespace Tandem.Rotations.Tests;

/// <summary>A server that dies while a connection to it is made: whatever the runtime makes of it, the client says that no answer came.</summary>
public sealed class ResetConnectionTests
{
    private const int Calls = 3_000;

    [Fact]
    public async Task A_connection_that_is_reset_the_moment_it_is_made_is_a_missing_answer_and_no_fault()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var resetting = ResetAllAsync(listener);
        var address = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        var credential = new TwilioCredential("AC" + new string('0', 32), "x");
        using var twilio = new TwilioClient(TwilioAddresses.At(address));
        using var tandem = TandemClient.OverHttp(address, credential);
        for (var i = 0; i < Calls; i++)
        {
            await Assert.ThrowsAsync<TwilioException>(() => twilio.PromoteAsync(credential, TestContext.Current.CancellationToken));
            await Assert.ThrowsAsync<TandemException>(() => tandem.GetTokensAsync(credential.Sid, TestContext.Current.CancellationToken));
        }

        listener.Stop();
        Assert.True(await resetting >= Calls, "too few connections were reset");
    }

    private static async Task<int> ResetAllAsync(TcpListener listener)
    {
        for (var connections = 0; ; connections++)
        {
            try
            {
                using var socket = await listener.AcceptSocketAsync();
                socket.Close(timeout: 0); // sends a reset
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return connections;
            }
        }
    }
}
