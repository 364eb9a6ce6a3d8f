using Tandem.Cli.Claims;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults;

/// <summary>After a failed sync nobody knows what the disk holds: the process ends without an answer, and the next start reads what is true.</summary>
public sealed class FailStopTests
{
    [Theory]
    [InlineData("fsync:error=EIO", false)] // the log's sync at COMMIT: the create is not acknowledged
    [InlineData("ftruncate:error=EIO", true)] // the log's truncation after COMMIT: the promote has happened, and is not acknowledged either
    public async Task An_I_O_error_ends_the_process_with_code_74_and_a_sentence_and_without_an_answer(string fault, bool promote)
    {
        await using var server = await ServerProcess.StartAsync();
        var caller = new TwilioCaller(server.Http);
        var (sid, token) = server.FirstAccount();
        var secondary = promote ? (await caller.CreateAsync(sid, token)).Text("secondary_auth_token") : null;

        Answer answer;
        var call = fault[..fault.IndexOf(':', StringComparison.Ordinal)];
        await using (await Strace.AttachAsync(server.ProcessId, "-o", "/dev/null", "-e", $"trace={call}", "-e", $"inject={fault}"))
        {
            answer = promote ? await caller.PromoteAsync(sid, token) : await caller.CreateAsync(sid, token);
            Assert.Equal(74, await server.WaitForExitAsync());
        }

        Assert.True(answer.Unknown, $"answered {answer.Status}");
        Assert.Contains("tandem stopped: ", server.Output, StringComparison.Ordinal);
        await server.StartAgainAsync();
        if (secondary is null)
        {
            Assert.Equal(200, await caller.CheckAsync(sid, token));
        }
        else
        {
            // The secondary was acknowledged: it works, and with it the outcome is learned in one call.
            Assert.Contains((await caller.PromoteAsync(sid, secondary)).Status, (int[])[200, 404]);
            Assert.Equal((401, 200), (await caller.CheckAsync(sid, token), await caller.CheckAsync(sid, secondary)));
            Assert.Empty(new Residue(token).FindIn(server.Data));
        }
    }
}
