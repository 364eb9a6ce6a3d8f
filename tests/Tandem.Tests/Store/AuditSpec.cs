using Xunit;

namespace Tandem.Tests.Store;

public abstract class AuditSpec<TStore> : StoreSpec<TStore>
    where TStore : ITestStore, new()
{
    [Fact]
    public async Task Every_change_leaves_one_entry_that_says_who_did_what_to_which_token()
    {
        using var created = (await Lifecycle.CreateAsync(Operator, null, null, Some.Context)).Value!;
        var (sid, primary) = (created.Account.Sid, created.Token.Reveal());
        var one = await NewSecondaryAsync(sid, primary);
        await Rotation.DeleteSecondaryAsync(With(sid, one), sid, Some.Context);
        var two = await NewSecondaryAsync(sid);
        using var promoted = (await Rotation.PromoteAsync(With(sid, primary), sid, new("192.0.2.9", "RQ2", SuppressEmailNotification: true))).Value!;
        using var sub = (await Lifecycle.CreateAsync(With(sid, two), sid, null, Some.Context)).Value!;
        var subSid = sub.Account.Sid;
        await Lifecycle.UpdateAsync(With(sid, two), subSid, "Till", null, Some.Context);
        await Lifecycle.UpdateAsync(With(sid, two), subSid, null, AccountStatus.Suspended, Some.Context);
        await Lifecycle.UpdateAsync(With(sid, two), subSid, null, AccountStatus.Active, Some.Context);
        await Lifecycle.UpdateAsync(Operator, subSid, null, AccountStatus.Closed, Some.Context);
        await Lifecycle.ImportAsync(Operator, Some.Sid, Some.Token(primary), null, Some.Context);

        string Mark(AccountSid of, string token) => Fingerprint.Of(of, Some.Token(token)).ToString();
        Assert.Equal(
            [
                (sid, AuditAction.AccountCreated, 1, "operator root", Mark(sid, primary)),
                (sid, AuditAction.SecondaryCreated, 2, $"{sid} primary", Mark(sid, one)),
                (sid, AuditAction.SecondaryDeleted, 3, $"{sid} secondary", Mark(sid, one)),
                (sid, AuditAction.SecondaryCreated, 4, "operator root", Mark(sid, two)),
                (sid, AuditAction.SecondaryPromoted, 5, $"{sid} primary", Mark(sid, two)),
                (subSid, AuditAction.AccountCreated, 1, $"{sid} primary", Mark(subSid, sub.Token.Reveal())),
                (subSid, AuditAction.AccountRenamed, 1, $"{sid} primary", ""),
                (subSid, AuditAction.AccountSuspended, 1, $"{sid} primary", ""),
                (subSid, AuditAction.AccountActivated, 1, $"{sid} primary", ""),
                (subSid, AuditAction.AccountClosed, 2, "operator root", ""),
                (Some.Sid, AuditAction.AccountImported, 1, "operator root", Mark(Some.Sid, primary)),
            ],
            Store.ReadAudit().Select(r => (r.Account, r.Action, (int)r.Generation, r.Actor, r.Fingerprint)));
        Assert.Equal(("192.0.2.9", "RQ2", true), Store.ReadAudit().Where(r => r.SuppressEmail).Select(r => (r.Source, r.RequestId, r.SuppressEmail)).Single());
    }

    [Fact]
    public async Task Entries_are_numbered_without_a_gap_across_restarts_and_each_has_its_own_link()
    {
        var (sid, primary) = await NewAccountAsync();
        await NewSecondaryAsync(sid, primary);
        await RestartAsync(recoverable: false);
        await Rotation.DeleteSecondaryAsync(Operator, sid, Some.Context);
        await NewSecondaryAsync(sid, primary);

        var rows = Store.ReadAudit();
        Assert.Equal([1L, 2, 3, 4], rows.Select(r => r.Epoch));
        Assert.Equal(4, rows.Select(r => r.Mac).Distinct(StringComparer.Ordinal).Count());
        Assert.All(rows, r => Assert.Equal(64, r.Mac.Length));
        Assert.True(Store.Index.TryGet(sid, out var entry));
        Assert.Equal(4, entry.Epoch);
    }

    [Fact]
    public async Task Entries_are_read_newest_first_or_in_order_after_a_number_of_one_account_or_all()
    {
        var (sid, primary) = await NewAccountAsync(); // 1
        var (other, _) = await NewAccountAsync(); // 2
        await NewSecondaryAsync(sid, primary); // 3
        await NewSecondaryAsync(other); // 4
        await Rotation.DeleteSecondaryAsync(Operator, sid, new("192.0.2.9", "RQ5", SuppressEmailNotification: true)); // 5

        async Task<string> NumbersAsync(AuditQuery query) => string.Join(' ', (await Store.Accounts.ReadAuditAsync(query, TestContext.Current.CancellationToken)).Select(e => e.Epoch));
        Assert.Equal("5 4", await NumbersAsync(new(2)));
        Assert.Equal("3 2 1", await NumbersAsync(new(10, Before: 4)));
        Assert.Equal("5 3 1", await NumbersAsync(new(10, sid)));
        Assert.Equal("3 5", await NumbersAsync(new(10, sid, After: 1)));
        Assert.Equal("3", await NumbersAsync(new(1, sid, After: 1)));
        Assert.Empty(await NumbersAsync(new(10, After: 5)));
        var last = (await Store.Accounts.ReadAuditAsync(new(1), TestContext.Current.CancellationToken))[0];
        Assert.Equal((AuditAction.SecondaryDeleted, sid, 3L), (last.Entry.Action, last.Entry.Account, last.Generation));
        Assert.Equal(new ChangeContext("192.0.2.9", "RQ5", SuppressEmailNotification: true), last.Entry.Context);
        Assert.Equal(32, last.Mac.Length);
    }

    [Fact]
    public async Task A_name_is_kept_also_when_it_was_changed_together_with_the_status()
    {
        var (sid, _) = await NewAccountAsync();
        await Lifecycle.UpdateAsync(Operator, sid, "Till", null, Some.Context);
        await Lifecycle.UpdateAsync(Operator, sid, "Door", AccountStatus.Suspended, Some.Context);
        await Lifecycle.UpdateAsync(Operator, sid, null, AccountStatus.Active, Some.Context);

        var entries = (await Store.Accounts.ReadAuditAsync(new(3), TestContext.Current.CancellationToken)).Select(e => (e.Entry.Action, e.Entry.Detail));
        Assert.Equal(
            [(AuditAction.AccountActivated, null), (AuditAction.AccountSuspended, "called Door"), (AuditAction.AccountRenamed, "called Till")], entries);
    }

    [Fact]
    public async Task A_refused_change_leaves_no_entry()
    {
        var (sid, primary) = await NewAccountAsync();
        await Rotation.PromoteAsync(With(sid, primary), sid, Some.Context);
        await Rotation.DeleteSecondaryAsync(Operator, sid, Some.Context);
        await Rotation.CreateSecondaryAsync(Operator, Some.Sid, Some.Context);
        await Lifecycle.UpdateAsync(With(sid, primary), sid, null, AccountStatus.Closed, Some.Context);

        Assert.Single(Store.ReadAudit());
    }

    [Fact]
    public async Task A_fault_in_a_decision_changes_nothing_and_the_store_goes_on()
    {
        var (sid, primary) = await NewAccountAsync();
        await Assert.ThrowsAsync<FormatException>(() => Store.Accounts.ChangeAsync<Account>(sid, _ => throw new FormatException("A fault.")));

        Assert.Single(Store.ReadAudit());
        Assert.Equal(Slot.Secondary, Check(sid, await NewSecondaryAsync(sid, primary)));
    }
}

public sealed class SqliteAudit : AuditSpec<SqliteTestStore>;
