using Tandem.Cli.Claims;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults;

/// <summary>
/// Every write and every sync of a rotation fails once, or from then on, in turn. Nothing is acknowledged that is not there at the next start, nothing
/// is refused that was done, and after a failed sync the process ends.
/// </summary>
public sealed class IoErrorTests
{
    private readonly List<string> _violations = [];
    private (int Struck, int Ended, int Refused) _counts;

    public static TheoryData<string, string, bool> Faults
    {
        get
        {
            var faults = new TheoryData<string, string, bool>();
            foreach (var call in (string[])["pwrite64", "fsync", "ftruncate"])
            {
                foreach (var error in (string[])["EIO", "ENOSPC"])
                {
                    faults.Add(call, error, false);
                    faults.Add(call, error, true);
                }
            }

            return faults;
        }
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Whichever_of_them_fails_what_was_answered_holds(string call, string error, bool lasting)
    {
        await using var server = await ServerProcess.StartAsync(ServerProcess.Unthrottled);
        var (sid, primary) = server.FirstAccount();
        var struck = true;
        for (var at = 1; struck; at++)
        {
            (primary, struck) = await RotateAsync(server, (sid, primary), $"{call}:error={error}:when={at}{(lasting ? "+" : "")}");
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{call} {error}{(lasting ? " from then on" : "")}: {_counts.Struck} struck, {_counts.Ended} ended the process, {_counts.Refused} calls refused");
        Assert.True(_counts.Struck > 0, "no fault met the rotation: the test has proved nothing");
        Assert.Empty(_violations);
    }

    /// <summary>One rotation with one fault. The primary afterwards, and whether the fault met it.</summary>
    private async Task<(string Primary, bool Struck)> RotateAsync(ServerProcess server, (string Sid, string Token) account, string fault)
    {
        var (sid, primary) = account;
        var caller = new TwilioCaller(server.Http);
        var trace = Path.Combine(server.Data, "..", "trace");
        Answer created, promoted = default;
        await using (await Strace.AttachAsync(server.ProcessId, [
            "-o", trace, "-P", Path.Combine(server.Data, "tandem.db"), "-P", Path.Combine(server.Data, "tandem.db-wal"),
            "-e", $"trace={fault[..fault.IndexOf(':', StringComparison.Ordinal)]}", "-e", $"inject={fault}"]))
        {
            created = await caller.CreateAsync(sid, primary);
            promoted = created.Status == 201 ? await caller.PromoteAsync(sid, primary) : default;
            if (created.Unknown || (created.Status == 201 && promoted.Unknown))
            {
                Require(await server.WaitForExitAsync() == 74, fault, "it ended otherwise");
                _counts.Ended++;
            }
            else
            {
                await server.KillAsync(); // what is in its memory does not count
            }
        }

        var struck = (await File.ReadAllTextAsync(trace)).Contains("INJECTED", StringComparison.Ordinal);
        _counts.Struck += struck ? 1 : 0;
        _counts.Refused += created.Status == 503 || promoted.Status == 503 ? 1 : 0;
        await server.StartAgainAsync();
        return (await SettleAsync(caller, sid, primary, (created, promoted), fault), struck);
    }

    /// <summary>Holds what is there against what was answered, and leaves the account with one token.</summary>
    private async Task<string> SettleAsync(TwilioCaller caller, string sid, string primary, (Answer Created, Answer Promoted) told, string fault)
    {
        if (told.Created.Status != 201)
        {
            Require(told.Created.Unknown || told.Created.Status == 503, fault, $"the create was answered {told.Created.Status}");
            Require(await caller.CheckAsync(sid, primary) == 200, fault, "the primary is refused, and nothing retired it");
            var deleted = (await caller.DeleteAsync(sid, primary)).Status;
            Require(deleted == 404 || (deleted == 204 && told.Created.Unknown), fault, $"after {told.Created.Status} there is a secondary, or a delete is answered {deleted}");
            return primary;
        }

        var secondary = told.Created.Text("secondary_auth_token");
        Require(told.Promoted.Unknown || told.Promoted.Status is 200 or 503, fault, $"the promote was answered {told.Promoted.Status}");
        Require(await caller.CheckAsync(sid, secondary) == 200, fault, "an acknowledged secondary is refused");
        var old = await caller.CheckAsync(sid, primary);
        Require(told.Promoted.Unknown || old == (told.Promoted.Status == 200 ? 401 : 200), fault, $"after {told.Promoted.Status} the old primary is answered {old}");

        // Whoever holds the secondary learns the outcome in one call: promoted now, or there is none to promote.
        Require((await caller.PromoteAsync(sid, secondary)).Status == (old == 200 ? 200 : 404), fault, "the secondary does not explain the outcome");
        Require(await caller.CheckAsync(sid, primary) == 401, fault, "the retired primary is accepted");
        return secondary;
    }

    private void Require(bool holds, string fault, string otherwise)
    {
        if (!holds)
        {
            _violations.Add($"{fault}: {otherwise}");
        }
    }
}
