using Xunit;

namespace Tandem.Tests.Store;

public abstract class RecoverableTokensSpec<TStore> : StoreSpec<TStore>
    where TStore : ITestStore, new()
{
    [Fact]
    public async Task Tokens_stay_readable_from_creation_through_promote()
    {
        await RestartAsync(recoverable: true);
        var (sid, primary) = await NewAccountAsync();
        Assert.Equal(primary, await ReadAsync(sid, Slot.Primary));

        var secondary = await NewSecondaryAsync(sid, primary);
        Assert.Equal(secondary, await ReadAsync(sid, Slot.Secondary));

        using var promoted = (await Rotation.PromoteAsync(With(sid, primary), sid, Some.Context)).Value!;
        Assert.Equal(secondary, promoted.Token!.Reveal());
        Assert.Equal(secondary, await ReadAsync(sid, Slot.Primary));
    }

    [Fact]
    public async Task An_operator_s_promote_keeps_the_token_readable_but_does_not_answer_it()
    {
        await RestartAsync(recoverable: true);
        var (sid, primary) = await NewAccountAsync();
        var secondary = await NewSecondaryAsync(sid, primary);
        using var promoted = (await Rotation.PromoteAsync(Operator, sid, Some.Context)).Value!;

        Assert.Null(promoted.Token);
        Assert.Equal(secondary, await ReadAsync(sid, Slot.Primary));
    }

    [Fact]
    public async Task Turned_on_it_affects_tokens_created_afterwards()
    {
        var (sid, primary) = await NewAccountAsync();
        await NewSecondaryAsync(sid, primary);
        await RestartAsync(recoverable: true);
        Assert.Null((await FindAsync(sid)).Primary!.Seal);
        Assert.Equal(SealKind.UnderPrimary, (await FindAsync(sid)).Secondary!.Seal!.Kind);

        using var promoted = (await Rotation.PromoteAsync(Operator, sid, Some.Context)).Value!;
        Assert.Null((await FindAsync(sid)).Primary!.Seal);
    }

    [Fact]
    public async Task Turned_off_it_leaves_no_readable_text_and_every_token_valid()
    {
        await RestartAsync(recoverable: true);
        var (sid, primary) = await NewAccountAsync();
        var secondary = await NewSecondaryAsync(sid, primary);
        await RestartAsync(recoverable: false);

        var account = await FindAsync(sid);
        Assert.Null(account.Primary!.Seal);
        Assert.Null(account.Secondary!.Seal);
        Assert.Equal(Slot.Primary, Check(sid, primary));
        Assert.Equal(Slot.Secondary, Check(sid, secondary));

        using var promoted = (await Rotation.PromoteAsync(With(sid, primary), sid, Some.Context)).Value!;
        Assert.Null(promoted.Token);
        Assert.Equal(Slot.Primary, Check(sid, secondary));
    }

    private async Task<string?> ReadAsync(AccountSid sid, Slot slot)
    {
        var account = await FindAsync(sid);
        var token = slot == Slot.Primary ? account.Primary : account.Secondary;
        return token?.Seal is { Kind: SealKind.Recoverable } seal && Seals.TryOpen(seal, sid, slot, null, out var text) ? text.Reveal() : null;
    }
}

public sealed class SqliteRecoverableTokens : RecoverableTokensSpec<SqliteTestStore>;
