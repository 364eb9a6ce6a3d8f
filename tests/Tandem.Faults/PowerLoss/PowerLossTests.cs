using System.Security.Cryptography;
using Tandem.Cli.Claims;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults.PowerLoss;

/// <summary>
/// Records every system call of a server that rotates tokens, and cuts the power at thousands of moments: of what was written and not synced the
/// disk keeps whatever it likes. What was acknowledged is there at the next start, and nothing that was retired lives again.
/// </summary>
public sealed class PowerLossTests
{
    private static readonly int s_images = LongRun.Of(400, 24_000);
    private static readonly int s_rotations = LongRun.Of(15, 200);

    private readonly Dice _dice = Seeded.Dice();

    [Fact]
    public async Task A_power_cut_at_any_moment_loses_nothing_acknowledged_and_revives_nothing_retired()
    {
        await using var recording = await Recording.MakeAsync(s_rotations, _dice);
        var wrong = await recording.ReplayAsync(s_images, static _ => true);
        TestContext.Current.TestOutputHelper!.WriteLine($"{s_images} images of {recording.Answers} answers, {wrong.Count} wrong");
        Assert.Empty(wrong);
    }

    /// <summary>
    /// The control: with <c>synchronous=NORMAL</c> SQLite does not sync the log at a COMMIT, and an anchor that is not synced may be behind what was
    /// answered. The same replay must see what that costs.
    /// </summary>
    [Theory]
    [InlineData("-wal")]
    [InlineData(".anchor")]
    public async Task Without_the_syncs_of_the_log_or_the_anchor_the_same_replay_finds_losses(string ending)
    {
        await using var recording = await Recording.MakeAsync(15, _dice);
        var wrong = await recording.ReplayAsync(200, effect => effect is not Synced { File: var file } || !file.EndsWith(ending, StringComparison.Ordinal));
        TestContext.Current.TestOutputHelper!.WriteLine($"200 images without the syncs of {ending}, {wrong.Count} wrong: {wrong.FirstOrDefault()}");
        Assert.NotEmpty(wrong);
    }

    /// <summary>What a server did, and what its clients were told.</summary>
    private sealed class Recording(Disk disk, List<Effect> effects, Ledger ledger, RootKey rootKey, Dice dice) : IAsyncDisposable
    {
        public int Answers => ledger.Answers;

        public static async Task<Recording> MakeAsync(int rotations, Dice dice)
        {
            await using var server = await ServerProcess.StartAsync();
            var caller = new TwilioCaller(server.Http);
            var first = server.FirstAccount();
            var accounts = new List<(string Sid, string Token)> { first, await caller.CreateSubaccountAsync(first.Sid, first.Token), await caller.CreateSubaccountAsync(first.Sid, first.Token) };
            var ledger = new Ledger(accounts);
            var trace = Path.Combine(server.Data, "..", "trace");
            Disk disk;
            await using (await Strace.AttachAsync(server.ProcessId, SystemCalls.Arguments(trace)))
            {
                disk = new([server.Data + ".anchor", .. Directory.EnumerateFiles(server.Data, "tandem.db*").Where(f => !f.EndsWith("-shm", StringComparison.Ordinal))]);
                for (var i = 0; i < rotations; i++)
                {
                    await RotateAsync(caller, ledger, accounts[dice.Below(accounts.Count)].Sid, dice);
                }
            }

            var key = RootKey.TryParse(await File.ReadAllTextAsync(Path.Combine(server.Data, "root.key")), out var parsed) ? parsed : throw new InvalidDataException("No root key.");
            var effects = SystemCalls.Read(File.ReadLines(trace));
            Assert.Equal(ledger.Answers, effects.Count(e => e is Answered)); // else answers and effects are not told in the same order
            return new(disk, effects, ledger, key, dice);
        }

        /// <summary>Cuts the power so many times, at moments spread over the whole recording; what was wrong afterwards.</summary>
        public async Task<List<string>> ReplayAsync(int images, Func<Effect, bool> happened)
        {
            var cuts = Enumerable.Range(0, images).Select(_ => dice.Below(effects.Count)).Order().ToList();
            var (wrong, answers, next) = (new List<string>(), 0, 0);
            for (var at = 0; at < effects.Count; at++)
            {
                for (; next < cuts.Count && cuts[next] == at; next++)
                {
                    if (await CutAsync(answers) is { } violation)
                    {
                        wrong.Add($"effect {at}: {violation}");
                    }
                }

                answers += effects[at] is Answered ? 1 : 0;
                if (happened(effects[at]))
                {
                    disk.Take(effects[at]);
                }
            }

            return wrong;
        }

        public ValueTask DisposeAsync()
        {
            rootKey.Dispose();
            return ValueTask.CompletedTask;
        }

        private static async Task RotateAsync(TwilioCaller caller, Ledger ledger, string sid, Dice dice)
        {
            var (primary, _) = ledger[sid];
            var secondary = (await caller.CreateAsync(sid, primary)).Text("secondary_auth_token");
            ledger.Answered(sid, new(primary, secondary));
            if (dice.OnceIn(4))
            {
                Assert.Equal(204, (await caller.DeleteAsync(sid, primary)).Status);
                ledger.Answered(sid, new(primary, null));
            }
            else
            {
                Assert.Equal(200, (await caller.PromoteAsync(sid, dice.OnceIn(2) ? primary : secondary)).Status);
                ledger.Answered(sid, new(secondary, null));
            }
        }

        private async Task<string?> CutAsync(int answers)
        {
            var image = Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"tandem-image-{RandomNumberGenerator.GetHexString(16)}"));
            try
            {
                disk.Cut(image.FullName, dice);
                return await ledger.JudgeAsync(image.FullName, rootKey, answers);
            }
            finally
            {
                image.Delete(recursive: true);
            }
        }
    }
}
