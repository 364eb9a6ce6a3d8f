using Tandem.Cli.Claims;
using Tandem.Client;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults;

/// <summary>The root key is changed under load while the process is killed: it starts each time, every valid token is accepted, and every pending text opens.</summary>
public sealed class KeyKillTests
{
    private const int Kills = 20;

    [Fact]
    public async Task Killed_at_any_moment_the_server_starts_again_with_the_key_that_it_needs()
    {
        var (dice, output) = (Seeded.Dice(), TestContext.Current.TestOutputHelper!);
        await using var server = await ServerProcess.StartAsync(ServerProcess.Unthrottled);
        var caller = new TwilioCaller(server.Http);
        var (parent, parentToken) = server.FirstAccount();
        var (sid, token) = await caller.CreateSubaccountAsync(parent, parentToken);
        var (changed, ended) = (0, 0);
        for (var kill = 0; kill < Kills; kill++)
        {
            var secondary = (await caller.CreateAsync(sid, token)).Text("secondary_auth_token");
            var before = await KeyAsync(server);
            using var client = TandemClient.OverSocket(Path.Combine(server.Data, "admin.sock"));
            using var stop = new CancellationTokenSource();
            var load = LoadAsync(caller, (sid, token), stop.Token);
            var rotate = client.RotateKeysAsync(new(), TestContext.Current.CancellationToken);
            await Task.Delay(dice.Below(40), TestContext.Current.CancellationToken); // the fault's moment, not a wait for a result
            await server.KillAsync();
            var acknowledged = await IsAnsweredAsync(rotate);
            await stop.CancelAsync();
            Assert.Empty(await load);
            ended += acknowledged ? 1 : 0;

            await server.StartAgainAsync();

            changed += string.Equals(before, await KeyAsync(server), StringComparison.Ordinal) ? 0 : 1;
            Assert.True(!acknowledged || !string.Equals(before, await KeyAsync(server), StringComparison.Ordinal), "an acknowledged change of the key was lost");
            Assert.Equal(["root.key"], Directory.GetFiles(server.Data, "root.key*").Select(Path.GetFileName));
            Assert.Equal((200, 200), (await caller.CheckAsync(sid, token), await caller.CheckAsync(sid, secondary)));
            var promoted = await caller.PromoteAsync(sid, token);
            Assert.Equal((200, secondary), (promoted.Status, promoted.Text("auth_token")));
            token = secondary;
        }

        output.WriteLine($"{changed} of {Kills} killed changes took place, {ended} of them acknowledged");
        Assert.True(changed > 0, "no change of the key came through before a kill: the test has proved nothing");
    }

    private static async Task<bool> IsAnsweredAsync(Task<KeysRotatedInfo> rotate)
    {
        try
        {
            await rotate;
            return true;
        }
        catch (TandemException)
        {
            return false;
        }
    }

    /// <summary>Checks all the while; answers what went wrong.</summary>
    private static async Task<IReadOnlyList<string>> LoadAsync(TwilioCaller caller, (string Sid, string Token) held, CancellationToken stop)
    {
        var wrong = new List<string>();
        while (!stop.IsCancellationRequested)
        {
            if (await caller.CheckAsync(held.Sid, held.Token) is not (0 or 200) and var status)
            {
                wrong.Add($"a valid token was answered {status}");
            }
        }

        return wrong;
    }

    private static Task<string> KeyAsync(ServerProcess server) => File.ReadAllTextAsync(Path.Combine(server.Data, "root.key"));
}
