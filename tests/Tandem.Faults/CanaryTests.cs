using Tandem.Cli.Claims;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults;

/// <summary>Nothing that the program prints or logs, at the most talkative level, holds a token in any form.</summary>
public sealed class CanaryTests
{
    [Fact]
    public async Task No_token_appears_in_the_output_at_trace_level()
    {
        await using var server = await ServerProcess.StartAsync(("TANDEM_LOG_LEVEL", "Trace"));
        var caller = new TwilioCaller(server.Http);
        var (sid, first) = server.FirstAccount();
        var (subSid, subToken) = await caller.CreateSubaccountAsync(sid, first);
        var second = (await caller.CreateAsync(sid, first)).Text("secondary_auth_token");
        var deleted = (await caller.CreateAsync(subSid, subToken)).Text("secondary_auth_token");
        await caller.DeleteAsync(subSid, subToken);
        await caller.PromoteAsync(sid, first);
        string[] wrong = ["0123456789abcdef0123456789abcdee"];
        foreach (var token in (string[])[first, deleted, .. wrong])
        {
            Assert.Equal(401, await caller.CheckAsync(sid, token));
            await caller.SendAsync(HttpMethod.Post, $"/no/such/path?x={sid}", sid, token);
            await caller.SendAsync(HttpMethod.Put, "/v1/AuthTokens/Promote", sid, token, "a=b");
        }

        await server.KillAsync();

        Assert.Contains("trce", server.Output, StringComparison.OrdinalIgnoreCase);
        foreach (var token in (string[])[first, second, subToken, deleted, .. wrong])
        {
            Assert.False(new Residue(token).IsIn(server.Output), "a token was printed");
        }
    }
}
