using Microsoft.Extensions.DependencyInjection;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.ForwardAuth;

/// <summary>A check that cannot be made is closed: no yes, and no 401 either.</summary>
public sealed class Check_503
{
    // Its index is missing: creating an account works, checking a credential throws.
    private static readonly TestTandemSettings s_broken = new()
    {
        Services = services => services.AddSingleton(s => new Verifier(null!, s.GetRequiredService<DataKeys>())),
    };

    [Theory]
    [InlineData(Checks.Nginx, 403)]
    [InlineData(Checks.Forward, 503)]
    [InlineData(Checks.Envoy, 503)]
    public async Task An_exception_is_unavailable(string path, int status)
    {
        await using var tandem = await TestTandem.StartAsync(s_broken);
        foreach (var credential in (TestCredential[])[tandem.Account, TestCredential.Unknown])
        {
            var answer = await tandem.SendAsync("GET", path, r => r.As(credential));
            Assert.Equal((status, "1"), (answer.Status, answer.Header("Retry-After")));
            Assert.Equal(status == 403 ? "unavailable" : null, answer.Header("X-Tandem-Reason"));
            Assert.Null(answer.Header("WWW-Authenticate"));
            Assert.Null(answer.Header("X-Account-Sid"));
            answer.IsKeptOutOfCaches();
        }

        Assert.Equal(2, tandem.Log.Lines.Count(l => l.Contains("A check could not be made", StringComparison.Ordinal)));
        Assert.DoesNotContain(tandem.Log.Lines, l => l.Contains(tandem.Account.Token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Verify_says_UNAVAILABLE()
    {
        await using var tandem = await TestTandem.StartAsync(s_broken);
        var answer = await tandem.SendAsync("POST", Checks.Verify);
        Assert.Equal((200, "UNAVAILABLE", "1"), (answer.Status, answer.Text("code"), answer.Header("Retry-After")));
    }
}
