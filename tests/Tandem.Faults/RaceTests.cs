using Tandem.Cli.Claims;
using Tandem.Testing;
using Xunit;

namespace Tandem.Faults;

/// <summary>
/// Pairs of mutations sent at the same moment: one winner, the loser gets the documented error, and what is left is one of the two states.
/// </summary>
public sealed class RaceTests
{
    private const int Accounts = 8;

    /// <summary>Of four kinds: 10,016 pairs in all, 100,000 in a long run.</summary>
    private static readonly int s_pairsOfEach = LongRun.Of(2504, 25_000);

    [Fact]
    public Task Two_creates_make_one_secondary() => RaceAsync(async (caller, sid, token) =>
    {
        var answers = await Task.WhenAll(caller.CreateAsync(sid, token), caller.CreateAsync(sid, token));

        Assert.Equal([201, 400], answers.Select(a => a.Status).Order());
        Assert.Equal(70002, answers.Single(a => a.Status == 400).Code);
        var secondary = answers.Single(a => a.Status == 201).Text("secondary_auth_token");
        Assert.Equal((200, 200), (await caller.CheckAsync(sid, token), await caller.CheckAsync(sid, secondary)));
        Assert.Equal(204, (await caller.DeleteAsync(sid, token)).Status);
        return token;
    });

    [Fact]
    public Task Two_promotes_by_the_primary_promote_once() => RaceAsync(async (caller, sid, token) =>
    {
        var secondary = (await caller.CreateAsync(sid, token)).Text("secondary_auth_token");
        var answers = await Task.WhenAll(caller.PromoteAsync(sid, token), caller.PromoteAsync(sid, token));

        Assert.Equal([200, 401], answers.Select(a => a.Status).Order());
        Assert.Equal(20003, answers.Single(a => a.Status == 401).Code);
        Assert.Equal(secondary, answers.Single(a => a.Status == 200).Text("auth_token"));
        Assert.Equal((401, 200), (await caller.CheckAsync(sid, token), await caller.CheckAsync(sid, secondary)));
        return secondary;
    });

    [Fact]
    public Task A_promote_and_a_delete_leave_one_token_and_it_is_the_winners() => RaceAsync(async (caller, sid, token) =>
    {
        var secondary = (await caller.CreateAsync(sid, token)).Text("secondary_auth_token");
        var promote = caller.PromoteAsync(sid, secondary);
        var delete = caller.DeleteAsync(sid, token);
        var (promoted, deleted) = (await promote, await delete);

        // The loser's credential is what the winner retired: it is told so, before and after its admission alike.
        Assert.True((promoted.Status, deleted.Status) is (200, 401) or (401, 204), $"promote {promoted.Status}, delete {deleted.Status}");
        var (valid, retired) = promoted.Status == 200 ? (secondary, token) : (token, secondary);
        Assert.Equal((200, 401), (await caller.CheckAsync(sid, valid), await caller.CheckAsync(sid, retired)));
        Assert.Equal(404, (await caller.DeleteAsync(sid, valid)).Status);
        return valid;
    });

    [Fact]
    public Task A_mutation_by_a_dying_token_changes_nothing_after_the_promote() => RaceAsync(async (caller, sid, token) =>
    {
        var secondary = (await caller.CreateAsync(sid, token)).Text("secondary_auth_token");
        var promote = caller.PromoteAsync(sid, secondary);
        var create = caller.CreateAsync(sid, token);
        var (promoted, created) = (await promote, await create);

        Assert.Equal(200, promoted.Status);
        Assert.True(created.Status is 400 or 401, $"the dying token's create was answered {created.Status}");
        Assert.Equal(404, (await caller.DeleteAsync(sid, secondary)).Status);
        Assert.Equal((401, 200), (await caller.CheckAsync(sid, token), await caller.CheckAsync(sid, secondary)));
        return secondary;
    });

    private static async Task RaceAsync(Func<TwilioCaller, string, string, Task<string>> pair)
    {
        await using var server = await ServerProcess.StartAsync(ServerProcess.Unthrottled);
        var caller = new TwilioCaller(server.Http);
        var accounts = await caller.CreateSubaccountsAsync(server.FirstAccount(), Accounts);

        await Task.WhenAll(accounts.Select(async account =>
        {
            var token = account.Token;
            for (var i = 0; i < s_pairsOfEach / Accounts; i++)
            {
                token = await pair(caller, account.Sid, token);
            }
        }));
    }
}
