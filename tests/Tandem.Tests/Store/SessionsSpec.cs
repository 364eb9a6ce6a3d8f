using Xunit;

namespace Tandem.Tests.Store;

public abstract class SessionsSpec<TStore> : StoreSpec<TStore>
    where TStore : ITestStore, new()
{
    private static readonly SecondFactor Factor = new(new byte[] { 1, 2, 3 }, 100, [new string('a', 64), new string('b', 64)]);

    private Users Users => new(Store.Accounts, Time);

    private Sessions Sessions => new(Store.Accounts, Time);

    private IUserStore Reads => Store.Users;

    [Fact]
    public async Task A_session_is_found_by_the_hash_of_its_secret_also_after_a_restart()
    {
        var begun = await BeginAsync(await AddAsync());
        await RestartAsync(recoverable: false);
        var found = (await Reads.FindSessionAsync(OneTimeSecret.Hash(begun.Secret), Cancel))!;
        Assert.Equal(begun.SignedIn.Session, found.Session);
        Assert.Equal(("ada", Time.GetUtcNow()), (found.User.Name, found.User.LastSignIn));
        Assert.Equal((Some.Context.Source, "Firefox on Linux"), (found.Session.Source, found.Session.Browser));
        Assert.Null(await Reads.FindSessionAsync(OneTimeSecret.Hash("something else"), Cancel));
        Assert.DoesNotContain(begun.Secret, begun.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-5, true)]
    [InlineData(-59, true)]
    [InlineData(-60, false)]
    [InlineData(-60 * 24 * 365, false)]
    [InlineData(60, false)]
    public async Task A_clock_that_is_set_doubles_a_sessions_time_at_most_and_a_small_correction_ends_none(int minutes, bool isAlive)
    {
        var begun = await BeginAsync(await AddAsync());
        Time.Set(TimeSpan.FromMinutes(minutes));
        Assert.Equal(isAlive, begun.SignedIn.Session.IsAlive(Time.GetUtcNow()));
        Assert.Equal(isAlive && minutes > -10, begun.SignedIn.Session.IsFresh(Time.GetUtcNow()));

        await Users.AddAsync(Operator, new() { Name = "bob", Role = UserRole.Viewer, PasswordHash = "a hash" }, Some.Context);
        await BeginAsync((await Reads.FindUserAsync("bob", Cancel))!); // drops what has ended
        Assert.Equal(isAlive, await Reads.FindSessionAsync(begun.SignedIn.Session.Id, Cancel) is not null);
    }

    [Theory]
    [InlineData(-23, true)]
    [InlineData(-24, false)]
    [InlineData(-24 * 365, false)]
    [InlineData(23, true)]
    [InlineData(24, false)]
    public void A_clock_that_is_set_doubles_an_invitations_time_at_most(int hours, bool isOpen)
    {
        var invitation = new Invitation(new string('a', 64), Time.GetUtcNow() + Invitation.Lasts);
        Assert.Equal(isOpen, invitation.IsOpen(Time.GetUtcNow().AddHours(hours)));
    }

    [Fact]
    public async Task A_proof_is_looked_at_again_in_the_transaction_that_rests_on_it()
    {
        var before = await AddAsync();
        await Users.SetPasswordAsync(Operator, "ada", "another", keep: null, Some.Context);
        Assert.Equal(ErrorKind.WrongCredential, (await Sessions.BeginAsync(new(before), "a browser", Some.Context)).Error);

        var withoutFactor = (await Reads.FindUserAsync("ada", Cancel))!;
        await Users.SetFactorAsync(Operator, "ada", Factor, Some.Context);
        Assert.Equal(ErrorKind.WrongCredential, (await Sessions.BeginAsync(new(withoutFactor), "a browser", Some.Context)).Error);

        var withFactor = (await Reads.FindUserAsync("ada", Cancel))!;
        await Users.SetFactorAsync(Operator, "ada", Factor with { Sealed = new byte[] { 9 } }, Some.Context);
        Assert.Equal(ErrorKind.WrongCredential, (await Sessions.BeginAsync(new(withFactor, Step: 200), "a browser", Some.Context)).Error);
        await Users.RemoveAsync(Operator, "ada", Some.Context);
        Assert.Equal(ErrorKind.WrongCredential, (await Sessions.BeginAsync(new(withFactor, Step: 200), "a browser", Some.Context)).Error);
    }

    [Fact]
    public async Task Of_two_who_bring_the_same_code_at_once_one_gets_in()
    {
        var ada = await AddAsync(Factor);
        var codes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Sessions.BeginAsync(new(ada, Step: 101), "a browser", Some.Context)));
        Assert.Single(codes, o => o.Value is not null);
        Assert.Equal(ErrorKind.WrongCredential, (await Sessions.BeginAsync(new(ada, Step: 100), "a browser", Some.Context)).Error);

        var recovery = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            Sessions.BeginAsync(new(ada, RecoveryCode: Factor.RecoveryCodes[0]), "a browser", Some.Context)));
        Assert.Single(recovery, o => o.Value is not null);
        Assert.Equal([Factor.RecoveryCodes[1]], (await Reads.FindUserAsync("ada", Cancel))!.Factor!.RecoveryCodes);
    }

    [Fact]
    public async Task A_new_proof_goes_on_under_a_new_secret_and_the_old_one_is_void()
    {
        var begun = await BeginAsync(await AddAsync());
        Time.Advance(Session.ProofLasts);
        Assert.False(begun.SignedIn.Session.IsFresh(Time.GetUtcNow()));
        var renewed = (await Sessions.RenewAsync(begun.SignedIn, new(begun.SignedIn.User), Some.Context)).Value!;
        Assert.True(renewed.SignedIn.Session.IsFresh(Time.GetUtcNow()));
        Assert.Equal(begun.SignedIn.Session.DateCreated, renewed.SignedIn.Session.DateCreated);
        Assert.Null(await Reads.FindSessionAsync(begun.SignedIn.Session.Id, Cancel));
        Assert.Equal(renewed.SignedIn.Session, (await Reads.FindSessionAsync(OneTimeSecret.Hash(renewed.Secret), Cancel))!.Session);
        Assert.Equal(ErrorKind.SessionEnded, (await Sessions.RenewAsync(begun.SignedIn, new(begun.SignedIn.User), Some.Context)).Error);
    }

    [Fact]
    public async Task Nobody_proves_for_somebody_elses_session()
    {
        var begun = await BeginAsync(await AddAsync());
        var eve = (await Users.AddAsync(Operator, new() { Name = "eve", Role = UserRole.Viewer, PasswordHash = "hash" }, Some.Context)).Value!;
        Assert.Equal(ErrorKind.WrongCredential, (await Sessions.RenewAsync(begun.SignedIn, new(eve), Some.Context)).Error);
        Assert.NotNull(await Reads.FindSessionAsync(begun.SignedIn.Session.Id, Cancel));
    }

    [Fact]
    public async Task Ending_one_or_the_others_leaves_the_rest()
    {
        var ada = await AddAsync();
        var eve = (await Users.AddAsync(Operator, new() { Name = "eve", Role = UserRole.Viewer, PasswordHash = "hash" }, Some.Context)).Value!;
        var (one, two, three, hers) = (await BeginAsync(ada), await BeginAsync(ada), await BeginAsync(ada), await BeginAsync(eve));
        var caller = Caller.With(one.SignedIn, UserRole.Viewer);
        await Sessions.EndOthersAsync(caller, "ada", two.SignedIn.Session.Id, one.SignedIn.Session.Id, Some.Context);
        Assert.Equal(2, (await Reads.ListSessionsAsync(ada.Id, Cancel)).Count);
        await Sessions.EndOthersAsync(caller, "ada", hers.SignedIn.Session.Id, one.SignedIn.Session.Id, Some.Context); // hers is none of ada's
        Assert.Single(await Reads.ListSessionsAsync(eve.Id, Cancel));
        await Sessions.EndOthersAsync(caller, "ada", null, one.SignedIn.Session.Id, Some.Context);
        Assert.Equal([one.SignedIn.Session.Id], (await Reads.ListSessionsAsync(ada.Id, Cancel)).Select(s => s.Id));
        Assert.Null(await Reads.FindSessionAsync(three.SignedIn.Session.Id, Cancel));

        await Users.SetPasswordAsync(Operator, "ada", "another", keep: null, Some.Context);
        await Users.RemoveAsync(Operator, "eve", Some.Context);
        Assert.Empty(await Reads.ListSessionsAsync(ada.Id, Cancel));
        Assert.Null(await Reads.FindSessionAsync(hers.SignedIn.Session.Id, Cancel));
    }

    [Fact]
    public async Task Being_seen_is_kept_without_an_entry_and_revives_nothing()
    {
        var begun = await BeginAsync(await AddAsync());
        var before = (await Store.Accounts.ReadAuditAsync(new(1), Cancel))[0].Epoch;
        Time.Advance(TimeSpan.FromMinutes(50));
        Assert.NotNull((await Sessions.SeenAsync(begun.SignedIn.Session, Time.GetUtcNow())).Value);
        Assert.Equal(Time.GetUtcNow(), (await Reads.FindSessionAsync(begun.SignedIn.Session.Id, Cancel))!.Session.LastSeen);
        Assert.Equal(before, (await Store.Accounts.ReadAuditAsync(new(1), Cancel))[0].Epoch);

        await Sessions.EndAsync(begun.SignedIn, Some.Context);
        Assert.Equal(ErrorKind.SessionEnded, (await Sessions.SeenAsync(begun.SignedIn.Session, Time.GetUtcNow())).Error);
        Assert.Null(await Reads.FindSessionAsync(begun.SignedIn.Session.Id, Cancel));
    }

    [Fact]
    public async Task Sessions_that_have_run_out_are_dropped_by_the_next_sign_in()
    {
        var ada = await AddAsync();
        await BeginAsync(ada);
        Time.Advance(Session.Idle);
        var second = await BeginAsync(ada);
        Assert.Equal([second.SignedIn.Session.Id], (await Reads.ListSessionsAsync(ada.Id, Cancel)).Select(s => s.Id));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task<User> AddAsync(SecondFactor? factor = null) => (await Users.AddAsync(
        Operator, new() { Name = "ada", Role = UserRole.Administrator, PasswordHash = "hash", Factor = factor }, Some.Context)).Value!;

    private async Task<SessionBegun> BeginAsync(User user) => (await Sessions.BeginAsync(new(user), "Firefox on Linux", Some.Context)).Value!;
}

public sealed class SqliteSessions : SessionsSpec<SqliteTestStore>;
