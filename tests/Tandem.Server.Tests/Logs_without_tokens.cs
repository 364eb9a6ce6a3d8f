using System.Text;
using Tandem.Server.Tests.ForwardAuth;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

public sealed class Logs_without_tokens
{
    [Fact]
    public async Task Nothing_logged_at_any_level_holds_a_token_or_a_credential()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Options = o => o with { ThrottleAccount = new(3, 1) } });
        var secondary = await tandem.CreateSecondaryAsync();
        var sub = await tandem.CreateSubaccountAsync();
        await tandem.SendAsync("POST", Calls.Promote, r => r.As(secondary));
        await tandem.SendAsync("GET", Calls.Accounts, r => r.As(tandem.Account));
        await tandem.SendAsync("GET", "/nowhere", r => r.As(secondary));
        await tandem.SendAsync("GET", Calls.PathOf(sub), r => r.As(sub));
        foreach (var path in (string[])[Checks.Nginx, Checks.Forward, Checks.Envoy, Checks.Verify, Calls.Accounts])
        {
            await tandem.SendAsync("POST", path, r => r.As(sub));
            await tandem.SendAsync("POST", path, r => r.As(tandem.Account)); // retired, then throttled
            await tandem.SendAsync("POST", $"{path}?{sub.Token}", r => r.As(null).With("Authorization", $"Bearer {sub.Token}"));
            await tandem.SendAsync("POST", path, r => r.As(new(sub.Token, sub.Sid))); // the wrong way round
        }

        await tandem.StopAsync();
        Assert.Contains(tandem.Log.Lines, l => l.Contains("throttled", StringComparison.Ordinal));
        Assert.NotEmpty(tandem.Log.Lines);
        foreach (var credential in new[] { tandem.Account, secondary, sub })
        {
            var base64 = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{credential.Sid}:{credential.Token}"));
            Assert.DoesNotContain(tandem.Log.Lines, line =>
                line.Contains(credential.Token, StringComparison.OrdinalIgnoreCase) || line.Contains(base64, StringComparison.Ordinal));
        }
    }
}
