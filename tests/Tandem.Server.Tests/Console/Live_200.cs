using Microsoft.Extensions.Time.Testing;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Console;

/// <summary>Pages that keep themselves up to date.</summary>
public sealed class Live_200
{
    [Fact]
    public async Task A_call_with_a_token_is_told_within_a_moment_and_nothing_of_it_is_said()
    {
        await using var tandem = await TestTandem.StartAsync();
        using var client = await ConsoleClient.SignedInAsync(tandem, "vic", UserRole.Viewer);
        using var http = Http(client, tandem);
        using var answer = await OpenAsync(http, tandem);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        Assert.Equal("retry: 5000", await lines.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.Equal("", await lines.ReadLineAsync(TestContext.Current.CancellationToken));
        await tandem.SendAsync("GET", ForwardAuth.Checks.Forward);
        Assert.Equal("data: look", await lines.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task One_session_cannot_take_the_streams_of_the_others()
    {
        await using var tandem = await TestTandem.StartAsync();
        using var client = await ConsoleClient.SignedInAsync(tandem, "vic", UserRole.Viewer);
        using var http = Http(client, tandem);
        using var other = await ConsoleClient.SignedInAsync(tandem, "val", UserRole.Viewer);
        using var otherHttp = Http(other, tandem);
        var streams = new List<HttpResponseMessage>();
        for (var i = 0; i < 21; i++)
        {
            streams.Add(await OpenAsync(http, tandem));
        }

        Assert.Equal([.. Enumerable.Repeat(200, 20), 503], streams.Select(s => (int)s.StatusCode));
        using (var others = await OpenAsync(otherHttp, tandem))
        {
            Assert.Equal(200, (int)others.StatusCode);
        }

        streams[0].Dispose();
        await Until.TrueAsync(async () =>
        {
            using var again = await OpenAsync(http, tandem);
            return again.IsSuccessStatusCode;
        });
        streams.ForEach(s => s.Dispose());
    }

    [Fact]
    public async Task A_page_left_open_does_not_keep_its_session_alive()
    {
        var time = new FakeTimeProvider(Calls.Start);
        await using var tandem = await TestTandem.StartAsync(new() { Time = time });
        using var client = await ConsoleClient.SignedInAsync(tandem);
        var page = $"/accounts/{tandem.Account.Sid}";
        time.Advance(TimeSpan.FromMinutes(50));
        Assert.Equal(200, (await client.GetAsync(page, r => r.With("X-Tandem-Live", "1"))).Status);
        time.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(303, (await client.GetAsync(page, r => r.With("X-Tandem-Live", "1"))).Status);
        await client.SignInAsync("ada");
        time.Advance(TimeSpan.FromMinutes(50));
        Assert.Equal(200, (await client.GetAsync(page)).Status);
        time.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(200, (await client.GetAsync(page)).Status);
    }

    private static HttpClient Http(ConsoleClient client, TestTandem tandem) =>
        new(new SocketsHttpHandler { UseProxy = false, CookieContainer = client.Cookies }) { BaseAddress = tandem.Address };

    private static Task<HttpResponseMessage> OpenAsync(HttpClient http, TestTandem tandem) => http.GetAsync(
        new Uri($"/accounts/{tandem.Account.Sid}/live", UriKind.Relative),
        HttpCompletionOption.ResponseHeadersRead,
        TestContext.Current.CancellationToken);
}
