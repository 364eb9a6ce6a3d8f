using Tandem.Testing;
using Xunit;

namespace Tandem.Compat.Proxies;

/// <summary>Every byte that a header may hold, through each proxy. A proxy may refuse one by itself, with a 400.</summary>
public sealed class HeaderByteTests
{
    private static readonly string[] s_others = ["User-Agent", "X-Client-Name", "X-Forwarded-For", "X-Forwarded-Host", "Cookie", "X-Other"];

    [Theory]
    [InlineData(Recipe.Nginx)]
    [InlineData(Recipe.Caddy)]
    [InlineData(Recipe.HAProxy)]
    public async Task In_Authorization_it_is_a_401(Recipe recipe)
    {
        await using var api = await GuardedApi.StartAsync(recipe, ServerProcess.Unthrottled);
        var basic = new TestCredential(api.Sid, api.Token).Basic;
        await AskAsync(api, Bytes.Select(b => (b, $"Authorization: {basic[..20]}{b}{basic[20..]}\r\n")), (b, status) =>
            Assert.True(status == 401 || (status == 400 && RefusesByItself(recipe, b)), $"byte {(int)b:x2}: {status}"));

        Assert.Equal(0, api.Backend.Count);
    }

    [Theory]
    [InlineData(Recipe.Nginx)]
    [InlineData(Recipe.Caddy)]
    [InlineData(Recipe.HAProxy)]
    public async Task In_any_other_header_it_refuses_no_valid_credential(Recipe recipe)
    {
        await using var api = await GuardedApi.StartAsync(recipe);
        var field = $"Authorization: {new TestCredential(api.Sid, api.Token).Basic}\r\n";
        var requests = Bytes.Skip(1) // HAProxy passes NUL on, and this API refuses it
            .Select(b => (b, field + string.Concat(s_others.Select(name => $"{name}: x{b}x\r\n"))));
        await AskAsync(api, requests, (b, status) =>
            Assert.True(status == 200 || (status == 400 && RefusesByItself(recipe, b)), $"byte {(int)b:x2}: {status}"));
    }

    /// <summary>Headers that are too long or too many for Tandem, and a Host that it would not take: the API's own business.</summary>
    [Theory]
    [InlineData(Recipe.Nginx)]
    [InlineData(Recipe.Caddy)]
    [InlineData(Recipe.HAProxy)]
    public async Task What_the_check_does_not_need_is_not_in_its_way(Recipe recipe)
    {
        await using var api = await GuardedApi.StartAsync(recipe);
        var basic = new TestCredential(api.Sid, api.Token).Basic;
        var length = recipe == Recipe.HAProxy ? 2_000 : 4_000; // HAProxy takes 16 KiB of headers
        var cookies = string.Concat(Enumerable.Range(0, 5).Select(i => $"Cookie: c{i}={new string('x', length)}\r\n"));
        foreach (var (line, host, fields) in ((string, string, string)[])
            [
                ("GET / HTTP/1.1", "api.test", cookies), ("GET / HTTP/1.1", "api_test!", ""),
                ("GET / HTTP/1.1", "api.test:80", "Content-Length: 0\r\nExpect: 100-continue\r\n"),
                ($"GET /{new string('p', 4000)}?{new string('q', 2000)} HTTP/1.1", "api.test", ""),
            ])
        {
            await using var connection = await api.ConnectAsync();
            await connection.SendAsync($"{line}\r\nHost: {host}\r\nAuthorization: {basic}\r\n{fields}\r\n");
            var answer = await connection.ReadAsync();
            answer = answer.Status == 100 ? await connection.ReadAsync() : answer;
            Assert.Equal((line, 200), (line, answer.Status));
        }
    }

    /// <summary>One request after the other, over as few connections as the proxy allows.</summary>
    private static async Task AskAsync(GuardedApi api, IEnumerable<(char Byte, string Fields)> requests, Action<char, int> assert)
    {
        var connection = await api.ConnectAsync();
        try
        {
            foreach (var (b, fields) in requests)
            {
                await connection.SendAsync($"GET / HTTP/1.1\r\nHost: api.test\r\n{fields}\r\n");
                var answer = await connection.ReadAsync();
                assert(b, answer.Status);
                if (answer.Status == 400 || answer.Header("Connection") == "close")
                {
                    await connection.DisposeAsync();
                    connection = await api.ConnectAsync();
                }
            }
        }
        finally
        {
            await connection.DisposeAsync();
        }
    }

    /// <summary>All but line ends, which would begin another header.</summary>
    private static IEnumerable<char> Bytes => Enumerable.Range(0, 256).Select(i => (char)i).Where(c => c is not ('\r' or '\n'));

    /// <summary>nginx refuses NUL, Caddy all control characters, HAProxy none.</summary>
    private static bool RefusesByItself(Recipe recipe, char b) => recipe switch
    {
        Recipe.Nginx => b == 0,
        Recipe.Caddy => b is (< ' ' and not '\t') or '\u007f',
        _ => false,
    };
}
