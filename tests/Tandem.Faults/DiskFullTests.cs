using Tandem.Cli.Claims;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults;

/// <summary>A full disk refuses mutations cleanly and nothing else: before COMMIT 503, after it the answer stands.</summary>
public sealed class DiskFullTests
{
    [Fact]
    public async Task A_full_disk_refuses_mutations_with_503_and_goes_on_verifying()
    {
        await using var server = await ServerProcess.StartOnSmallDiskAsync("size=2m");
        var caller = new TwilioCaller(server.Http);
        var (sid, token) = server.FirstAccount();
        var filler = Path.Combine(server.Data, "filler");
        Fill(filler, leave: 0);

        var refused = await caller.CreateAsync(sid, token);

        Assert.Equal((503, 20503), (refused.Status, refused.Code));
        Assert.Equal(200, await caller.CheckAsync(sid, token));
        Assert.Equal((200, 503), (await server.HealthAsync(), await server.HealthAsync("/health/mutations")));
        Assert.Contains("changes_refused", await server.AlarmsAsync());
        File.Delete(filler);

        // Nobody has to ask for a change before it is told that changes are taken again.
        await Until.TrueAsync(async () => await server.HealthAsync("/health/mutations") == 200);
        Assert.DoesNotContain("changes_refused", await server.AlarmsAsync());
        Assert.Equal(201, (await caller.CreateAsync(sid, token)).Status);
    }

    [Theory]
    [InlineData("{data}.anchor")]
    [InlineData("{data}/anchor")]
    public async Task At_every_amount_of_free_space_a_promote_is_either_refused_and_undone_or_done_for_good(string anchor)
    {
        await using var server = await ServerProcess.StartOnSmallDiskAsync("size=2m", ("TANDEM_ANCHOR_FILE", anchor));
        var caller = new TwilioCaller(server.Http);
        var (sid, token) = server.FirstAccount();
        var filler = Path.Combine(server.Data, "filler");
        var (refusals, promotes) = (0, 0);
        for (var pages = 0; pages < 40; pages++)
        {
            var secondary = (await caller.CreateAsync(sid, token)).Text("secondary_auth_token");
            Fill(filler, leave: pages % 16);

            var promoted = await caller.PromoteAsync(sid, token);

            Assert.True(promoted.Status is 200 or 503, $"answered {promoted.Status}");
            Assert.Equal(promoted.Status == 200 ? 401 : 200, await caller.CheckAsync(sid, token));
            Assert.Equal(200, await caller.CheckAsync(sid, secondary));
            File.Delete(filler);
            await Until.TrueAsync(async () => !(await server.AlarmsAsync()).Contains("residue_pending", StringComparer.Ordinal));
            if (promoted.Status == 200)
            {
                promotes++;
                Assert.Empty(new Residue(token).FindIn(server.Data));
                token = secondary;
            }
            else
            {
                refusals++;
                Assert.Equal(204, (await caller.DeleteAsync(sid, token)).Status);
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{promotes} promoted, {refusals} refused");
        Assert.True(promotes > 0 && refusals > 0);
    }

    /// <summary>Takes all free space, then gives this many pages of 4 KiB back.</summary>
    private static void Fill(string path, int leave)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var page = new byte[4096];
        try
        {
            while (true)
            {
                file.Write(page);
            }
        }
        catch (IOException)
        {
            file.SetLength(Math.Max(0, (file.Length / page.Length * page.Length) - (leave * (long)page.Length)));
        }
    }
}
