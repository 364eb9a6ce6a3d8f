using System.Buffers.Binary;
using System.Net.Security;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Listeners;

/// <summary>Every limit at every listener.</summary>
public sealed class ListenerLimitsTests : IDisposable
{
    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("tandem-limits-");

    public static TheoryData<string, string, int> TooLarge
    {
        get
        {
            var data = new TheoryData<string, string, int>();
            foreach (var door in Doors.Http)
            {
                data.Add(door, $"GET /{new string('a', 8200)} HTTP/1.1\r\nHost: x\r\n\r\n", 414);
                data.Add(door, $"GET / HTTP/1.1\r\nHost: x\r\nX: {new string('a', 16_400)}\r\n\r\n", 431);
                data.Add(door, $"GET / HTTP/1.1\r\nHost: x\r\n{string.Concat(Enumerable.Range(0, 64).Select(i => $"X-{i}: a\r\n"))}\r\n", 431);
                data.Add(door, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 16385\r\n\r\n", 413);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(TooLarge))]
    public async Task What_is_too_large_is_refused_at_each(string door, string request, int status)
    {
        await using var host = await Doors.StartAsync(_files, door);
        await using var stream = await Doors.OpenAsync(host, door);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        Assert.StartsWith($"HTTP/1.1 {status} ", await Wire.ReadHeadAsync(stream), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_that_do_not_end_are_cut_after_ten_seconds_at_each() => await Task.WhenAll(Doors.Http.Select(async door =>
    {
        await using var host = await Doors.StartAsync(_files.CreateSubdirectory(door), door);
        await using var stream = await Doors.OpenAsync(host, door);
        await stream.WriteAsync("GET / HTTP/1.1\r\nHost: "u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 408 ", await Wire.ReadToEndAsync(stream), StringComparison.Ordinal);
    }));

    [Fact]
    public async Task Bodies_answers_and_idle_connections_have_a_time_limit()
    {
        await using var host = await ListenerHost.StartAsync();
        var limits = host.App.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;
        Assert.Equal(TimeSpan.FromSeconds(120), limits.KeepAliveTimeout);
        Assert.Equal((240.0, 240.0), (limits.MinRequestBodyDataRate!.BytesPerSecond, limits.MinResponseDataRate!.BytesPerSecond));
        Assert.Equal(0, limits.MaxConcurrentUpgradedConnections);
    }

    [Theory]
    [InlineData("before TLS")]
    [InlineData("after CONNECT")]
    public async Task HTTP_2_says_its_limits(string door)
    {
        await using var host = await Doors.StartAsync(_files, door);
        await using var tls = Wire.TrustingAnybody(await Doors.OpenAsync(host, door));
        var cancel = TestContext.Current.CancellationToken;
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = "api.twilio.com", ApplicationProtocols = [SslApplicationProtocol.Http2] }, cancel);
        await tls.WriteAsync(Http2Frames.Preface(), cancel);
        var frame = await Http2Frames.ReadAsync(tls, cancel);
        Assert.Equal(Http2FrameType.Settings, frame!.Type);
        var settings = frame.Payload.Chunk(6)
            .ToDictionary(s => BinaryPrimitives.ReadInt16BigEndian(s), s => BinaryPrimitives.ReadInt32BigEndian(s.AsSpan(2)));
        Assert.Equal(100, settings[3]); // SETTINGS_MAX_CONCURRENT_STREAMS
        Assert.Equal(16 * 1024, settings[6]); // SETTINGS_MAX_HEADER_LIST_SIZE
        Assert.True(settings.GetValueOrDefault<short, int>(4, 65_535) == 65_535); // SETTINGS_INITIAL_WINDOW_SIZE; this is the protocol's own
    }

    public void Dispose() => _files.Delete(recursive: true);
}
