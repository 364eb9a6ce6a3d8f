using Tandem.Server.Tests.ForwardAuth;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

/// <summary>Every byte that a proxy may pass on in a header: in a credential it is a 401, in any other header it changes nothing.</summary>
public sealed class HeaderBytes_200_401
{
    private static readonly string[] s_others = ["User-Agent", "X-Client-Name", "X-Forwarded-For", "X-Forwarded-Host", "Cookie", "X-Other"];

    private static readonly TestTandemSettings s_unthrottled = new()
    {
        Options = o => o with { ThrottleAccount = new(1_000_000, 1), ThrottleSource = new(1_000_000, 1) },
    };

    /// <summary>All but NUL, which no server takes, and line ends, which would begin another header.</summary>
    private static IEnumerable<char> Bytes => Enumerable.Range(1, 255).Select(i => (char)i).Where(c => c is not ('\r' or '\n'));

    [Theory]
    [InlineData("GET", Checks.Nginx)]
    [InlineData("GET", Checks.Forward)]
    [InlineData("GET", Checks.Envoy)]
    [InlineData("POST", Checks.Verify)]
    [InlineData("POST", Calls.Secondary)]
    [InlineData("DELETE", Calls.Secondary)]
    [InlineData("POST", Calls.Promote)]
    [InlineData("GET", Calls.Accounts)]
    [InlineData("GET", "/tandem/v1/accounts/{0}/tokens")]
    [InlineData("GET", "/no/such/path")]
    public async Task In_a_credential_it_is_malformed(string method, string path)
    {
        await using var tandem = await TestTandem.StartAsync(s_unthrottled);
        await using var raw = await tandem.ConnectAsync();
        var (basic, target) = (tandem.Account.Basic, string.Format(null, path, tandem.Account.Sid));
        foreach (var b in Bytes)
        {
            foreach (var value in (string[])[basic[..20] + b + basic[20..], $"Basic {b}", $"{b}{basic}{b}x"])
            {
                await raw.SendAsync($"{method} {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nAuthorization: {value}\r\n\r\n");
                var answer = await raw.ReadAsync();
                Assert.True(answer.Status == (path == Checks.Verify ? 200 : 401), $"byte {(int)b:x2}: {answer.Status} {answer.Body}");
                Assert.True(path != Checks.Verify || answer.Text("code") == "MALFORMED", answer.Body);
            }
        }
    }

    [Theory]
    [InlineData("GET", Checks.Nginx)]
    [InlineData("GET", Checks.Forward)]
    [InlineData("GET", Checks.Envoy)]
    [InlineData("POST", Checks.Verify)]
    [InlineData("GET", Calls.Accounts)]
    public async Task In_any_other_header_it_changes_nothing(string method, string path)
    {
        await using var tandem = await TestTandem.StartAsync();
        await using var raw = await tandem.ConnectAsync();
        foreach (var b in Bytes)
        {
            var fields = string.Concat(s_others.Select(name => $"{name}: x{b}x\r\n"));
            await raw.SendAsync($"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n{fields}Authorization: {tandem.Account.Basic}\r\n\r\n");
            var answer = await raw.ReadAsync();
            Assert.True(answer.Status == 200, $"byte {(int)b:x2}: {answer.Status} {answer.Body}");
            Assert.True(path != Checks.Verify || answer.Text("code") == "VALID", answer.Body);
        }
    }
}
