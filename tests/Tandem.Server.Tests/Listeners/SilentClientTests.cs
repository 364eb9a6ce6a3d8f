using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Tandem.Server.Listeners;
using Xunit;

namespace Tandem.Server.Tests.Listeners;

/// <summary>Clients that connect and say nothing, at each door and at each stage: they hold their share for ten seconds, and nobody else's.</summary>
public sealed class SilentClientTests : IDisposable
{
    private static readonly byte[] s_request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray();

    private static readonly ConnectionLimits s_limits = new(Total: 20, Proxy: 10, Others: 10, Source: 4, Administration: 4);

    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("tandem-silent-");
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());

    public static TheoryData<string> Stages =>
        ["plain", "before TLS", "after TLS", "before CONNECT", "after CONNECT", "in the tunnel", "administration"];

    [Theory]
    [MemberData(nameof(Stages))]
    public async Task A_flood_of_silent_connections_from_one_source_is_cut_at_its_share(string stage)
    {
        await using var host = await StartAsync(stage);
        var (share, excess, streams) = (stage is "administration" ? 4 : 10, 5, new List<Stream>());
        for (var i = 0; i < share + excess; i++)
        {
            streams.Add(await (i < share ? Doors.OpenAsync(host, stage) : Doors.DialAsync(host, stage)));
        }

        var ends = streams.ConvertAll(Wire.ReadToEndAsync);
        await Wire.UntilAsync(() => Task.FromResult(ends.Count(e => e.IsCompleted) == excess));
        Assert.All(ends.Where(e => e.IsCompleted), e => Assert.Equal("", e.Result));
        if (stage is not "administration")
        {
            // Another source; loopback has many addresses.
            await using var other = await Doors.DialAsync(host, stage, IPAddress.Parse("127.0.0.2"));
            Assert.True(await AnswersAsync(stage, other));
        }

        await streams[ends.FindIndex(e => !e.IsCompleted)].DisposeAsync();
        await Wire.UntilAsync(async () =>
        {
            await using var again = await Doors.DialAsync(host, stage);
            return await AnswersAsync(stage, again);
        });
        streams.ForEach(s => s.Dispose());
    }

    [Theory]
    [MemberData(nameof(Stages))]
    public async Task A_silent_connection_is_closed_after_ten_seconds_and_one_that_spoke_is_not(string stage)
    {
        await using var host = await StartAsync(stage);
        var goesOn = stage is "plain" or "after TLS" or "in the tunnel" or "administration"; // the others have a limit of their own
        await using var silent = await Doors.OpenAsync(host, stage);
        await using var spoke = await Doors.OpenAsync(host, stage);
        if (goesOn)
        {
            await spoke.WriteAsync(s_request, TestContext.Current.CancellationToken);
            await Wire.ReadHeadAsync(spoke);
            await Wire.ReadHeadAsync(spoke); // the body, in chunks
        }

        var closed = Wire.ReadToEndAsync(silent);
        await Wire.UntilAsync(() =>
        {
            _time.Advance(ListenerLimits.HeaderTime / 2); // again until the server has accepted, too: the limit runs from there
            return Task.FromResult(closed.IsCompleted);
        });
        Assert.Equal("", await closed);
        if (goesOn)
        {
            await spoke.WriteAsync(s_request, TestContext.Current.CancellationToken);
            Assert.Contains("HTTP/1.1 200 ", await Wire.ReadHeadAsync(spoke), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Refused_connections_are_one_line_a_minute_and_a_quiet_minute_is_none()
    {
        await using var host = await StartAsync("plain");
        const string few = "The limit of open files allows 20 connections at once, and 4 from one address.";
        Assert.Single(host.Log.At(LogLevel.Warning), l => l.Contains(few, StringComparison.Ordinal));
        var silent = new List<Stream>();
        for (var i = 0; i < 30; i++)
        {
            silent.Add(await Doors.DialAsync(host, "plain"));
        }

        await Wire.UntilAsync(() => Task.FromResult(host.App.Services.GetRequiredService<ConnectionGate>().Refused.Source == 20));
        _time.Advance(TimeSpan.FromMinutes(1));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Contains(
            "Connections refused in the last minute: 20 from addresses that had too many open (4, or 10 for loopback and trusted proxies), "
            + "0 because too many were open in all. One was from 127.0.0.1.",
            Assert.Single(host.Log.At(LogLevel.Warning), l => l.Contains("refused in the last minute", StringComparison.Ordinal)),
            StringComparison.Ordinal);
        silent.ForEach(s => s.Dispose());
    }

    public void Dispose() => _files.Delete(recursive: true);

    private Task<ListenerHost> StartAsync(string stage) =>
        Doors.StartAsync(_files, stage, _time, builder => builder.Services.AddSingleton(new ConnectionGate(s_limits, [])));

    /// <summary>Whether a bare connection gets as far as an answer of the door's own protocol.</summary>
    private static async Task<bool> AnswersAsync(string stage, Stream stream)
    {
        try
        {
            if (stage is "before TLS" or "after TLS")
            {
                await using var tls = Wire.TrustingAnybody(stream);
                await tls.AuthenticateAsClientAsync("localhost");
                return true;
            }

            await stream.WriteAsync(stage is "before CONNECT" or "after CONNECT" or "in the tunnel" ? Doors.Connect : s_request);
            return (await Wire.ReadHeadAsync(stream)).StartsWith("HTTP/1.1 200", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
