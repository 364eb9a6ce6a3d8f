using Xunit;

namespace Tandem.Tests.Store;

public abstract class ConsumerDecisionsSpec<TStore> : StoreSpec<TStore>
    where TStore : ITestStore, new()
{
    private const string Consumer = "00112233445566ff";

    private ConsumerDecisions Decisions => new(Store.Accounts, Time);

    [Fact]
    public async Task What_is_not_said_stays_and_what_is_taken_back_is_gone()
    {
        var (sid, token) = await NewAccountAsync();
        var self = With(sid, token);
        var now = (uint)Time.GetUtcNow().ToUnixTimeSeconds();
        Assert.Equal(new("billing"), await DecideAsync(self, sid, new(Name: "billing")));
        Assert.Equal(new("billing", 604_800), await DecideAsync(Operator, sid, new(Every: 604_800)));
        Assert.Equal(new("billing", 604_800, now), await DecideAsync(self, sid, new(Gone: true)));
        await RestartAsync(recoverable: false);
        Assert.Equal(new("billing", 604_800, now), (await ReadAsync(sid))[Consumer]);

        Assert.Equal(new("billing", null, now), await DecideAsync(Operator, sid, new(Every: 0)));
        Assert.Equal(new(null, null, now), await DecideAsync(Operator, sid, new(Name: "")));
        Assert.Equal(new(), await DecideAsync(Operator, sid, new(Gone: false)));
        Assert.Empty(await ReadAsync(sid));
    }

    [Fact]
    public async Task Every_decision_is_audited_and_touches_no_token()
    {
        var (sid, token) = await NewAccountAsync();
        var before = await FindAsync(sid);
        await DecideAsync(With(sid, token), sid, new("billing", 3600, Gone: true));

        var entry = (await Store.Accounts.ReadAuditAsync(new(1), TestContext.Current.CancellationToken))[0];
        Assert.Equal((AuditAction.ConsumerDecided, $"{sid} primary", Consumer), (entry.Entry.Action, entry.Entry.Actor, entry.Entry.Consumer));
        Assert.Equal("called billing, expected every 3600 s, gone", entry.Entry.Detail);
        Assert.Equal(before.Generation, entry.Generation);
        Assert.Equal(before.Primary, (await FindAsync(sid)).Primary);
        Assert.Equal(Slot.Primary, Check(sid, token));
    }

    [Fact]
    public async Task A_parent_may_decide_and_a_stranger_may_not()
    {
        var (parent, parentToken) = await NewAccountAsync();
        var (sid, token) = await NewAccountAsync(parent);
        await DecideAsync(With(parent, parentToken), sid, new("till"));

        var foreign = await Decisions.DecideAsync(With(sid, token), parent, Consumer, new("mine"), Some.Context);
        Assert.Equal(ErrorKind.AccountNotFound, foreign.Error);
        Assert.Empty(await ReadAsync(parent));
        Assert.Equal(2, Store.ReadAudit().Count(r => r.Action == AuditAction.AccountCreated));
        Assert.Single(Store.ReadAudit(), r => r.Action == AuditAction.ConsumerDecided);
    }

    [Fact]
    public async Task There_is_a_limit_to_how_many_an_account_decides_about()
    {
        var (sid, _) = await NewAccountAsync();
        await Task.WhenAll(Enumerable.Range(0, ConsumerDecisions.Limit).Select(i =>
            Decisions.DecideAsync(Operator, sid, $"{i:x16}", new($"c{i}"), Some.Context)));

        Assert.Equal(ErrorKind.LimitReached, (await Decisions.DecideAsync(Operator, sid, Consumer, new("one more"), Some.Context)).Error);
        Assert.NotNull((await Decisions.DecideAsync(Operator, sid, $"{7:x16}", new("another name"), Some.Context)).Value);
        Assert.Equal(ConsumerDecisions.Limit, (await ReadAsync(sid)).Count);
    }

    private async Task<ConsumerDecision> DecideAsync(Caller caller, AccountSid sid, ConsumerDecisionChange change) =>
        (await Decisions.DecideAsync(caller, sid, Consumer, change, Some.Context)).Value!;

    private Task<IReadOnlyDictionary<string, ConsumerDecision>> ReadAsync(AccountSid sid) =>
        Store.Accounts.ReadDecisionsAsync(sid, TestContext.Current.CancellationToken);
}

public sealed class SqliteConsumerDecisions : ConsumerDecisionsSpec<SqliteTestStore>;
