using System.Diagnostics;
using Tandem.Cli.Claims;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults;

/// <summary>Backups made while accounts rotate: whole, of one moment, with nothing in them that was retired before, and nobody waits for them.</summary>
public sealed class BackupTests
{
    private const int Accounts = 400;

    [Fact]
    public async Task A_backup_under_load_is_whole_and_holds_nothing_of_a_token_retired_before_it_began()
    {
        await using var server = await ServerProcess.StartAsync(ServerProcess.Unthrottled);
        var caller = new TwilioCaller(server.Http);
        var held = await caller.CreateSubaccountsAsync(server.FirstAccount(), Accounts);

        var retired = new List<Residue>();
        for (var i = 0; i < 40; i++)
        {
            var (sid, token) = held[i];
            var secondary = (await caller.CreateAsync(sid, token)).Text("secondary_auth_token");
            retired.Add(new Residue(token).WithRow(server.Data, sid).Except("secondary verifier"));
            Assert.Equal(200, (await caller.PromoteAsync(sid, token)).Status);
            held[i] = (sid, secondary);
        }

        var home = Directory.CreateTempSubdirectory("tandem-backup-");
        try
        {
            using var stop = new CancellationTokenSource();
            var load = RotateAsync(caller, held[^1], stop.Token);
            var file = Path.Combine(home.FullName, "b.db");
            for (var i = 0; i < 3; i++)
            {
                File.Delete(file);
                Assert.Equal(0, await RunAsync("backup", file, "--data", server.Data));
                Assert.All(retired, r => Assert.Empty(r.FindIn(home.FullName)));
                Assert.Empty(Directory.GetFiles(server.Data, "backup*"));
            }

            await stop.CancelAsync();
            Assert.True(await load > 0, "nothing was rotated meanwhile: the test has proved nothing");

            var target = Path.Combine(home.FullName, "data");
            Directory.CreateDirectory(target, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            File.Copy(Path.Combine(server.Data, "root.key"), Path.Combine(target, "root.key"));
            Assert.Equal(0, await RunAsync("restore", file, "--data", target));
            Assert.Equal(0, await RunAsync("audit", "verify", "--data", target));
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_kill_while_a_backup_is_made_leaves_nothing_of_it_behind_after_the_next_start()
    {
        await using var server = await ServerProcess.StartAsync();
        await server.KillAsync();
        var left = Path.Combine(server.Data, "backup-under-way-00112233aabb");
        File.Copy(Path.Combine(server.Data, "tandem.db"), left);

        await server.StartAgainAsync();

        Assert.False(File.Exists(left));
    }

    private static async Task<int> RotateAsync(TwilioCaller caller, (string Sid, string Token) held, CancellationToken stop)
    {
        var rotations = 0;
        for (var token = held.Token; !stop.IsCancellationRequested; rotations++)
        {
            var secondary = (await caller.CreateAsync(held.Sid, token)).Text("secondary_auth_token");
            Assert.Equal(200, (await caller.PromoteAsync(held.Sid, secondary)).Status);
            token = secondary;
        }

        return rotations;
    }

    private static async Task<int> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(ServerProcess.Program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        TestContext.Current.TestOutputHelper!.WriteLine(await error);
        return process.ExitCode;
    }
}
