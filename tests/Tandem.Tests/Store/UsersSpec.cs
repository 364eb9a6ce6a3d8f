using Xunit;

namespace Tandem.Tests.Store;

public abstract class UsersSpec<TStore> : StoreSpec<TStore>
    where TStore : ITestStore, new()
{
    private Users Users => new(Store.Accounts, Time);

    private Sessions Sessions => new(Store.Accounts, Time);

    private IUserStore Reads => Store.Users;

    [Fact]
    public async Task Of_two_who_use_the_set_up_link_at_once_one_becomes_the_administrator()
    {
        var both = await Task.WhenAll(Users.AddFirstAsync("ada", "hash", Some.Context), Users.AddFirstAsync("eve", "hash", Some.Context));
        Assert.Single(both, o => o.Value is not null);
        Assert.Single(both, o => o.Error == ErrorKind.UserExists);
        Assert.Equal(UserRole.Administrator, Assert.Single(await AllAsync()).Role);
    }

    [Fact]
    public async Task A_user_is_read_as_it_was_kept_also_after_a_restart()
    {
        var until = Time.GetUtcNow().AddHours(1);
        var factor = new SecondFactor(new byte[] { 1, 2, 3 }, 57_000_000, [new string('a', 64), new string('b', 64)]);
        await AddAsync(new() { Name = "ada", Role = UserRole.Operator, PasswordHash = "hash", Factor = factor, Invitation = new(new string('c', 64), until) });
        await RestartAsync(recoverable: false);

        var user = (await Reads.FindUserAsync("ada", Cancel))!;
        Assert.Equal(("ada", UserRole.Operator, "hash", Time.GetUtcNow(), null), (user.Name, user.Role, user.PasswordHash, user.DateCreated, user.LastSignIn));
        Assert.Equal(new Invitation(new string('c', 64), until), user.Invitation);
        Assert.Equal([1, 2, 3], user.Factor!.Sealed.ToArray());
        Assert.Equal(57_000_000, user.Factor.LastStep);
        Assert.Equal(factor.RecoveryCodes, user.Factor.RecoveryCodes);
        Assert.Null(await Reads.FindUserAsync("Ada", Cancel));
    }

    [Fact]
    public async Task A_name_is_taken_once_and_the_list_is_by_name()
    {
        await AddAsync(new() { Name = "grace", Role = UserRole.Administrator });
        await AddAsync(new() { Name = "ada", Role = UserRole.Viewer });
        Assert.Equal(ErrorKind.UserExists, (await Users.AddAsync(Operator, new() { Name = "ada", Role = UserRole.Viewer }, Some.Context)).Error);
        Assert.Equal(["ada", "grace"], (await AllAsync()).Select(u => u.Name));
    }

    [Fact]
    public async Task The_last_administrator_stays_and_another_may_go()
    {
        await AddAsync(new() { Name = "ada", Role = UserRole.Administrator });
        await AddAsync(new() { Name = "grace", Role = UserRole.Administrator });
        Assert.Null((await Users.RemoveAsync(Operator, "nobody", Some.Context)).Value);
        Assert.NotNull((await Users.SetRoleAsync(Operator, "grace", UserRole.Operator, Some.Context)).Value);
        Assert.Equal(ErrorKind.LastAdministrator, (await Users.SetRoleAsync(Operator, "ada", UserRole.Viewer, Some.Context)).Error);
        Assert.Equal(ErrorKind.LastAdministrator, (await Users.RemoveAsync(Operator, "ada", Some.Context)).Error);
        Assert.NotNull((await Users.SetRoleAsync(Operator, "ada", UserRole.Administrator, Some.Context)).Value);
        Assert.NotNull((await Users.RemoveAsync(Operator, "grace", Some.Context)).Value);
        Assert.Equal("ada", Assert.Single(await AllAsync()).Name);
    }

    [Fact]
    public async Task An_invitation_is_taken_once_in_time_and_until_there_is_another_password()
    {
        var ada = await AddAsync(new() { Name = "ada", Role = UserRole.Viewer, Invitation = new(Hash('1'), Time.GetUtcNow().AddHours(1)) });
        Assert.Equal("ada", Users.Invited([ada], Hash('1'))?.Name);
        Assert.Null(Users.Invited([ada], Hash('2')));
        Assert.Equal("first", (await Users.AcceptAsync(Hash('1'), "first", Some.Context)).Value!.PasswordHash);
        Assert.Equal(ErrorKind.UserNotFound, (await Users.AcceptAsync(Hash('1'), "again", Some.Context)).Error);

        await Users.InviteAsync(Operator, "ada", new(Hash('3'), Time.GetUtcNow().AddHours(1)), Some.Context);
        Assert.Equal("first", (await Reads.FindUserAsync("ada", Cancel))!.PasswordHash);
        await Users.SetPasswordAsync(Operator, "ada", "second", keep: null, Some.Context);
        Assert.Equal(ErrorKind.UserNotFound, (await Users.AcceptAsync(Hash('3'), "third", Some.Context)).Error);

        await Users.InviteAsync(Operator, "ada", new(Hash('4'), Time.GetUtcNow().AddHours(1)), Some.Context);
        Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(ErrorKind.UserNotFound, (await Users.AcceptAsync(Hash('4'), "late", Some.Context)).Error);
        Assert.Equal("second", (await Reads.FindUserAsync("ada", Cancel))!.PasswordHash);
    }

    [Fact]
    public async Task Every_change_has_its_entry_and_a_refused_one_has_none()
    {
        await AddAsync(new() { Name = "ada", Role = UserRole.Administrator, PasswordHash = "hash" });
        await Users.SetRoleAsync(Operator, "ada", UserRole.Viewer, Some.Context);
        await Users.SetPasswordAsync(Operator, "ada", "secret-hash", keep: null, Some.Context);
        await Users.InviteAsync(Operator, "ada", new(Hash('5'), Time.GetUtcNow().AddHours(1)), Some.Context);
        await Users.SetFactorAsync(Operator, "ada", new(new byte[8], 1, []), Some.Context);
        await Users.SetRecoveryCodesAsync(Operator, "ada", [Hash('6')], Some.Context);
        await Users.SetFactorAsync(Operator, "ada", null, Some.Context);
        Assert.Equal(ErrorKind.NotPermitted, (await Users.SetRecoveryCodesAsync(Operator, "ada", [Hash('7')], Some.Context)).Error);

        var entries = await Store.Accounts.ReadAuditAsync(new(20), Cancel);
        Assert.Equal(
            [
                (AuditAction.SecondFactorRemoved, "ada"), (AuditAction.RecoveryCodesMade, "ada"), (AuditAction.SecondFactorSet, "ada"),
                (AuditAction.UserInvited, "ada"), (AuditAction.UserPasswordSet, "ada"), (AuditAction.UserAdded, "ada, administrator"),
            ],
            entries.Select(e => (e.Entry.Action, e.Entry.Detail)));
        Assert.All(entries, e => Assert.Equal(("operator root", default, 0L), (e.Entry.Actor, e.Entry.Account, e.Generation)));
        Assert.DoesNotContain(entries, e => e.ToString().Contains("secret-hash", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_new_password_and_the_second_factors_removal_are_one_change_with_one_entry_that_says_both()
    {
        await AddAsync(new() { Name = "ada", Role = UserRole.Administrator, PasswordHash = "hash" });
        var factor = new SecondFactor(new byte[8], 1, []);
        await Users.SetFactorAsync(Operator, "ada", factor, Some.Context);
        var reset = (await Users.SetPasswordAsync(Operator, "ada", "second", keep: null, Some.Context, removeFactor: true)).Value!;
        Assert.Equal(("second", null), (reset.PasswordHash, reset.Factor));
        await Users.SetFactorAsync(Operator, "ada", factor, Some.Context);
        Assert.Null((await Users.InviteAsync(Operator, "ada", new(Hash('5'), Time.GetUtcNow().AddHours(1)), Some.Context, removeFactor: true)).Value!.Factor);
        Assert.Null((await Reads.FindUserAsync("ada", Cancel))!.Factor);
        await Users.SetPasswordAsync(Operator, "ada", "third", keep: null, Some.Context, removeFactor: true); // there is none any more
        Assert.Equal(
            [
                (AuditAction.UserPasswordSet, "ada"), (AuditAction.UserInvited, "ada, second factor removed"), (AuditAction.SecondFactorSet, "ada"),
                (AuditAction.UserPasswordSet, "ada, second factor removed"), (AuditAction.SecondFactorSet, "ada"), (AuditAction.UserAdded, "ada, administrator"),
            ],
            (await Store.Accounts.ReadAuditAsync(new(20), Cancel)).Select(e => (e.Entry.Action, e.Entry.Detail)));
    }

    [Fact]
    public async Task A_session_that_was_ended_authorises_nothing_that_was_asked_for_before()
    {
        var (sid, _) = await NewAccountAsync();
        var ada = await AddAsync(new() { Name = "ada", Role = UserRole.Administrator, PasswordHash = "hash" });
        var begun = (await Sessions.BeginAsync(new(ada), "a browser", Some.Context)).Value!;
        var caller = Caller.With(begun.SignedIn, UserRole.Operator);
        using (var created = (await Rotation.CreateSecondaryAsync(caller, sid, Some.Context)).Value!)
        {
            Assert.Equal("operator ada", (await Store.Accounts.ReadAuditAsync(new(1), Cancel))[0].Entry.Actor);
        }

        await Sessions.EndAsync(begun.SignedIn, Some.Context);
        Assert.Equal(ErrorKind.SessionEnded, (await Rotation.PromoteAsync(caller, sid, Some.Context)).Error);
        Assert.Equal(ErrorKind.SessionEnded, (await Rotation.DeleteSecondaryAsync(caller, sid, Some.Context)).Error);
        Assert.Equal(ErrorKind.SessionEnded, (await Lifecycle.CreateAsync(caller, null, "one more", Some.Context)).Error);
        Assert.Equal(ErrorKind.SessionEnded, (await Lifecycle.UpdateAsync(caller, sid, null, AccountStatus.Closed, Some.Context)).Error);
        Assert.Equal(ErrorKind.SessionEnded, (await Users.AddAsync(caller, new() { Name = "eve", Role = UserRole.Administrator }, Some.Context)).Error);
        Assert.Equal(ErrorKind.SessionEnded, (await Users.SetRoleAsync(caller, "ada", UserRole.Viewer, Some.Context)).Error);
        Assert.NotNull((await FindAsync(sid)).Secondary);
    }

    [Fact]
    public async Task A_role_that_was_taken_away_authorises_nothing_that_was_asked_for_before()
    {
        var (sid, _) = await NewAccountAsync();
        await AddAsync(new() { Name = "root", Role = UserRole.Administrator });
        var ada = await AddAsync(new() { Name = "ada", Role = UserRole.Operator, PasswordHash = "hash" });
        var begun = (await Sessions.BeginAsync(new(ada), "a browser", Some.Context)).Value!;
        await Users.SetRoleAsync(Operator, "ada", UserRole.Viewer, Some.Context);
        Assert.Equal(ErrorKind.SessionEnded, (await Rotation.CreateSecondaryAsync(Caller.With(begun.SignedIn, UserRole.Operator), sid, Some.Context)).Error);
        Assert.Null((await FindAsync(sid)).Secondary);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Hash(char digit) => new(digit, 64);

    private async Task<User> AddAsync(User user) => (await Users.AddAsync(Operator, user, Some.Context)).Value!;

    private Task<IReadOnlyList<User>> AllAsync() => Reads.ListUsersAsync(Cancel);
}

public sealed class SqliteUsers : UsersSpec<SqliteTestStore>;
