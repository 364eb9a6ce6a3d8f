using Xunit;

namespace Tandem.Tests.Store;

/// <summary>What must not be stored is refused by the domain itself, whichever room forgot to look.</summary>
public abstract class InvalidInputSpec<TStore> : StoreSpec<TStore>
    where TStore : ITestStore, new()
{
    private static readonly string TooLong = new('x', 201);

    [Theory]
    [InlineData("a\u001b[2Jb")]
    [InlineData("two\nlines")]
    [InlineData("\u0085")]
    [InlineData(null)]
    public async Task Names_and_reasons_with_control_characters_or_too_long_are_refused_and_nothing_is_changed(string? text)
    {
        var (sid, _) = await NewAccountAsync();
        await NewSecondaryAsync(sid);
        var bad = text ?? TooLong;
        var entries = Store.ReadAudit().Count;
        var consumers = new ConsumerDecisions(Store.Accounts, Time);
        var users = new Users(Store.Accounts, Time);

        ErrorKind[] refusals =
        [
            (await Rotation.PromoteAsync(Operator, sid, Some.Context, new(Reason: bad))).Error,
            (await Rotation.PromoteAsync(Operator, sid, Some.Context, new(Force: true, Reason: bad))).Error,
            (await Lifecycle.CreateAsync(Operator, null, bad, Some.Context)).Error,
            (await Lifecycle.CreateAsync(Operator, sid, bad, Some.Context)).Error,
            (await Lifecycle.UpdateAsync(Operator, sid, bad, null, Some.Context)).Error,
            (await consumers.DecideAsync(Operator, sid, Consumer, new(bad), Some.Context)).Error,
            (await users.AddAsync(Operator, new() { Name = bad, Role = UserRole.Viewer }, Some.Context)).Error,
            (await users.AddFirstAsync(bad, "hash", Some.Context)).Error,
        ];

        Assert.All(refusals, refusal => Assert.Equal(ErrorKind.InvalidInput, refusal));
        Assert.Equal(entries, Store.ReadAudit().Count);
    }

    [Fact]
    public async Task Values_outside_their_range_are_refused()
    {
        var (sid, _) = await NewAccountAsync();
        await NewSecondaryAsync(sid);
        var entries = Store.ReadAudit().Count;
        var consumers = new ConsumerDecisions(Store.Accounts, Time);
        var users = new Users(Store.Accounts, Time);

        ErrorKind[] refusals =
        [
            (await Rotation.PromoteAsync(Operator, sid, Some.Context, new(Force: true))).Error,
            (await Rotation.PromoteAsync(Operator, sid, Some.Context, new(Force: true, Reason: "  "))).Error,
            (await Rotation.PausePrimaryAsync(Operator, sid, TimeSpan.FromSeconds(4), Some.Context)).Error,
            (await Rotation.PausePrimaryAsync(Operator, sid, TimeSpan.FromSeconds(301), Some.Context)).Error,
            (await Lifecycle.CreateAsync(Operator, null, "", Some.Context)).Error,
            (await Lifecycle.UpdateAsync(Operator, sid, "", null, Some.Context)).Error,
            (await Lifecycle.UpdateAsync(Operator, sid, null, (AccountStatus)9, Some.Context)).Error,
            (await Lifecycle.GuardAsync(Operator, sid, (PromoteGuard)9, Some.Context)).Error,
            (await consumers.DecideAsync(Operator, sid, Consumer, new(Every: ConsumerDecisions.EveryLimit + 1), Some.Context)).Error,
            (await consumers.DecideAsync(Operator, sid, "../x", new("a"), Some.Context)).Error,
            (await users.AddAsync(Operator, new() { Name = "ada", Role = (UserRole)9 }, Some.Context)).Error,
        ];

        Assert.All(refusals, refusal => Assert.Equal(ErrorKind.InvalidInput, refusal));
        Assert.Equal(entries, Store.ReadAudit().Count);
    }

    private const string Consumer = "00112233445566aa";
}

public sealed class SqliteInvalidInput : InvalidInputSpec<SqliteTestStore>;
