using Tandem.Storage;
using Xunit;

namespace Tandem.Tests.Store;

/// <summary>Another root key in the place of the one in use: no token changes, and what an older seal key has sealed opens all the same.</summary>
public sealed class KeyRotationTests : StoreSpec<SqliteTestStore>
{
    [Fact]
    public async Task The_database_opens_with_the_new_key_alone_and_every_token_goes_on()
    {
        var (sid, primary) = await NewAccountAsync();
        var secondary = await NewSecondaryAsync(sid, primary);
        using var next = RootKey.Generate();

        Assert.Equal(ErrorKind.None, (await Keys().RotateAsync(Operator, next, Some.Context)).Error);

        Assert.Equal((Slot.Primary, Slot.Secondary), (Check(sid, primary), Check(sid, secondary)));
        using (var promoted = (await Rotation.PromoteAsync(With(sid, primary), sid, Some.Context)).Value!)
        {
            Assert.Equal(secondary, promoted.Token!.Reveal()); // sealed with the key before
        }

        await Store.Opened.DisposeAsync();
        var refused = Assert.Throws<StoreException>(() => SqliteAccountStore.Open(Store.Options(), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance));
        Assert.Contains($"it needs the key {Convert.ToHexStringLower(next.Id)}", refused.Message, StringComparison.Ordinal);
        await using var again = SqliteAccountStore.Open(Store.Options(next), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        Assert.True(new Verifier(again.Index, again.Keys).Verify(sid, System.Text.Encoding.ASCII.GetBytes(secondary)).IsValid);
        Assert.Equal(6, DatabaseAtRest.Prove(Path.Combine(Store.Directory, "tandem.db"), next)); // one for each of five purposes, and the new seal key
    }

    [Fact]
    public async Task Nothing_is_left_under_the_old_root_key_and_what_is_left_under_an_old_seal_key_is_named()
    {
        var (sid, primary) = await NewAccountAsync();
        var (other, otherPrimary) = await NewAccountAsync();
        await NewSecondaryAsync(sid, primary);
        using var next = RootKey.Generate();
        var rotation = Keys();
        var old = Store.Keys.Seal.Id;
        await rotation.RotateAsync(Operator, next, Some.Context);
        await NewSecondaryAsync(other, otherPrimary);

        var use = await rotation.ReadAsync(Store.Opened, TestContext.Current.CancellationToken);
        Assert.All(use.Keys, k => Assert.Equal(Convert.ToHexStringLower(next.Id), k.RootKeyId));
        Assert.Equal([new OldSeal(sid, Slot.Secondary, old)], use.OldSeals);
        Assert.Empty(await rotation.RemoveUnusedAsync(Some.Context));

        await Rotation.DeleteSecondaryAsync(Operator, sid, Some.Context);
        Assert.Equal([old], await rotation.RemoveUnusedAsync(Some.Context));
        Assert.Empty((await rotation.ReadAsync(Store.Opened, TestContext.Current.CancellationToken)).OldSeals);
        Assert.Null(Store.Keys.FindSeal(old));
        using var promoted = (await Rotation.PromoteAsync(With(other, otherPrimary), other, Some.Context)).Value!;
        Assert.NotNull(promoted.Token);
        Assert.Equal(
            [AuditAction.SecondaryPromoted, AuditAction.SealKeyRemoved, AuditAction.SecondaryDeleted, AuditAction.SecondaryCreated, AuditAction.KeysRotated],
            (await Store.Accounts.ReadAuditAsync(new(5), TestContext.Current.CancellationToken)).Select(e => e.Entry.Action));
    }

    [Fact]
    public async Task A_recoverable_primary_counts_as_sealed()
    {
        await RestartAsync(recoverable: true);
        var (sid, _) = await NewAccountAsync();
        using var next = RootKey.Generate();
        var rotation = new KeyRotation(Store.Accounts, Store.Keys, Time, recoverable: true);
        await rotation.RotateAsync(Operator, next, Some.Context);

        Assert.Equal([(sid, Slot.Primary)], (await rotation.ReadAsync(Store.Opened, TestContext.Current.CancellationToken)).OldSeals.Select(s => (s.Account, s.Slot)));
        Assert.Empty(await rotation.RemoveUnusedAsync(Some.Context));
    }

    [Fact]
    public async Task No_credential_changes_the_root_key()
    {
        var (sid, primary) = await NewAccountAsync();
        using var next = RootKey.Generate();

        Assert.Equal(ErrorKind.NotPermitted, (await Keys().RotateAsync(With(sid, primary), next, Some.Context)).Error);
        await Store.Opened.DisposeAsync();
        Assert.Throws<StoreException>(() => DatabaseAtRest.Prove(Path.Combine(Store.Directory, "tandem.db"), next));
        Assert.Equal(5, DatabaseAtRest.Prove(Path.Combine(Store.Directory, "tandem.db"), Store.RootKey));
    }

    private KeyRotation Keys() => new(Store.Accounts, Store.Keys, Time, recoverable: false);
}
